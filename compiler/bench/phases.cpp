#include "compiler/bench/phases.h"

#include <algorithm>
#include <cstdint>

namespace kcc {
namespace {

constexpr int64_t kBatch = 64;  // any: what overlaps at one does so at others

// Bytes [begin, end) of the arena or the states. Inputs and outputs are not written and read in one step.
struct Range {
  Space space;
  int64_t begin, end;

  bool overlaps(const Range& other) const { return space == other.space && begin < other.end && other.begin < end; }
  bool covers(const Range& other) const { return space == other.space && begin <= other.begin && other.end <= end; }
};

// Calls that are of one phase: one call, or those of a loop.
struct Unit {
  size_t calls = 0;
  bool writes_state = false, writes_metric = false;
  std::vector<Range> reads, writes;
};

int64_t bytes_of(const Type& type) {
  const Dim count = element_count(type.shape);
  return count.size * (count.batched ? kBatch : 1) * size_of(type.dtype);
}

Range range_of(const TensorRef& ref, int64_t steps) {
  const int64_t slots = ref.stride.ring > 0 ? ref.stride.ring : steps;
  const int64_t stride = ref.stride.fixed + ref.stride.batch * kBatch;
  const int64_t begin = ref.fixed_offset + ref.batch_offset * kBatch;
  return {ref.space, begin, begin + bytes_of(ref.type) + stride * (slots - 1)};
}

bool is_memory(const TensorRef& ref) {
  return ref.space == Space::kArena || ref.space == Space::kState;
}

void add(Unit& unit, const KernelCall& call, int64_t steps, const Module& module) {
  ++unit.calls;
  for (const TensorRef& ref : call.inputs)
    if (is_memory(ref)) unit.reads.push_back(range_of(ref, steps));
  for (const TensorRef& ref : call.outputs) {
    if (!is_memory(ref)) continue;
    unit.writes.push_back(range_of(ref, steps));
    if (ref.space != Space::kState) continue;
    unit.writes_state = true;
    if (module.states[static_cast<size_t>(ref.index)].role == StateRole::kMetric) unit.writes_metric = true;
  }
}

std::vector<Unit> units_of(const EntryPlan& entry, const Module& module) {
  std::vector<Unit> units;
  for (const PlanStep& step : entry.steps) {
    Unit unit;
    if (const auto* call = std::get_if<KernelCall>(&step)) add(unit, *call, 1, module);
    if (const auto* loop = std::get_if<Loop>(&step)) {
      for (const std::vector<KernelCall>* calls : {&loop->calls, &loop->idle_calls})
        for (const KernelCall& call : *calls) add(unit, call, loop->steps, module);
      if (loop->mask && is_memory(*loop->mask)) unit.reads.push_back(range_of(*loop->mask, loop->steps));
    }
    units.push_back(std::move(unit));
  }
  return units;
}

// Marks the units whose results this one reads, and those that they read from.
void mark_sources(const std::vector<Unit>& units, size_t reader, std::vector<bool>& marked) {
  for (const Range& read : units[reader].reads) {
    for (size_t u = reader; u-- > 0;) {
      const auto& writes = units[u].writes;
      if (std::none_of(writes.begin(), writes.end(), [&](const Range& w) { return w.overlaps(read); })) continue;
      if (!marked[u]) {
        marked[u] = true;
        mark_sources(units, u, marked);
      }
      if (std::any_of(writes.begin(), writes.end(), [&](const Range& w) { return w.covers(read); })) break;
    }
  }
}

}  // namespace

const char* name_of(Phase phase) {
  static constexpr const char* kNames[] = {"forward", "backward", "update"};
  return kNames[static_cast<int>(phase)];
}

std::vector<Phase> phases_of(const EntryPlan& entry, const Module& module) {
  const std::vector<Unit> units = units_of(entry, module);
  std::vector<bool> forward(units.size());
  for (size_t u = 0; u < units.size(); ++u)
    if (units[u].writes_metric) mark_sources(units, u, forward);
  std::vector<Phase> phases;
  for (size_t u = 0; u < units.size(); ++u) {
    const Phase other = units[u].writes_state ? Phase::kUpdate : Phase::kBackward;
    phases.insert(phases.end(), units[u].calls, forward[u] ? Phase::kForward : other);
  }
  return phases;
}

}  // namespace kcc
