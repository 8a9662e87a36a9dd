#include "compiler/bench/table.h"

#include <fmt/format.h>

namespace kcc {
namespace {

// "conv2d (Conv2D): conv, relu" -> "conv2d: conv, relu"
std::string without_class(const std::string& call) {
  const size_t open = call.find(" ("), close = call.find("): ");
  return open == std::string::npos || close == std::string::npos || close < open
             ? call
             : call.substr(0, open) + call.substr(close + 1);
}

// Three digits that count.
std::string digits(double value) {
  if (value == 0) return "-";
  return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

constexpr const char* kHeader =
    "call                                result               turns        ms GFLOP/s    GB/s  peak  schedule\n";

std::string row_text(const BenchRow& row) {
  return fmt::format("{:<35} {:<20} {:>5} {:>9} {:>7} {:>7} {:>4.0f}%  {}\n", cut(without_class(row.call), 35),
                     cut(row.shape, 20), row.turns, milliseconds(row.best), digits(row.flops / row.best / 1e9),
                     digits(row.bytes / row.best / 1e9), 100 * row.share, cut(row.schedule, 24));
}

struct Sum {
  double seconds = 0, flops = 0, bytes = 0;
};

Sum sum_of(const BenchReport& report, const std::string& entry, const std::string& phase) {
  Sum sum;
  for (const BenchRow& row : report.rows) {
    if (row.entry != entry || (!phase.empty() && row.phase != phase)) continue;
    sum.seconds += row.best;
    sum.flops += row.flops;
    sum.bytes += row.bytes;
  }
  return sum;
}

std::string sum_text(const std::string& name, const Sum& sum) {
  if (sum.seconds == 0) return "";
  return fmt::format("{:<35} {:<20} {:>5} {:>9} {:>7} {:>7}\n", name, "", "", milliseconds(sum.seconds),
                     digits(sum.flops / sum.seconds / 1e9), digits(sum.bytes / sum.seconds / 1e9));
}

std::string rows_text(const BenchReport& report, const std::string& entry) {
  std::string text = kHeader;
  std::string phase;
  for (const char* wanted : {"forward", "backward", "update", ""}) {
    bool headed = *wanted == '\0';
    for (const BenchRow& row : report.rows) {
      if (row.entry != entry || row.phase != wanted) continue;
      if (!headed) text += "\n" + sum_text(wanted, sum_of(report, entry, wanted));
      headed = true;
      text += row_text(row);
    }
  }
  return text;
}

std::string step_text(const BenchReport& report, const char* name, const char* label) {
  const BenchStep* step = report.step(name);
  if (step == nullptr) return "";
  return fmt::format("{:<45} {:>9} {:>9} {:>7.0f}% {:>13.0f}\n", label, milliseconds(step->best),
                     milliseconds(step->median), 100 * step->spread, static_cast<double>(step->batch) / step->median);
}

std::string machine_text(const MachinePeak& m) {
  return fmt::format(
      "{}, {} thread{}: {:.0f} GFLOP/s of multiply-adds; copies at {:.0f} GB/s in the first\n"
      "cache, {:.0f} in the second, {:.0f} in the last, {:.0f} in memory\n",
      m.cpu, m.threads, m.threads == 1 ? "" : "s", m.flops / 1e9, m.first_cache_rate / 1e9, m.second_cache_rate / 1e9,
      m.last_cache_rate / 1e9, m.memory_rate / 1e9);
}

}  // namespace

std::string cut(const std::string& text, size_t width) {
  return text.size() <= width ? text : text.substr(0, width - 3) + "...";
}

std::string milliseconds(double seconds) {
  return fmt::format("{:.{}f}", 1e3 * seconds, seconds < 1e-6 ? 5 : seconds < 1e-2 ? 4 : seconds < 1 ? 3 : 1);
}

std::string bench_table(const BenchReport& report) {
  const bool trains = report.step("train") != nullptr;
  const std::string entry = trains ? "train" : "predict", timed = "timed_" + entry;
  std::string text = fmt::format("{}: {} on a batch of {}, best times\n\n", report.model,
                                 trains ? "training" : "predicting", report.batch);
  text += rows_text(report, entry);
  text += fmt::format("\n{:<45} {:>9} {:>9} {:>8} {:>13}\n", "", "best ms", "median ms", "spread", "samples/s");
  text += fmt::format("{:<45} {:>9}\n", "all calls of that step", milliseconds(sum_of(report, entry, "").seconds));
  text += step_text(report, timed.c_str(), "the step with clocks around its calls");
  text += step_text(report, entry.c_str(), "the step");
  if (trains) {
    text += step_text(report, "evaluate", "evaluate a batch");
    text += step_text(report, "predict", "predict a batch");
  }
  text += step_text(report, "predict_one", "predict one sample");
  return text + "\n" + machine_text(report.machine);
}

}  // namespace kcc
