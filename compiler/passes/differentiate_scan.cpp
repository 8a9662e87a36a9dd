#include "compiler/passes/differentiate_scan.h"

#include <algorithm>
#include <set>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/op.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/scan.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/differentiate.h"
#include "compiler/passes/step_sum.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

// Both directions of one step as one graph: the forward body, then its gradient.
struct TwoWayStep {
  Graph graph;
  ValueId forward = 0;                           // values below this are the forward body's own
  std::vector<ValueId> inputs;                   // nodes of the forward body's inputs, or -1
  std::map<int64_t, ValueId> carry_gradients;    // given, by carry
  std::map<int64_t, ValueId> result_gradients;   // given, by result: one step's part of it
  std::map<int64_t, ValueId> next;               // the gradient of carry i that the step leaves
  std::map<int64_t, ValueId> operand_gradients;  // of sequences and invariants, by operand
};

std::vector<ValueId> input_nodes(const Graph& body) {
  std::vector<ValueId> nodes(body.inputs.size(), -1);
  for (ValueId v = 0; v < body.size(); ++v)
    if (body[v].op == OpKind::kInput) nodes[at(body[v].attrs.integer("index"))] = v;
  return nodes;
}

// The body's inputs that gradients flow to: those that are asked for, and carries that depend on them in any step.
std::vector<bool> active_inputs(const Graph& body, const ScanLayout& layout, const std::vector<ValueId>& inputs,
                                const std::function<bool(int i)>& needs) {
  std::vector<bool> active(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i)
    active[i] = inputs[i] >= 0 && needs(static_cast<int>(i)) && body.inputs[i].type.dtype == DType::kF32;
  for (bool changed = true; changed;) {
    changed = false;
    std::vector<ValueId> sources;
    for (size_t i = 0; i < inputs.size(); ++i)
      if (active[i]) sources.push_back(inputs[i]);
    const std::vector<bool> depends = differentiable_dependents(body, sources);
    for (size_t c = 0; c < at(layout.carries); ++c) {
      if (active[c] || inputs[c] < 0 || body.inputs[c].type.dtype != DType::kF32) continue;
      if (depends[at(body.outputs[c].value)]) active[c] = changed = true;
    }
  }
  return active;
}

TwoWayStep two_way_step(const Node& scan, const ResultGradients& gradients, const std::vector<bool>& active) {
  const ScanLayout layout = layout_of(scan);
  TwoWayStep step;
  step.graph = *scan.body;
  step.graph.outputs.clear();
  step.forward = step.graph.size();
  step.inputs = input_nodes(step.graph);
  const std::vector<NamedValue>& outputs = scan.body->outputs;
  Builder b{step.graph, scan.origin};
  std::vector<Cotangent> cotangents;
  const auto given = [&](const Type& type) { return input(b, "g", type); };
  const auto result_gradient = [&](int64_t r) {
    auto found = gradients.find(r);
    return found == gradients.end() ? -1 : step.result_gradients[r] = given(step_type(result_type(scan, r)));
  };
  for (int64_t c = 0; c < layout.carries; ++c) {
    if (!active[at(c)]) continue;
    step.carry_gradients[c] = given(scan.body->inputs[at(c)].type);
    cotangents.push_back({outputs[at(c)].value, step.carry_gradients[c]});
    if (ValueId g = result_gradient(layout.after(c)); g >= 0) cotangents.push_back({outputs[at(c)].value, g});
  }
  for (int64_t p = 0; p < layout.stacked; ++p)
    if (ValueId g = result_gradient(layout.stack(p)); g >= 0)
      cotangents.push_back({outputs[at(layout.carries + p)].value, g});
  std::vector<ValueId> sources;
  for (size_t i = 0; i < active.size(); ++i)
    if (active[i]) sources.push_back(step.inputs[i]);
  const std::vector<ValueId> found = differentiate(step.graph, cotangents, sources);
  size_t next = 0;
  for (int64_t i = 0; i < static_cast<int64_t>(active.size()); ++i) {
    if (!active[at(i)]) continue;
    ValueId g = found[next++];
    if (i >= layout.carries) {
      step.operand_gradients[i] = g;
      continue;
    }
    if (ValueId extra = result_gradient(layout.before(i)); extra >= 0) g = kcc::add(b, g, extra);
    step.next[i] = g;
  }
  return step;
}

// Makes the backward loop out of a TwoWayStep.
class BackwardLoop {
 public:
  BackwardLoop(Builder& b, ValueId scan, const ResultGradients& gradients, TwoWayStep step)
      : b_(b),
        scan_(scan),
        node_(b.graph[scan]),
        layout_(layout_of(node_)),
        given_(gradients),
        step_(std::move(step)) {}

  void run(const std::function<void(int i, ValueId g)>& add) {
    plan_outputs();
    find_needed();
    stack_more();
    const ValueId loop = make_loop();
    size_t position = 0;
    for (const auto& [carry, next] : step_.next) {
      add(static_cast<int>(carry), final_carry(b_, loop, static_cast<int64_t>(position++)));
    }
    for (size_t s = 0; s < sequence_outputs_.size(); ++s)
      add(static_cast<int>(sequence_outputs_[s].first), stacked_output(b_, loop, static_cast<int64_t>(s)));
    const auto stacked = [&](ValueId value) { return stack_of(value, loop); };
    for (const auto& [operand, terms] : sums_)
      for (const ValueId term : terms) add(static_cast<int>(operand), sum_over_steps(b_, step_.graph, term, stacked));
    for (size_t a = 0; a < accumulated_.size(); ++a)
      add(static_cast<int>(accumulated_[a].first), final_carry(b_, loop, static_cast<int64_t>(position + a)));
  }

 private:
  // ---- what the backward loop gives

  void plan_outputs() {
    for (const auto& [operand, gradient] : step_.operand_gradients) {
      if (operand < layout_.invariant(0)) {
        sequence_outputs_.emplace_back(operand, gradient);
        continue;
      }
      for (ValueId term : terms_of(step_.graph, gradient)) plan_term(operand, term);
    }
  }

  void plan_term(int64_t operand, ValueId term) {
    std::vector<ValueId> factors;
    if (!find_step_factors(step_.graph, term, &factors)) {
      accumulated_.emplace_back(operand, term);
      return;
    }
    sums_[operand].push_back(term);
    for (ValueId factor : factors) {
      if (factor < step_.forward)
        needed_stacks_.insert(factor);
      else if (std::find(factors_.begin(), factors_.end(), factor) == factors_.end())
        factors_.push_back(factor);
    }
  }

  std::vector<ValueId> outputs() const {
    std::vector<ValueId> values;
    for (const auto& [carry, next] : step_.next) values.push_back(next);
    for (const auto& [operand, term] : accumulated_) values.push_back(term);
    for (const auto& [operand, gradient] : sequence_outputs_) values.push_back(gradient);
    values.insert(values.end(), factors_.begin(), factors_.end());
    return values;
  }

  // ---- what it needs of the forward loop

  // Computing the value again costs less than storing it. A part of what the step computes is stored as it is, so that
  // the whole need not be.
  bool is_cheap(const Node& node) const {
    const OpInfo& op = info(node.op);
    if (node.op == OpKind::kSlice && step_.graph[node.inputs[0]].op != OpKind::kInput) return false;
    return op.cheap && (op.category == OpCategory::kElementwise || op.category == OpCategory::kMovement ||
                        op.category == OpCategory::kLeaf);
  }

  // Values that lie in memory as stacks without any further ado: by the forward loop's result, or -1.
  int64_t known_result(ValueId v) const {
    const std::vector<NamedValue>& outputs = node_.body->outputs;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].value != v) continue;
      const int64_t k = static_cast<int64_t>(i);
      return k < layout_.carries ? layout_.after(k) : layout_.stack(k - layout_.carries);
    }
    return -1;
  }

  void find_needed() {
    std::vector<ValueId> stack = outputs();
    while (!stack.empty()) {
      const ValueId v = stack.back();
      stack.pop_back();
      if (!needed_.insert(v).second) continue;
      const Node& node = step_.graph[v];
      const bool stacked = needed_stacks_.count(v) != 0 || known_result(v) >= 0;
      if (v < step_.forward && node.op != OpKind::kInput && (stacked || !is_cheap(node))) {
        needed_stacks_.insert(v);
        continue;
      }
      stack.insert(stack.end(), node.inputs.begin(), node.inputs.end());
    }
  }

  bool is_input(ValueId v) const { return step_.graph[v].op == OpKind::kInput; }

  // The forward loop stacks what is needed and not stacked yet.
  void stack_more() {
    Graph body = *node_.body;
    for (ValueId v : needed_stacks_) {
      if (is_input(v)) continue;
      int64_t result = known_result(v);
      if (result < 0) {
        result = layout_.stack(static_cast<int64_t>(body.outputs.size()) - layout_.carries);
        body.outputs.push_back({"saved" + std::to_string(v), v});
      }
      results_[v] = result;
    }
    b_.graph.nodes[at(scan_)].body = std::make_shared<const Graph>(std::move(body));
  }

  // The stack (steps, ...) of a value of the step, in the outer graph.
  ValueId stack_of(ValueId v, ValueId loop) {
    if (v >= step_.forward) {
      const auto found = std::find(factors_.begin(), factors_.end(), v);
      const int64_t p = static_cast<int64_t>(sequence_outputs_.size()) + (found - factors_.begin());
      return stacked_output(b_, loop, p);
    }
    return forward_stack(v);
  }

  ValueId forward_stack(ValueId v) {
    const Node& node = step_.graph[v];
    if (node.op != OpKind::kInput) return scan_result(b_, scan_, results_.at(v));
    const int64_t i = node.attrs.integer("index");
    if (i < layout_.carries) return carries_before(b_, scan_, i);
    const ValueId operand = node_.inputs[at(i)];
    if (i < layout_.invariant(0)) return operand;
    Shape shape = b_.shape(operand);  // a factor that is the same in every step
    std::vector<int64_t> dims;
    for (size_t d = 0; d < shape.size(); ++d) dims.push_back(static_cast<int64_t>(d) + 1);
    shape.insert(shape.begin(), Dim{layout_.steps, false});
    return broadcast_in_dims(b_, operand, shape, dims);
  }

  // ---- the loop

  ValueId zeros(const Type& type) { return broadcast_to(b_, constant(b_, 0.0, type.dtype), Shape(type.shape)); }

  ValueId make_loop() {
    ScanOperands operands;
    operands.steps = layout_.steps;
    operands.reverse = !layout_.reverse;
    Graph body;
    body.name = "step_gradient";
    Builder inner{body};
    std::map<ValueId, ValueId> renamed;
    const auto declare = [&](ValueId value, const char* name) {
      renamed[value] = input(inner, name + std::to_string(body.inputs.size()), step_.graph[value].type);
    };
    // carries
    for (const auto& [carry, next] : step_.next) {
      auto given = given_.find(carry);
      operands.carries.push_back(given == given_.end() ? zeros(step_.graph[next].type) : given->second);
      declare(step_.carry_gradients.at(carry), "d");
    }
    std::vector<ValueId> sums;
    for (const auto& [operand, term] : accumulated_) {
      operands.carries.push_back(zeros(step_.graph[term].type));
      sums.push_back(input(inner, "sum" + std::to_string(body.inputs.size()), step_.graph[term].type));
    }
    // sequences
    for (const auto& [result, gradient] : step_.result_gradients) {
      operands.sequences.push_back(given_.at(result));
      declare(gradient, "g");
    }
    const ValueId mask = layout_.mask < 0 ? -1 : step_.inputs[at(layout_.sequence(layout_.mask))];
    if (mask >= 0) needed_.insert(mask);
    std::vector<ValueId> invariants;
    for (ValueId v : needed_) {
      if (v >= step_.forward) break;
      const bool invariant = is_input(v) && step_.graph[v].attrs.integer("index") >= layout_.invariant(0);
      if (invariant) invariants.push_back(v);
      if (invariant || (!is_input(v) && !results_.count(v))) continue;
      if (v == mask) operands.mask = static_cast<int64_t>(operands.sequences.size());
      operands.sequences.push_back(forward_stack(v));
      declare(v, "x");
    }
    for (ValueId v : invariants) {
      operands.invariants.push_back(node_.inputs[at(step_.graph[v].attrs.integer("index"))]);
      declare(v, "w");
    }
    // the step
    for (ValueId v : needed_) {
      if (renamed.count(v)) continue;
      Node node = step_.graph[v];
      for (ValueId& operand : node.inputs) operand = renamed.at(operand);
      renamed[v] = body.add(std::move(node));
    }
    size_t sum = 0;
    const size_t first_sum = step_.next.size();
    for (ValueId v : outputs()) {
      ValueId value = renamed.at(v);
      const size_t k = body.outputs.size();
      if (k >= first_sum && sum < sums.size()) value = kcc::add(inner, sums[sum++], value);
      body.outputs.push_back({"r" + std::to_string(k), value});
    }
    return kcc::scan(b_, operands, std::move(body));
  }

  Builder& b_;
  const ValueId scan_;
  const Node node_;  // as it was
  const ScanLayout layout_;
  const ResultGradients& given_;
  const TwoWayStep step_;
  std::vector<std::pair<int64_t, ValueId>> sequence_outputs_;  // operand, its step's gradient
  std::vector<std::pair<int64_t, ValueId>> accumulated_;       // operand, a term of its gradient
  std::map<int64_t, std::vector<ValueId>> sums_;               // operand, terms that are summed up after the loop
  std::vector<ValueId> factors_;                               // backward values that they need stacked
  std::set<ValueId> needed_;                                   // values of the backward body, in order
  std::set<ValueId> needed_stacks_;                            // forward values that are read from stacks
  std::map<ValueId, int64_t> results_;                         // and the forward loop's result that holds each
};

}  // namespace

void differentiate_scan(Builder& b, ValueId scan, const ResultGradients& gradients,
                        const std::function<bool(int i)>& needs, const std::function<void(int i, ValueId g)>& add) {
  const Node node = b.graph[scan];
  const ScanLayout layout = layout_of(node);
  const std::vector<bool> active = active_inputs(*node.body, layout, input_nodes(*node.body), needs);
  if (std::none_of(active.begin(), active.end(), [](bool a) { return a; })) return;
  BackwardLoop(b, scan, gradients, two_way_step(node, gradients, active)).run(add);
}

}  // namespace kcc
