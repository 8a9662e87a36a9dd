#include "compiler/passes/differentiate.h"

#include "compiler/ops/elementwise.h"
#include "compiler/ops/op.h"
#include "compiler/ops/shape.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

// Which values lead from a differentiated value to the loss: only they need gradients.
std::vector<bool> paths(const Graph& graph, ValueId loss, const std::vector<ValueId>& sources) {
  std::vector<bool> depends(static_cast<size_t>(loss) + 1, false);
  for (ValueId source : sources)
    if (source <= loss) depends[static_cast<size_t>(source)] = true;
  for (ValueId id = 0; id <= loss; ++id) {
    if (depends[static_cast<size_t>(id)] || !info(graph[id].op).gradient) continue;
    for (ValueId input : graph[id].inputs)
      if (depends[static_cast<size_t>(input)]) depends[static_cast<size_t>(id)] = true;
  }
  return depends;
}

class ReverseMode {
 public:
  ReverseMode(Graph& graph, ValueId loss, const std::vector<ValueId>& sources)
      : b_{graph}, depends_(paths(graph, loss, sources)), gradients_(static_cast<size_t>(loss) + 1, -1) {
    gradients_[static_cast<size_t>(loss)] = constant(b_, 1.0);
    for (ValueId id = loss; id >= 0; --id)
      if (gradients_[static_cast<size_t>(id)] >= 0 && depends_[static_cast<size_t>(id)]) step(id);
  }

  ValueId gradient_of(ValueId value) {
    if (static_cast<size_t>(value) < gradients_.size() && gradients_[static_cast<size_t>(value)] >= 0)
      return gradients_[static_cast<size_t>(value)];
    return broadcast_to(b_, constant(b_, 0.0), Shape(b_.shape(value)));
  }

 private:
  void step(ValueId id) {
    const OpInfo& op = info(b_.graph[id].op);
    if (!op.gradient) return;
    b_.origin = b_.graph[id].origin;
    const std::vector<ValueId> inputs = b_.graph[id].inputs;  // the graph grows underneath
    const auto needs = [&](int i) { return bool(depends_[static_cast<size_t>(inputs[static_cast<size_t>(i)])]); };
    const auto add_to = [&](int i, ValueId g) {
      if (!needs(i)) return;
      ValueId& sum = gradients_[static_cast<size_t>(inputs[static_cast<size_t>(i)])];
      sum = sum < 0 ? g : add(b_, sum, g);
    };
    GradContext context{b_, id, gradients_[static_cast<size_t>(id)], add_to, needs};
    op.gradient(context);
  }

  Builder b_;
  std::vector<bool> depends_;
  std::vector<ValueId> gradients_;
};

}  // namespace

std::vector<ValueId> differentiate(Graph& graph, ValueId loss, const std::vector<ValueId>& with_respect_to) {
  KCC_CHECK(graph[loss].type == (Type{DType::kF32, {}}), "a scalar loss");
  ReverseMode reverse(graph, loss, with_respect_to);
  std::vector<ValueId> gradients;
  for (ValueId value : with_respect_to) gradients.push_back(reverse.gradient_of(value));
  return gradients;
}

}  // namespace kcc
