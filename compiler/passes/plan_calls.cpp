#include "compiler/passes/plan_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/ir/print.h"
#include "compiler/ops/op.h"

namespace kcc {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

}  // namespace

std::string identifier_of(const std::string& text) {
  std::string result;
  for (char c : text) result += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return result;
}

double bytes_per_sample(const Type& type) {
  return static_cast<double>(element_count(type.shape).size) * static_cast<double>(size_of(type.dtype));
}

int32_t KernelTable::index(Kernel kernel, const std::string& label) {
  const std::string key = std::string(kcc::name_of(kernel.family)) + "\n" + to_string(kernel.body);
  auto [found, is_new] = known_.try_emplace(key, static_cast<int32_t>(plan_.kernels.size()));
  if (is_new) {
    kernel.name =
        fmt::format("{}_{}_{}_{}", name_, identifier_of(label), kcc::name_of(kernel.family), plan_.kernels.size());
    plan_.kernels.push_back(std::move(kernel));
  }
  return found->second;
}

int32_t Storages::add(const Type& type) {
  lifetimes_.push_back({type, -1, -1});
  return static_cast<int32_t>(lifetimes_.size()) - 1;
}

void Storages::touch(int32_t storage, int64_t call) {
  Lifetime& lifetime = lifetimes_[at(storage)];
  lifetime.first = lifetime.first < 0 ? call : std::min(lifetime.first, call);
  lifetime.last = std::max(lifetime.last, call);
}

void Storages::place(EntryPlan& entry) {
  const ArenaSize size = plan_memory(lifetimes_);
  entry.arena_fixed = size.fixed;
  entry.arena_batch = size.per_batch;
  const ArenaSize bound = liveness_bound(lifetimes_);
  entry.bound_fixed = bound.fixed;
  entry.bound_batch = bound.per_batch;
}

void Storages::move(TensorRef& ref) const {
  if (ref.space != Space::kArena) return;
  const Lifetime& lifetime = lifetimes_[at(ref.index)];
  ref.fixed_offset += lifetime.fixed_offset;
  ref.batch_offset += lifetime.batch_offset;
  ref.index = 0;
}

ValueId CallPlanner::base_of(ValueId value) const {
  while (graph_[value].op == OpKind::kReshape) value = graph_[value].inputs[0];
  return value;
}

TensorRef CallPlanner::state_ref(StateId state) const {
  return {Space::kState, state, plan_.state_offsets[at(state)], 0, {}, "", {}};
}

TensorRef CallPlanner::ref(ValueId value) {
  const ValueId base = base_of(value);
  const Node& node = graph_[base];
  TensorRef place;
  if (auto found = places_.find(base); found != places_.end())
    place = found->second;
  else if (node.op == OpKind::kInput)
    place = {Space::kInput, static_cast<int32_t>(node.attrs.integer("index")), 0, 0, {}, "", {}};
  else if (node.op == OpKind::kState)
    place = state_ref(static_cast<StateId>(node.attrs.integer("index")));
  else
    place = places_[base] = {Space::kArena, storages_.add(node.type), 0, 0, {}, "", {}};
  place.type = graph_[value].type;
  if (place.name.empty()) place.name = name_of_value(base);
  return place;
}

std::string CallPlanner::name_of_value(ValueId base) const {
  const Node& node = graph_[base];
  if (node.op == OpKind::kInput) return identifier_of(graph_.inputs[at(node.attrs.integer("index"))].name);
  if (node.op == OpKind::kState) return identifier_of(module_.states[at(node.attrs.integer("index"))].name);
  return fmt::format("{}_{}{}", identifier_of(layer_of(base)), info(node.op).name, base);
}

std::string CallPlanner::layer_of(ValueId value) const {
  const int32_t origin = graph_[value].origin;
  return origin < 0 ? "value" : module_.origins[at(origin)].layer;
}

std::string CallPlanner::label(int32_t origin) const {
  if (origin < 0) return "";
  const Origin& o = module_.origins[at(origin)];
  return o.class_name.empty() ? o.layer : fmt::format("{} ({})", o.layer, o.class_name);
}

// "conv2d (Conv2D): conv, relu"
std::string CallPlanner::describe(const Group& group) const {
  std::string ops;
  std::set<std::string> seen;
  for (ValueId root : group.roots) {
    const std::string op = info(graph_[root].op).name;
    if (seen.insert(op).second) ops += (ops.empty() ? "" : ", ") + op;
  }
  const std::string layer = label(graph_[group.roots.front()].origin);
  return layer.empty() ? ops : layer + ": " + ops;
}

KernelCall CallPlanner::call(const Group& group) {
  ExtractedKernel extracted = extract_kernel(kernels_, group);
  KernelCall call;
  call.comment = describe(group);
  call.origin = graph_[group.roots.front()].origin;
  for (ValueId operand : extracted.operands) call.inputs.push_back(ref(operand));
  for (ValueId result : group.outputs) call.outputs.push_back(ref(result));
  const std::string name = group.outputs.empty() ? "copy" : layer_of(group.outputs.front());
  return finish(std::move(call), std::move(extracted.kernel), name);
}

KernelCall CallPlanner::copy(ValueId value, TensorRef target) {
  ExtractedKernel extracted = extract_copy(kernels_, value);
  KernelCall call;
  call.comment = "copy";
  call.inputs.push_back(ref(value));
  target.type = graph_[value].type;
  call.outputs.push_back(std::move(target));
  return finish(std::move(call), std::move(extracted.kernel), "copy");
}

KernelCall CallPlanner::finish(KernelCall call, Kernel kernel, const std::string& label) {
  for (const Node& node : kernel.body.nodes) {
    const OpInfo& op = info(node.op);
    if (op.flops) call.flops += op.flops(kernel.body, node) * static_cast<double>(element_count(node.type.shape).size);
  }
  for (const std::vector<TensorRef>* refs : {&call.inputs, &call.outputs}) {
    for (const TensorRef& r : *refs) {
      call.bytes += bytes_per_sample(r.type);
      if (r.space == Space::kArena) storages_.touch(r.index, now_);
    }
  }
  call.kernel = table_.index(std::move(kernel), label);
  ++now_;
  return call;
}

}  // namespace kcc
