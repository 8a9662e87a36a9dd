#include "compiler/ops/random.h"

#include <algorithm>
#include <cmath>

#include "compiler/ops/families.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

Type random_type(const std::vector<Type>& operands, const Attrs& attrs) {
  KCC_CHECK(operands.size() == 1 && operands[0].dtype == DType::kU32 && operands[0].shape == fixed_shape({4}),
            "a key of four words");
  if (!attrs.has("below")) return {DType::kF32, attrs.shape("shape")};
  KCC_CHECK(attrs.integer("below") > 0 && attrs.integer("below") < 65536, "a probability that 16 bits can have");
  return {DType::kBool, attrs.shape("shape")};
}

// Ten rounds of two multiplications, shared by four numbers or eight elements of a mask.
double random_flops(const Graph&, const Node& node) {
  return node.type.dtype == DType::kBool ? 10 : 20;
}

}  // namespace

std::vector<OpInfo> random_ops() {
  return {{OpKind::kRandomUniform, "random_uniform", OpCategory::kRandom, random_type, nullptr, nullptr, random_flops,
           true}};
}

ValueId random_uniform(Builder& b, ValueId key, const Shape& shape, int64_t stream) {
  return b.node(OpKind::kRandomUniform, {key}, {{"shape", shape}, {"stream", stream}});
}

ValueId random_bernoulli(Builder& b, ValueId key, const Shape& shape, int64_t below, int64_t stream) {
  return b.node(OpKind::kRandomUniform, {key}, {{"shape", shape}, {"below", below}, {"stream", stream}});
}

int64_t bernoulli_bound(double probability) {
  const double bound = std::round(std::ldexp(probability, 16));
  const double moved = std::abs(std::ldexp(bound, -16) - probability);
  return moved < 1e-3 * std::min(probability, 1 - probability) ? static_cast<int64_t>(bound) : 0;
}

}  // namespace kcc
