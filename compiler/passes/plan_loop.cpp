#include "compiler/passes/plan_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/passes/eliminate_dead.h"
#include "compiler/passes/idle_body.h"
#include "compiler/passes/join_concats.h"
#include "compiler/passes/join_gates.h"

namespace kcc {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

// A fixed number of bytes, and bytes a sample.
Stride bytes_of(const Type& type) {
  const Dim count = element_count(type.shape);
  const int64_t bytes = count.size * size_of(type.dtype);
  return count.batched ? Stride{0, bytes} : Stride{bytes, 0};
}

void advance(TensorRef& ref, const Stride& stride, int64_t steps) {
  ref.fixed_offset += stride.fixed * steps;
  ref.batch_offset += stride.batch * steps;
}

}  // namespace

LoopPlanner::LoopPlanner(const Module& module, const KernelGraph& outer_kernels, ValueId scan, const Plan& plan,
                         KernelTable& table, Storages& storages, int64_t& now, CallPlanner& outer)
    : module_(module),
      graph_(outer_kernels.graph),
      scan_(scan),
      node_(graph_[scan]),
      layout_(layout_of(node_)),
      plan_(plan),
      table_(table),
      storages_(storages),
      now_(now),
      outer_(outer),
      layer_(identifier_of(outer.layer_of(scan))),
      whole_(at(layout_.carries), false) {
  std::vector<ValueId> results;
  for (ValueId v = 0; v < graph_.size(); ++v)
    if (graph_[v].op == OpKind::kResult && graph_[v].inputs[0] == scan) results.push_back(v);
  for (ValueId v : results) {
    const int64_t r = graph_[v].attrs.integer("index");
    if (r >= layout_.carries && r < layout_.stack(0)) whole_[at(r % layout_.carries)] = true;
  }
  for (int64_t i = 0; i < layout_.carries; ++i)
    rings_.push_back(storages.add(stacked_type(result_type(node_, i), is_whole(i) ? layout_.steps + 1 : 2)));
  for (int64_t p = 0; p < layout_.stacked; ++p) stacks_.push_back(storages.add(result_type(node_, layout_.stack(p))));
  for (ValueId v : results) {
    const int64_t r = graph_[v].attrs.integer("index");
    const int64_t later = layout_.reverse ? 0 : 1, i = r % std::max<int64_t>(1, layout_.carries);
    TensorRef place;
    if (r < layout_.carries)
      place = slot(i, layout_.reverse ? 0 : layout_.steps);
    else if (r < layout_.after(0))
      place = slot(i, 1 - later);
    else if (r < layout_.stack(0))
      place = slot(i, later);
    else
      place = stack_ref(r - layout_.stack(0));
    outer_.set_place(v, place);
  }
}

// Slot k holds the carry before step k; a loop that runs backwards fills them from the last to the first.
TensorRef LoopPlanner::slot(int64_t i, int64_t number) const {
  TensorRef ref{Space::kArena, rings_[at(i)], 0, 0, {}, fmt::format("{}_carry{}", layer_, i), {}};
  advance(ref, bytes_of(result_type(node_, i)), is_whole(i) ? number : number % 2);
  return ref;
}

TensorRef LoopPlanner::first_slot(int64_t i) const {
  return slot(i, layout_.reverse ? layout_.steps : 0);
}

TensorRef LoopPlanner::carry_ref(int64_t i, bool next) const {
  const int64_t number = next == layout_.reverse ? 0 : 1;
  TensorRef ref = slot(i, is_whole(i) ? number : 0);
  ref.stride = bytes_of(result_type(node_, i));
  if (!is_whole(i)) ref.stride.ring = 2, ref.stride.shift = static_cast<int32_t>(number);
  if (next) ref.name += "_next";
  ref.type = result_type(node_, i);
  return ref;
}

TensorRef LoopPlanner::stack_ref(int64_t p) const {
  return {Space::kArena, stacks_[at(p)], 0, 0, {}, fmt::format("{}_step{}", layer_, p), {}};
}

// One step's part of a whole.
TensorRef LoopPlanner::moving(TensorRef whole, const Type& step) const {
  whole.stride = bytes_of(step);
  whole.type = step;
  return whole;
}

TensorRef LoopPlanner::input_ref(int64_t position) {
  if (position < layout_.carries) return carry_ref(position, false);
  const TensorRef operand = outer_.ref(node_.inputs[at(position)]);
  return position < layout_.invariant(0) ? moving(operand, step_type(operand.type)) : operand;
}

TensorRef LoopPlanner::output_ref(int64_t output) const {
  if (output < layout_.carries) return carry_ref(output, true);
  const int64_t p = output - layout_.carries;
  return moving(stack_ref(p), step_type(result_type(node_, layout_.stack(p))));
}

// `outputs`: which output of the loop each output of `body` is.
std::vector<KernelCall> LoopPlanner::plan_body(const Graph& body, const std::vector<int64_t>& outputs) {
  const KernelGraph kernels = join_gates(join_concats(fuse(body, Calls::kShort)));
  const Graph& graph = kernels.graph;
  CallPlanner planner(module_, kernels, plan_, table_, storages_, now_);
  for (ValueId v = 0; v < graph.size(); ++v)
    if (graph[v].op == OpKind::kInput) planner.set_place(v, input_ref(graph[v].attrs.integer("index")));
  std::set<int32_t> copied;
  for (const Copy& copy : kernels.copies) copied.insert(copy.output);
  for (size_t i = 0; i < outputs.size(); ++i)
    if (!copied.count(static_cast<int32_t>(i))) planner.set_place(graph.outputs[i].value, output_ref(outputs[i]));
  std::vector<KernelCall> calls;
  for (const Group& group : kernels.groups) calls.push_back(planner.call(group));
  for (const Copy& copy : kernels.copies)
    calls.push_back(planner.copy(copy.value, output_ref(outputs[at(copy.output)])));
  return calls;
}

std::vector<KernelCall> LoopPlanner::idle_calls() {
  Graph idle = idle_body(node_);
  const std::vector<bool> needed = stacked_when_idle(graph_, scan_);
  std::vector<NamedValue> kept;
  std::vector<int64_t> outputs;
  for (int64_t i = 0; i < static_cast<int64_t>(idle.outputs.size()); ++i) {
    if (i >= layout_.carries && !needed[at(i - layout_.carries)]) continue;
    kept.push_back(idle.outputs[at(i)]);
    outputs.push_back(i);
  }
  idle.outputs = kept;
  return plan_body(eliminate_dead(idle), outputs);
}

Loop LoopPlanner::run() {
  Loop loop;
  loop.steps = layout_.steps;
  loop.reverse = layout_.reverse;
  loop.comment = outer_.label(node_.origin);
  const int64_t begin = now_;
  std::vector<int64_t> outputs;
  for (size_t i = 0; i < node_.body->outputs.size(); ++i) outputs.push_back(static_cast<int64_t>(i));
  loop.calls = plan_body(*node_.body, outputs);
  if (layout_.mask >= 0) {
    loop.mask = input_ref(layout_.sequence(layout_.mask));
    loop.idle_calls = idle_calls();
  }
  // What a step reads of earlier steps or of before the loop must last for all of them.
  std::set<int32_t> lasting(rings_.begin(), rings_.end());
  lasting.insert(stacks_.begin(), stacks_.end());
  for (int64_t i = layout_.carries; i < static_cast<int64_t>(node_.inputs.size()); ++i)
    if (const TensorRef operand = outer_.ref(node_.inputs[at(i)]); operand.space == Space::kArena)
      lasting.insert(operand.index);
  for (int32_t storage : lasting) {
    storages_.touch(storage, begin);
    storages_.touch(storage, std::max(begin, now_ - 1));
  }
  return loop;
}

}  // namespace kcc
