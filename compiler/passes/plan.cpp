#include "compiler/passes/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "compiler/ir/print.h"
#include "compiler/ops/op.h"
#include "compiler/passes/extract_kernel.h"
#include "compiler/passes/plan_memory.h"
#include "compiler/passes/roots.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

void lay_out_states(const Module& module, Plan& plan) {
  for (const State& state : module.states) {
    plan.state_offsets.push_back(plan.state_bytes);
    const int64_t bytes = element_count(state.type.shape).size * size_of(state.type.dtype);
    plan.state_bytes += (bytes + 63) / 64 * 64;
  }
}

// A letter, digit or underscore for each character.
std::string identifier(const std::string& text) {
  std::string result;
  for (char c : text) result += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return result;
}

double bytes_per_sample(const Type& type) {
  return static_cast<double>(element_count(type.shape).size) * static_cast<double>(size_of(type.dtype));
}

// What one entry's calls need to know of each other.
class EntryPlanner {
 public:
  EntryPlanner(const Module& module, const KernelGraph& kernels, Plan& plan, std::map<std::string, int32_t>& known,
               const std::string& name)
      : module_(module), kernels_(kernels), graph_(kernels.graph), plan_(plan), known_(known), name_(name) {}

  EntryPlan run() {
    entry_.name = graph_.name;
    entry_.inputs = graph_.inputs;
    for (const NamedValue& output : graph_.outputs) entry_.outputs.push_back({output.name, graph_[output.value].type});
    find_homes();
    for (const Group& group : kernels_.groups)
      add_call(extract_kernel(kernels_, group), group.outputs, describe(group), label_origin(group));
    for (const Copy& copy : kernels_.copies) add_copy(copy);
    place_in_arena();
    return std::move(entry_);
  }

 private:
  // Outputs and states have a fixed home; a value whose home is there is written to it directly.
  void find_homes() {
    std::set<std::pair<StateId, int32_t>> copied;
    for (const Copy& copy : kernels_.copies) copied.insert({copy.state, copy.output});
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const int32_t position = static_cast<int32_t>(i);
      if (!copied.count({-1, position}))
        home_[base_of(graph_.outputs[i].value)] = {Space::kOutput, position, 0, 0, {}, ""};
    }
    for (const StateWrite& write : graph_.writes)
      if (!copied.count({write.state, -1})) home_[write.value] = state_ref(write.state);
  }

  TensorRef state_ref(StateId state) const { return {Space::kState, state, plan_.state_offsets[at(state)], 0, {}, ""}; }

  ValueId base_of(ValueId v) const {
    while (graph_[v].op == OpKind::kReshape) v = graph_[v].inputs[0];
    return v;
  }

  // Where a value lives, as a kernel that wants it with `type` sees it. Arena offsets are filled in later.
  TensorRef ref(ValueId value) const {
    const ValueId base = base_of(value);
    const Node& node = graph_[base];
    TensorRef place;
    if (node.op == OpKind::kInput)
      place = {Space::kInput, static_cast<int32_t>(node.attrs.integer("index")), 0, 0, {}, ""};
    else if (node.op == OpKind::kState)
      place = state_ref(static_cast<StateId>(node.attrs.integer("index")));
    else if (auto found = home_.find(base); found != home_.end())
      place = found->second;
    else
      place = {Space::kArena, base, 0, 0, {}, ""};
    place.type = graph_[value].type;
    place.name = name_of_value(base);
    return place;
  }

  std::string name_of_value(ValueId base) const {
    const Node& node = graph_[base];
    if (node.op == OpKind::kInput) return identifier(graph_.inputs[at(node.attrs.integer("index"))].name);
    if (node.op == OpKind::kState) return identifier(module_.states[at(node.attrs.integer("index"))].name);
    return fmt::format("{}_{}{}", identifier(layer_of(base)), info(node.op).name, base);
  }

  std::string layer_of(ValueId v) const {
    const int32_t origin = graph_[v].origin;
    return origin < 0 ? "value" : module_.origins[at(origin)].layer;
  }

  int32_t label_origin(const Group& group) const { return graph_[group.roots.front()].origin; }

  // "conv2d (Conv2D): conv, relu"
  std::string describe(const Group& group) const {
    std::string ops;
    std::set<std::string> seen;
    for (ValueId root : group.roots) {
      const std::string op = info(graph_[root].op).name;
      if (seen.insert(op).second) ops += (ops.empty() ? "" : ", ") + op;
    }
    const int32_t origin = label_origin(group);
    if (origin < 0) return ops;
    const Origin& o = module_.origins[at(origin)];
    return o.class_name.empty() ? fmt::format("{}: {}", o.layer, ops)
                                : fmt::format("{} ({}): {}", o.layer, o.class_name, ops);
  }

  int32_t kernel_index(Kernel kernel, const std::string& label) {
    const std::string key = std::string(kcc::name_of(kernel.family)) + "\n" + to_string(kernel.body);
    auto [found, is_new] = known_.try_emplace(key, static_cast<int32_t>(plan_.kernels.size()));
    if (is_new) {
      kernel.name =
          fmt::format("{}_{}_{}_{}", name_, identifier(label), kcc::name_of(kernel.family), plan_.kernels.size());
      plan_.kernels.push_back(std::move(kernel));
    }
    return found->second;
  }

  void add_call(ExtractedKernel extracted, const std::vector<ValueId>& results, std::string comment, int32_t origin) {
    KernelCall call;
    call.comment = std::move(comment);
    call.origin = origin;
    for (ValueId operand : extracted.operands) {
      call.inputs.push_back(ref(operand));
      touch(operand);
    }
    for (ValueId result : results) {
      call.outputs.push_back(ref(result));
      touch(result);
    }
    finish_call(std::move(call), std::move(extracted.kernel), results.empty() ? "copy" : layer_of(results.front()));
  }

  void add_copy(const Copy& copy) {
    ExtractedKernel extracted = extract_copy(kernels_, copy.value);
    KernelCall call;
    call.comment = "copy";
    call.inputs.push_back(ref(copy.value));
    touch(copy.value);
    TensorRef target = copy.state >= 0 ? state_ref(copy.state) : TensorRef{Space::kOutput, copy.output, 0, 0, {}, ""};
    target.type = graph_[copy.value].type;
    target.name = copy.state >= 0 ? identifier(module_.states[at(copy.state)].name)
                                  : identifier(graph_.outputs[at(copy.output)].name);
    call.outputs.push_back(target);
    finish_call(std::move(call), std::move(extracted.kernel), "copy");
  }

  void finish_call(KernelCall call, Kernel kernel, const std::string& label) {
    for (const Node& node : kernel.body.nodes) {
      const OpInfo& op = info(node.op);
      if (op.flops)
        call.flops += op.flops(kernel.body, node) * static_cast<double>(element_count(node.type.shape).size);
    }
    for (const TensorRef& r : call.inputs) call.bytes += bytes_per_sample(r.type);
    for (const TensorRef& r : call.outputs) call.bytes += bytes_per_sample(r.type);
    call.kernel = kernel_index(std::move(kernel), label);
    entry_.calls.push_back(std::move(call));
  }

  // A value lives from the call that writes it to the last that reads it.
  void touch(ValueId value) {
    const ValueId base = base_of(value);
    if (is_given(graph_[base]) || home_.count(base)) return;
    const int64_t now = static_cast<int64_t>(entry_.calls.size());
    auto [found, is_new] = lifetimes_.try_emplace(base, Lifetime{graph_[base].type, now, now});
    if (!is_new) found->second.last = now;
  }

  void place_in_arena() {
    std::vector<Lifetime> values;
    for (const auto& [value, lifetime] : lifetimes_) values.push_back(lifetime);
    const ArenaSize size = plan_memory(values);
    entry_.arena_fixed = size.fixed;
    entry_.arena_batch = size.per_batch;
    const ArenaSize bound = liveness_bound(values);
    entry_.bound_fixed = bound.fixed;
    entry_.bound_batch = bound.per_batch;
    size_t i = 0;
    for (auto& [value, lifetime] : lifetimes_) lifetime = values[i++];
    for (KernelCall& call : entry_.calls) {
      for (auto* refs : {&call.inputs, &call.outputs}) {
        for (TensorRef& r : *refs) {
          if (r.space != Space::kArena) continue;
          const Lifetime& lifetime = lifetimes_.at(r.index);
          r.fixed_offset = lifetime.fixed_offset;
          r.batch_offset = lifetime.batch_offset;
          r.index = 0;
        }
      }
    }
  }

  const Module& module_;
  const KernelGraph& kernels_;
  const Graph& graph_;
  Plan& plan_;
  std::map<std::string, int32_t>& known_;
  const std::string& name_;
  EntryPlan entry_;
  std::map<ValueId, TensorRef> home_;
  std::map<ValueId, Lifetime> lifetimes_;
};

std::string to_string(const TensorRef& r) {
  static constexpr const char* kSpaces[] = {"arena", "state", "input", "output"};
  std::string place = kSpaces[static_cast<int>(r.space)];
  if (r.space == Space::kArena)
    place += fmt::format("[{} + {}*B]", r.fixed_offset, r.batch_offset);
  else
    place += fmt::format("[{}]", r.index);
  return fmt::format("{} {} @ {}", r.name, to_string(r.type), place);
}

}  // namespace

Plan make_plan(const Module& module, const std::vector<KernelGraph>& entries, const std::string& name) {
  Plan plan;
  lay_out_states(module, plan);
  std::map<std::string, int32_t> known;
  for (const KernelGraph& kernels : entries)
    plan.entries.push_back(EntryPlanner(module, kernels, plan, known, name).run());
  return plan;
}

std::string to_string(const Plan& plan) {
  std::string text = fmt::format("plan: {} kernels, {} bytes of state\n", plan.kernels.size(), plan.state_bytes);
  for (const EntryPlan& entry : plan.entries) {
    text += fmt::format("\nentry {}: {} calls, arena {} + {}*B bytes\n", entry.name, entry.calls.size(),
                        entry.arena_fixed, entry.arena_batch);
    for (const KernelCall& call : entry.calls) {
      text += fmt::format("  {}  # {}\n", plan.kernels[at(call.kernel)].name, call.comment);
      for (const TensorRef& r : call.inputs) text += fmt::format("    in  {}\n", to_string(r));
      for (const TensorRef& r : call.outputs) text += fmt::format("    out {}\n", to_string(r));
    }
  }
  for (const Kernel& kernel : plan.kernels)
    text += fmt::format("\nkernel {} ({})\n{}", kernel.name, name_of(kernel.family), to_string(kernel.body));
  return text;
}

std::string memory_report(const Plan& plan) {
  std::string text = fmt::format("states: {} bytes\n", plan.state_bytes);
  for (const EntryPlan& entry : plan.entries) {
    text += fmt::format("{}: arena {} + {} bytes a sample; alive at once {} + {}\n", entry.name, entry.arena_fixed,
                        entry.arena_batch, entry.bound_fixed, entry.bound_batch);
    std::map<std::pair<double, std::string>, std::string> largest;  // by size
    for (const KernelCall& call : entry.calls)
      for (const TensorRef& r : call.outputs)
        if (r.space == Space::kArena) largest[{-bytes_per_sample(r.type), r.name}] = to_string(r);
    int64_t shown = 0;
    for (const auto& [size, line] : largest)
      if (shown++ < 8) text += "  " + line + "\n";
  }
  return text;
}

}  // namespace kcc
