#include "compiler/bench/join.h"

#include <fmt/format.h>

#include "compiler/bench/call_cost.h"
#include "compiler/bench/phases.h"
#include "frontend/json.h"

namespace kcc {
namespace {

double number(const json::Value& object, const char* key) {
  const json::Value* member = object.find(key);
  return member != nullptr ? member->number : 0;
}

int64_t integer(const json::Value& object, const char* key) {
  const json::Value* member = object.find(key);
  return member != nullptr ? member->integer : 0;
}

// "32x8x8x32"; of a scalar "1"
std::string shape_text(const Shape& shape, int64_t batch) {
  std::string text;
  for (const Dim& dim : shape)
    text += fmt::format("{}{}", text.empty() ? "" : "x", dim.size * (dim.batched ? batch : 1));
  return text.empty() ? "1" : text;
}

}  // namespace

std::optional<ProgramTimes> read_program_times(const std::string& text, Diagnostics& diagnostics) {
  const std::optional<json::Value> value = json::parse(text, "the program's times", diagnostics);
  if (!value) return std::nullopt;
  ProgramTimes times;
  times.batch = integer(*value, "batch_size");
  for (const json::Member& member : value->members) {
    const json::Value* time = member.value.find("time");
    if (time == nullptr) continue;
    times.steps.push_back({member.key, integer(member.value, "batch_size"), number(*time, "best"),
                           number(*time, "median"), number(*time, "spread"), integer(member.value, "arena_bytes")});
  }
  if (const json::Value* calls = value->find("calls")) {
    for (const json::Value& call : calls->items) {
      const json::Value* time = call.find("time");
      if (time == nullptr) continue;
      times.calls.push_back(
          {integer(call, "call"), integer(call, "turns"), number(*time, "best"), number(*time, "median")});
    }
  }
  return times;
}

std::vector<BenchRow> join_rows(const Module& module, const Plan& plan, const std::vector<std::string>& schedules,
                                const ProgramTimes& times, const MachinePeak& machine) {
  std::vector<BenchRow> rows;
  int64_t first = 0;  // the number of the entry's first call
  for (const EntryPlan& entry : plan.entries) {
    const std::vector<const KernelCall*> calls = calls_of(entry);
    const std::vector<Phase> phases = phases_of(entry, module);
    for (const ProgramTimes::Call& time : times.calls) {
      const int64_t at = time.call - first;
      if (at < 0 || at >= static_cast<int64_t>(calls.size())) continue;
      const KernelCall& call = *calls[static_cast<size_t>(at)];
      const auto k = static_cast<size_t>(call.kernel);
      const Kernel& kernel = plan.kernels[k];
      const CallCost cost = cost_of(call, kernel, times.batch);
      const auto turns = static_cast<double>(time.turns);
      BenchRow row;
      row.entry = entry.name;
      if (entry.name == "train") row.phase = name_of(phases[static_cast<size_t>(at)]);
      row.call = call.comment;
      row.kernel = kernel.name;
      row.family = name_of(kernel.family);
      if (!call.outputs.empty()) row.shape = shape_text(call.outputs[0].type.shape, times.batch);
      row.schedule = schedules[k];
      row.turns = time.turns;
      row.flops = cost.flops * turns;
      row.bytes = cost.bytes * turns;
      row.best = time.best;
      row.median = time.median;
      if (time.best > 0) row.share = turns * machine.least_time(cost.flops, cost.bytes) / time.best;
      rows.push_back(std::move(row));
    }
    first += static_cast<int64_t>(calls.size());
  }
  return rows;
}

}  // namespace kcc
