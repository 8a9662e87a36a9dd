#include "compiler/bench/call_cost.h"

#include <gtest/gtest.h>

#include "compiler/ops/builder.h"
#include "compiler/ops/elementwise.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/reduce.h"

namespace kcc {
namespace {

constexpr int64_t kBatch = 10;

struct Body {
  Kernel kernel;
  Builder b{kernel.body};
  KernelCall call;

  ValueId operand(const Shape& shape, DType dtype = DType::kF32) {
    return input(b, "a" + std::to_string(kernel.body.inputs.size()), {dtype, shape});
  }
  CallCost cost(ValueId result) {
    call.outputs.push_back({Space::kArena, 0, 0, 0, kernel.body[result].type, "r", {}});
    return cost_of(call, kernel, kBatch);
  }
};

TEST(CallCost, OfAProductGrowsWithItsRows) {
  Body f;
  ValueId x = f.operand(batched_shape({8})), w = f.operand(fixed_shape({8, 5}));
  const CallCost cost = f.cost(matmul(f.b, x, w));
  EXPECT_EQ(cost.flops, 2 * kBatch * 8 * 5);
  EXPECT_EQ(cost.bytes, 4 * (kBatch * 8 + 8 * 5 + kBatch * 5));
}

// The sum over the batch is not in the shape of the result.
TEST(CallCost, OfAWeightsGradientGrowsWithTheBatch) {
  Body f;
  ValueId x = f.operand(batched_shape({8})), g = f.operand(batched_shape({5}));
  const CallCost cost = f.cost(matmul(f.b, x, g, true, false));
  EXPECT_EQ(cost.flops, 2 * kBatch * 8 * 5);
  EXPECT_EQ(cost.bytes, 4 * (kBatch * 8 + kBatch * 5 + 8 * 5));
}

TEST(CallCost, OfAnUpdateDoesNot) {
  Body f;
  ValueId w = f.operand(fixed_shape({100})), g = f.operand(fixed_shape({100}));
  const CallCost cost = f.cost(sub(f.b, w, g));
  EXPECT_EQ(cost.flops, 100);
  EXPECT_EQ(cost.bytes, 4 * 300);
}

TEST(CallCost, OfATableIsTheRowsThatAreRead) {
  Body f;
  ValueId table = f.operand(fixed_shape({100000, 16})), at = f.operand(batched_shape({}), DType::kI32);
  const CallCost cost = f.cost(gather(f.b, table, at));
  EXPECT_EQ(cost.bytes, kBatch * 4 + 2 * kBatch * 16 * 4);
}

TEST(CallCost, OfAnUpdateOfUsedRowsIsTheirs) {
  Body f;
  ValueId table = f.operand(fixed_shape({100000, 16})), at = f.operand(batched_shape({}), DType::kI32);
  const ValueId gradient = scatter_add(f.b, at, f.operand(batched_shape({16})), fixed_shape({100000, 16}));
  f.b.graph.nodes[static_cast<size_t>(gradient)].attrs.set("used_rows", int64_t{1});
  const CallCost cost = f.cost(sub(f.b, table, gradient));
  EXPECT_EQ(cost.bytes, kBatch * 4 + 3 * kBatch * 16 * 4);
}

}  // namespace
}  // namespace kcc
