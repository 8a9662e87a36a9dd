#include "compiler/ops/random.h"

#include "compiler/ops/families.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

Type random_type(const std::vector<Type>& operands, const Attrs& attrs) {
  KCC_CHECK(operands.size() == 1 && operands[0].dtype == DType::kU32 && operands[0].shape == fixed_shape({4}),
            "a key of four words");
  return {DType::kF32, attrs.shape("shape")};
}

// Ten rounds of two multiplications, shared by four elements.
double random_flops(const Graph&, const Node&) {
  return 20;
}

}  // namespace

std::vector<OpInfo> random_ops() {
  return {{OpKind::kRandomUniform, "random_uniform", OpCategory::kRandom, random_type, nullptr, nullptr, random_flops,
           true}};
}

ValueId random_uniform(Builder& b, ValueId key, const Shape& shape, int64_t stream) {
  return b.node(OpKind::kRandomUniform, {key}, {{"shape", shape}, {"stream", stream}});
}

}  // namespace kcc
