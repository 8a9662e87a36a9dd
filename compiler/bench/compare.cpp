#include "compiler/bench/compare.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <tuple>

#include "compiler/bench/table.h"

namespace kcc {
namespace {

using Key = std::tuple<std::string, std::string, std::string, int>;

std::map<Key, const BenchRow*> rows_by_call(const BenchReport& report) {
  std::map<Key, const BenchRow*> rows;
  for (const BenchRow& row : report.rows) {
    int nth = 0;
    while (!rows.emplace(Key{row.entry, row.call, row.shape, nth}, &row).second) ++nth;
  }
  return rows;
}

bool same_subject(const BenchReport& a, const BenchReport& b, const std::string& file_a, const std::string& file_b,
                  Diagnostics& diagnostics) {
  if (a.model != b.model)
    diagnostics.error({file_b}, fmt::format("is of the model '{}', but '{}' is of '{}'", b.model, file_a, a.model),
                      "compare two reports of one model");
  else if (a.batch != b.batch)
    diagnostics.error({file_b}, fmt::format("has batches of {}, but '{}' has batches of {}", b.batch, file_a, a.batch),
                      "compare reports of one --batch-size");
  return !diagnostics.has_errors();
}

std::string line(const std::string& name, const std::string& shape, double a, double b) {
  return fmt::format("{:<60} {:<20} {:>10} {:>10} {:>8.2f}\n", cut(name, 60), cut(shape, 20), milliseconds(a),
                     milliseconds(b), a / b);
}

// What is not the same of the two beside kcc itself: it may be all that the ratios show.
std::string differences(const BenchReport& a, const BenchReport& b) {
  std::string text;
  const auto note = [&](const char* what, const auto& left, const auto& right) {
    if (left != right) text += fmt::format("note: {}: {} and {}\n", what, left, right);
  };
  note("kcc", a.kcc, b.kcc);
  note("machine", a.machine.cpu, b.machine.cpu);
  note("threads", a.machine.threads, b.machine.threads);
  note("target", a.target, b.target);
  note("-O", a.level, b.level);
  return text;
}

}  // namespace

std::optional<std::string> comparison(const BenchReport& a, const BenchReport& b, const std::string& file_a,
                                      const std::string& file_b, Diagnostics& diagnostics) {
  if (!same_subject(a, b, file_a, file_b, diagnostics)) return std::nullopt;
  std::string text =
      fmt::format("{}, batches of {}: A is {}, B is {}\n{}\n", a.model, a.batch, file_a, file_b, differences(a, b));
  text += fmt::format("{:<60} {:<20} {:>10} {:>10} {:>8}\n", "", "result", "A ms", "B ms", "A/B");
  const auto rows_a = rows_by_call(a), rows_b = rows_by_call(b);
  double logs = 0;
  int64_t matched = 0, only_a = 0, only_b = 0;
  for (const BenchRow& row : a.rows) {
    for (const auto& [key, found] : rows_a) {
      if (found != &row) continue;
      const auto other = rows_b.find(key);
      if (other == rows_b.end() || row.best <= 0 || other->second->best <= 0) {
        ++only_a;
        continue;
      }
      text += line(row.entry + " " + row.call, row.shape, row.best, other->second->best);
      logs += std::log(row.best / other->second->best);
      ++matched;
    }
  }
  for (const auto& [key, row] : rows_b) only_b += rows_a.find(key) == rows_a.end();
  if (matched > 0)
    text += fmt::format("\ngeometric mean of {} calls: B is {:.2f} times as fast as A\n", matched,
                        std::exp(logs / static_cast<double>(matched)));
  if (only_a + only_b > 0) text += fmt::format("{} calls are in A alone, {} in B alone\n", only_a, only_b);
  text += fmt::format("\n{:<81} {:>10} {:>10} {:>8}\n", "whole steps", "A ms", "B ms", "A/B");
  for (const BenchStep& step : a.steps) {
    const BenchStep* other = b.step(step.name);
    if (other == nullptr || step.name.rfind("timed_", 0) == 0 || step.best <= 0 || other->best <= 0) continue;
    text += line(step.name, fmt::format("batch of {}", step.batch), step.best, other->best);
  }
  return text;
}

}  // namespace kcc
