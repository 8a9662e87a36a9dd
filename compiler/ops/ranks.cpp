#include "compiler/ops/ranks.h"

#include "compiler/ops/families.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

Type same_type(const std::vector<Type>& operands, const Attrs&) {
  KCC_CHECK(operands.size() == 1 && operands[0].dtype == DType::kF32, "one operand of floats");
  return operands[0];
}

}  // namespace

// Without a gradient: sums over the ranks are put into graphs that are differentiated already (passes/split_batch.h).
std::vector<OpInfo> rank_ops() {
  return {{OpKind::kRankSum, "rank_sum", OpCategory::kExchange, same_type, nullptr, nullptr, nullptr, false}};
}

ValueId rank_sum(Builder& b, ValueId x) {
  return b.node(OpKind::kRankSum, {x});
}

}  // namespace kcc
