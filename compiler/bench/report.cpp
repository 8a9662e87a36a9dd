#include "compiler/bench/report.h"

#include <fmt/format.h>

#include "compiler/support/file.h"
#include "frontend/json.h"

namespace kcc {
namespace {

std::string quoted(const std::string& text) {
  return json::to_json(json::string_value(text));
}

std::string row_json(const BenchRow& row) {
  return fmt::format(
      "    {{\"entry\": {}, \"phase\": {}, \"call\": {}, \"kernel\": {}, \"family\": {}, \"shape\": {}, "
      "\"schedule\": {}, \"turns\": {}, \"flops\": {}, \"bytes\": {}, \"best\": {}, \"median\": {}, \"share\": {}}}",
      quoted(row.entry), quoted(row.phase), quoted(row.call), quoted(row.kernel), quoted(row.family), quoted(row.shape),
      quoted(row.schedule), row.turns, row.flops, row.bytes, row.best, row.median, row.share);
}

std::string step_json(const BenchStep& step) {
  return fmt::format(
      "    {{\"name\": {}, \"batch_size\": {}, \"best\": {}, \"median\": {}, \"spread\": {}, \"arena_bytes\": {}}}",
      quoted(step.name), step.batch, step.best, step.median, step.spread, step.arena_bytes);
}

std::string machine_json(const MachinePeak& machine) {
  return fmt::format(
      "{{\"cpu\": {}, \"threads\": {}, \"flops\": {}, \"first_cache_rate\": {}, \"second_cache_rate\": {}, "
      "\"last_cache_rate\": {}, \"memory_rate\": {}, \"first_cache_bytes\": {}, \"second_cache_bytes\": {}, "
      "\"last_cache_bytes\": {}}}",
      quoted(machine.cpu), machine.threads, machine.flops, machine.first_cache_rate, machine.second_cache_rate,
      machine.last_cache_rate, machine.memory_rate, machine.first_cache_bytes, machine.second_cache_bytes,
      machine.last_cache_bytes);
}

// Members of an object; a missing one or one of another kind makes `good` false.
class Reader {
 public:
  Reader(const json::Value& value, bool& good) : value_(value), good_(good) {}

  std::string text(const char* key) { return get(key, json::Kind::kString).text; }
  int64_t integer(const char* key) { return get(key, json::Kind::kInteger).integer; }
  double number(const char* key) {
    const json::Value* member = value_.find(key);
    good_ = good_ && member && member->is_number();
    return good_ ? member->number : 0;
  }
  const json::Value& get(const char* key, json::Kind kind) {
    static const json::Value kNothing;
    const json::Value* member = value_.find(key);
    good_ = good_ && member && member->kind == kind;
    return good_ ? *member : kNothing;
  }

 private:
  const json::Value& value_;
  bool& good_;
};

BenchRow read_row(Reader in) {
  BenchRow row;
  row.entry = in.text("entry");
  row.phase = in.text("phase");
  row.call = in.text("call");
  row.kernel = in.text("kernel");
  row.family = in.text("family");
  row.shape = in.text("shape");
  row.schedule = in.text("schedule");
  row.turns = in.integer("turns");
  row.flops = in.number("flops");
  row.bytes = in.number("bytes");
  row.best = in.number("best");
  row.median = in.number("median");
  row.share = in.number("share");
  return row;
}

BenchStep read_step(Reader in) {
  BenchStep step;
  step.name = in.text("name");
  step.batch = in.integer("batch_size");
  step.best = in.number("best");
  step.median = in.number("median");
  step.spread = in.number("spread");
  step.arena_bytes = in.integer("arena_bytes");
  return step;
}

MachinePeak read_machine(Reader in) {
  MachinePeak machine;
  machine.cpu = in.text("cpu");
  machine.threads = static_cast<int>(in.integer("threads"));
  machine.flops = in.number("flops");
  machine.first_cache_rate = in.number("first_cache_rate");
  machine.second_cache_rate = in.number("second_cache_rate");
  machine.last_cache_rate = in.number("last_cache_rate");
  machine.memory_rate = in.number("memory_rate");
  machine.first_cache_bytes = in.integer("first_cache_bytes");
  machine.second_cache_bytes = in.integer("second_cache_bytes");
  machine.last_cache_bytes = in.integer("last_cache_bytes");
  return machine;
}

}  // namespace

const BenchStep* BenchReport::step(const std::string& name) const {
  for (const BenchStep& step : steps)
    if (step.name == name) return &step;
  return nullptr;
}

std::string report_json(const BenchReport& report) {
  std::vector<std::string> rows, steps;
  for (const BenchRow& row : report.rows) rows.push_back(row_json(row));
  for (const BenchStep& step : report.steps) steps.push_back(step_json(step));
  return fmt::format(
      "{{\n  \"kcc\": {},\n  \"model\": {},\n  \"target\": {},\n  \"level\": {},\n  \"batch_size\": {},\n"
      "  \"machine\": {},\n  \"rows\": [\n{}\n  ],\n  \"steps\": [\n{}\n  ]\n}}\n",
      quoted(report.kcc), quoted(report.model), quoted(report.target), report.level, report.batch,
      machine_json(report.machine), fmt::join(rows, ",\n"), fmt::join(steps, ",\n"));
}

std::optional<BenchReport> read_report(const std::string& file, Diagnostics& diagnostics) {
  std::string text;
  if (!read_file(file, &text, diagnostics)) return std::nullopt;
  const std::optional<json::Value> value = json::parse(text, file, diagnostics);
  if (!value) return std::nullopt;
  bool good = true;
  Reader in(*value, good);
  BenchReport report;
  report.kcc = in.text("kcc");
  report.model = in.text("model");
  report.target = in.text("target");
  report.level = in.integer("level");
  report.batch = in.integer("batch_size");
  report.machine = read_machine(Reader(in.get("machine", json::Kind::kObject), good));
  for (const json::Value& row : in.get("rows", json::Kind::kArray).items)
    report.rows.push_back(read_row(Reader(row, good)));
  for (const json::Value& step : in.get("steps", json::Kind::kArray).items)
    report.steps.push_back(read_step(Reader(step, good)));
  if (good) return report;
  diagnostics.error({file}, "is not a report that this kcc bench --json wrote");
  return std::nullopt;
}

}  // namespace kcc
