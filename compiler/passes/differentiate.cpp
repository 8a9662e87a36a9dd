#include "compiler/passes/differentiate.h"

#include <map>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/op.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/differentiate_scan.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

class ReverseMode {
 public:
  ReverseMode(Graph& graph, const std::vector<Cotangent>& cotangents, const std::vector<ValueId>& sources)
      : b_{graph}, depends_(differentiable_dependents(graph, sources)), gradients_(graph.nodes.size(), -1) {
    const ValueId last = graph.size() - 1;
    for (const Cotangent& c : cotangents) add_to(c.value, c.gradient);
    for (ValueId id = last; id >= 0; --id)
      if (depends_[at(id)] && (gradients_[at(id)] >= 0 || results_.count(id))) step(id);
  }

  ValueId gradient_of(ValueId value) {
    if (at(value) < gradients_.size() && gradients_[at(value)] >= 0) return gradients_[at(value)];
    return broadcast_to(b_, constant(b_, 0.0), Shape(b_.shape(value)));
  }

 private:
  void add_to(ValueId value, ValueId g) {
    ValueId& sum = gradients_[at(value)];
    sum = sum < 0 ? g : add(b_, sum, g);
  }

  void step(ValueId id) {
    const OpInfo& op = info(b_.graph[id].op);
    if (!op.gradient) return;
    b_.origin = b_.graph[id].origin;
    const std::vector<ValueId> inputs = b_.graph[id].inputs;  // the graph grows underneath
    const auto needs = [&](int i) { return bool(depends_[at(inputs[at(i)])]); };
    const auto add = [&](int i, ValueId g) {
      if (needs(i)) add_to(inputs[at(i)], g);
    };
    if (op.kind == OpKind::kResult) return collect(id);
    if (op.kind == OpKind::kScan) return differentiate_scan(b_, id, results_.at(id), needs, add);
    GradContext context{b_, id, gradients_[at(id)], add, needs};
    op.gradient(context);
  }

  // The gradients of a loop's results wait until all of them are known.
  void collect(ValueId id) {
    const Node node = b_.graph[id];
    const ValueId g = gradients_[at(id)];
    auto [found, is_new] = results_[node.inputs[0]].try_emplace(node.attrs.integer("index"), g);
    ValueId& sum = found->second;
    sum = is_new ? g : kcc::add(b_, sum, g);
  }

  Builder b_;
  std::vector<bool> depends_;
  std::vector<ValueId> gradients_;
  std::map<ValueId, ResultGradients> results_;  // by scan
};

}  // namespace

std::vector<bool> differentiable_dependents(const Graph& graph, const std::vector<ValueId>& sources) {
  std::vector<bool> depends(graph.nodes.size(), false);
  for (ValueId source : sources) depends[at(source)] = true;
  for (ValueId id = 0; id < graph.size(); ++id) {
    if (depends[at(id)] || !info(graph[id].op).gradient) continue;
    for (ValueId input : graph[id].inputs)
      if (depends[at(input)]) depends[at(id)] = true;
  }
  return depends;
}

std::vector<ValueId> differentiate(Graph& graph, const std::vector<Cotangent>& cotangents,
                                   const std::vector<ValueId>& with_respect_to) {
  ReverseMode reverse(graph, cotangents, with_respect_to);
  std::vector<ValueId> gradients;
  for (ValueId value : with_respect_to) gradients.push_back(reverse.gradient_of(value));
  return gradients;
}

std::vector<ValueId> differentiate(Graph& graph, ValueId loss, const std::vector<ValueId>& with_respect_to) {
  KCC_CHECK(graph[loss].type == (Type{DType::kF32, {}}), "a scalar loss");
  Builder b{graph};
  const ValueId one = constant(b, 1.0);
  return differentiate(graph, {{loss, one}}, with_respect_to);
}

}  // namespace kcc
