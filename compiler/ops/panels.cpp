#include "compiler/ops/panels.h"

#include "compiler/ops/shape.h"

namespace kcc {

bool has_panels(const Graph& graph, const Node& product) {
  return product.op == OpKind::kMatMul && product.type.rank() == 2 && graph[product.inputs[1]].type.rank() == 4;
}

// A line of the cache a gate, or four where there is one gate.
int64_t panel_lanes(int64_t columns, int64_t gates) {
  for (int64_t lanes = gates > 1 ? 16 : 64; lanes >= 16; lanes /= 2)
    if (columns % lanes == 0) return lanes;
  return 0;
}

ValueId panels_of(Builder& b, ValueId weights, bool transposed, int64_t gates, int64_t lanes) {
  const Shape shape = b.shape(weights);
  const Dim depth = shape[transposed ? 1 : 0], tiles{shape[transposed ? 0 : 1].size / (gates * lanes)};
  if (transposed) return transpose(b, reshape(b, weights, {{gates}, tiles, {lanes}, depth}), {1, 3, 0, 2});
  return transpose(b, reshape(b, weights, {depth, {gates}, tiles, {lanes}}), {2, 0, 1, 3});
}

}  // namespace kcc
