#include "compiler/passes/plan.h"

#include <list>
#include <map>
#include <set>

#include "compiler/passes/plan_calls.h"
#include "compiler/passes/plan_exchange.h"
#include "compiler/passes/plan_loop.h"
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

std::vector<int64_t> count_uses(const KernelGraph& kernels) {
  const Graph& graph = kernels.graph;
  std::vector<int64_t> uses(graph.nodes.size(), 0);
  for (const Node& node : graph.nodes)
    for (ValueId input : node.inputs) ++uses[at(input)];
  for (const NamedValue& output : graph.outputs) ++uses[at(output.value)];
  for (const StateWrite& write : graph.writes) ++uses[at(write.value)];
  return uses;
}

class EntryPlanner {
 public:
  EntryPlanner(const Module& module, const KernelGraph& kernels, const Plan& plan, KernelTable& table)
      : module_(module),
        kernels_(kernels),
        graph_(kernels.graph),
        plan_(plan),
        table_(table),
        uses_(count_uses(kernels)),
        calls_(module, kernels, plan, table, storages_, now_) {}

  EntryPlan run() {
    entry_.name = graph_.name;
    entry_.inputs = graph_.inputs;
    for (const NamedValue& output : graph_.outputs) entry_.outputs.push_back({output.name, graph_[output.value].type});
    find_homes();
    prepare_loops();
    for (const Group& group : kernels_.groups) {
      if (group.family == Family::kLoop)
        add_loop(group.roots.front());
      else if (group.family == Family::kExchange)
        add_exchange(group.roots.front());
      else
        add(calls_.call(group));
    }
    for (const Copy& copy : kernels_.copies) add(calls_.copy(copy.value, target_of(copy)));
    KCC_CHECK(buckets_.finished(), "a sum over the ranks that nobody reads");
    storages_.place(entry_);
    for (PlanStep& step : entry_.steps) place(step);
    return std::move(entry_);
  }

 private:
  // Outputs and states have a fixed home; a value whose home is there is written to it directly.
  void find_homes() {
    std::set<std::pair<StateId, int32_t>> copied;
    for (const Copy& copy : kernels_.copies) copied.insert({copy.state, copy.output});
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const int32_t position = static_cast<int32_t>(i);
      if (!copied.count({-1, position})) calls_.set_place(graph_.outputs[i].value, output_ref(position));
    }
    for (const StateWrite& write : graph_.writes)
      if (!copied.count({write.state, -1})) calls_.set_place(write.value, calls_.state_ref(write.state));
    for (const NamedValue& output : graph_.outputs) homed_.insert(calls_.base_of(output.value));
    for (const StateWrite& write : graph_.writes) homed_.insert(calls_.base_of(write.value));
  }

  TensorRef output_ref(int32_t position) const { return {Space::kOutput, position, 0, 0, {}, "", {}}; }

  TensorRef target_of(const Copy& copy) const {
    TensorRef target = copy.state >= 0 ? calls_.state_ref(copy.state) : output_ref(copy.output);
    target.name =
        identifier_of(copy.state >= 0 ? module_.states[at(copy.state)].name : graph_.outputs[at(copy.output)].name);
    return target;
  }

  // Loops take their memory before anything is planned, so that initial carries can be computed where they belong.
  void prepare_loops() {
    for (const Group& group : kernels_.groups) {
      if (group.family != Family::kLoop) continue;
      const ValueId scan = group.roots.front();
      LoopPlanner& loop =
          loops_.try_emplace(scan, module_, kernels_, scan, plan_, table_, storages_, now_, calls_).first->second;
      for (int64_t i = 0; i < graph_[scan].attrs.integer("carries"); ++i) {
        const ValueId initial = graph_[scan].inputs[at(i)];
        const Node& node = graph_[initial];
        const bool own = kernels_.is_root[at(initial)] && node.op != OpKind::kResult && node.op != OpKind::kRankSum &&
                         uses_[at(initial)] == 1;
        if (own && homed_.insert(initial).second)
          calls_.set_place(initial, loop.first_slot(i));
        else
          copied_carries_[scan].push_back(i);
      }
    }
  }

  void add_loop(ValueId scan) {
    LoopPlanner& loop = loops_.at(scan);
    for (int64_t i : copied_carries_[scan]) add(calls_.copy(graph_[scan].inputs[at(i)], loop.first_slot(i)));
    add(loop.run());
  }

  // What a kernel of ours made for this alone is summed in place.
  void add_exchange(ValueId sum) {
    const ValueId summand = graph_[sum].inputs[0];
    const Node& node = graph_[summand];
    const bool own = kernels_.is_root[at(summand)] && node.op != OpKind::kResult && node.op != OpKind::kRankSum &&
                     uses_[at(summand)] == 1;
    const TensorRef source = calls_.ref(summand);
    if (own) calls_.set_place(sum, source);
    const TensorRef target = calls_.ref(sum);
    touch({source, target});
    buckets_.add({source, target}, entry_.steps);
  }

  // Appends a step after what it has to wait for.
  void add(PlanStep step) {
    for (const Exchange::Sum& sum : buckets_.prepare(step, entry_.steps)) touch(sum);
    entry_.steps.push_back(std::move(step));
  }

  // Both are in use.
  void touch(const Exchange::Sum& sum) {
    for (const TensorRef* ref : {&sum.source, &sum.target})
      if (ref->space == Space::kArena) storages_.touch(ref->index, now_);
  }

  void place(KernelCall& call) {
    for (auto* refs : {&call.inputs, &call.outputs})
      for (TensorRef& r : *refs) storages_.move(r);
  }

  void place(PlanStep& step) {
    if (auto* call = std::get_if<KernelCall>(&step)) return place(*call);
    if (auto* loop = std::get_if<Loop>(&step)) {
      for (KernelCall& call : loop->calls) place(call);
      for (KernelCall& call : loop->idle_calls) place(call);
      if (loop->mask) storages_.move(*loop->mask);
    }
    if (auto* exchange = std::get_if<Exchange>(&step)) {
      for (Exchange::Sum& sum : exchange->sums) {
        storages_.move(sum.source);
        storages_.move(sum.target);
      }
    }
  }

  const Module& module_;
  const KernelGraph& kernels_;
  const Graph& graph_;
  const Plan& plan_;
  KernelTable& table_;
  const std::vector<int64_t> uses_;
  Storages storages_;
  int64_t now_ = 0;
  CallPlanner calls_;
  EntryPlan entry_;
  BucketPlanner buckets_;
  std::set<ValueId> homed_;
  std::map<ValueId, LoopPlanner> loops_;
  std::map<ValueId, std::vector<int64_t>> copied_carries_;
};

}  // namespace

Plan make_plan(const Module& module, const std::vector<KernelGraph>& entries, const std::string& name) {
  Plan plan;
  lay_out_states(module, plan);
  KernelTable table(plan, name);
  for (const KernelGraph& kernels : entries) plan.entries.push_back(EntryPlanner(module, kernels, plan, table).run());
  return plan;
}

}  // namespace kcc
