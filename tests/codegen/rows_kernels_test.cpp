// Bodies over rows, with a reduction of each: softmaxes and their losses, norms, arguments of maxima.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "tests/codegen/kernel_runner.h"
#include "tests/codegen/kernel_test.h"

namespace kcc::testing {
namespace {

ValueId over_row(Body& f, ValueId x, const Shape& shape) {
  std::vector<int64_t> dims;
  for (int64_t i = 0; i < f.b.type(x).rank(); ++i) dims.push_back(i);
  return broadcast_in_dims(f.b, x, shape, dims);
}

ValueId softmax(Body& f, ValueId z) {
  const Shape shape = f.b.shape(z);
  ValueId e = unary(f.b, OpKind::kExp, sub(f.b, z, over_row(f, f.anchored(reduce_max(f.b, z, {1})), shape)));
  return div(f.b, e, over_row(f, reduce_sum(f.b, e, {1}), shape));
}

std::vector<ValueId> softmax_loss(Body& f, int64_t classes) {
  const Shape shape = batched({classes});
  ValueId z = f.operand(shape), label = f.operand(batched({}), DType::kI32), weight = f.operand(batched({}));
  ValueId shifted = sub(f.b, z, over_row(f, reduce_max(f.b, z, {1}), shape));
  ValueId e = unary(f.b, OpKind::kExp, shifted);
  ValueId sum = reduce_sum(f.b, e, {1});
  ValueId hit = cast(f.b, binary(f.b, OpKind::kEq, over_row(f, label, shape), iota(f.b, shape, 1)), DType::kF32);
  ValueId loss = sub(f.b, unary(f.b, OpKind::kLog, sum), reduce_sum(f.b, mul(f.b, hit, shifted), {1}));
  ValueId gradient = mul(f.b, sub(f.b, div(f.b, e, over_row(f, sum, shape)), hit), over_row(f, weight, shape));
  ValueId right = cast(f.b, binary(f.b, OpKind::kEq, argmax(f.b, z, 1), label), DType::kF32);
  f.anchored(sum);
  return {mul(f.b, loss, weight), gradient, mul(f.b, right, weight)};
}

std::vector<KernelCase> row_cases() {
  std::vector<KernelCase> cases;
  for (int64_t n : {1, 2, 3, 8, 10, 16, 20, 64, 100, 1000}) {
    cases.push_back({"SoftmaxLoss" + std::to_string(n),
                     Family::kRows,
                     [n](Body& f) { return softmax_loss(f, n); },
                     3e-6,
                     {1, 3, 33, 500},
                     -4,
                     4});
    cases.push_back({"LogSoftmax" + std::to_string(n),
                     Family::kRows,
                     [n](Body& f) {
                       const Shape shape = batched({n});
                       ValueId z = f.operand(shape);
                       ValueId shifted = sub(f.b, z, over_row(f, f.anchored(reduce_max(f.b, z, {1})), shape));
                       ValueId sum = reduce_sum(f.b, unary(f.b, OpKind::kExp, shifted), {1});
                       return std::vector<ValueId>{
                           sub(f.b, shifted, over_row(f, unary(f.b, OpKind::kLog, sum), shape))};
                     },
                     2e-6,
                     {1, 3, 33},
                     -5,
                     5});
  }
  for (int64_t n : {1, 2, 10, 20})
    cases.push_back({"Softmax" + std::to_string(n),
                     Family::kRows,
                     [n](Body& f) { return std::vector<ValueId>{softmax(f, f.operand(batched({n})))}; },
                     3e-6,
                     {1, 2, 4, 5, 33},
                     -4,
                     4});
  // Whole vectors of rows at every batch, as pixels are.
  for (int64_t n : {1, 3, 4, 5, 20})
    cases.push_back({"Pixels" + std::to_string(n), Family::kRows, [n](Body& f) {
                       const Shape shape = batched({8, 4, n});
                       ValueId z = f.operand(shape), weight = f.operand(batched({8, 4}));
                       ValueId e = unary(f.b, OpKind::kExp, z);
                       ValueId sum = f.anchored(reduce_sum(f.b, e, {3}));
                       ValueId shares = div(f.b, e, over_row(f, sum, shape));
                       return std::vector<ValueId>{mul(f.b, unary(f.b, OpKind::kLog, sum), weight),
                                                   mul(f.b, shares, over_row(f, weight, shape)), sum};
                     }});
  cases.push_back({"SquaredError", Family::kRows, [](Body& f) {
                     ValueId d = sub(f.b, f.operand(batched({7, 9})), f.operand(batched({7, 9})));
                     return std::vector<ValueId>{div(f.b, f.anchored(reduce_sum(f.b, square(f.b, d), {1, 2})), 63.0)};
                   }});
  cases.push_back(
      {"LayerNorm", Family::kRows, [](Body& f) {
         const Shape shape = batched({5, 24}), kept = batched({5});
         ValueId x = f.operand(shape), gamma = f.operand(fixed({24}));
         ValueId mean = div(f.b, f.anchored(reduce_sum(f.b, x, {2})), 24.0);
         ValueId centered = sub(f.b, x, over_row(f, mean, shape));
         ValueId variance = div(f.b, reduce_sum(f.b, square(f.b, centered), {2}), 24.0);
         ValueId scale = unary(f.b, OpKind::kRsqrt, add(f.b, variance, 1e-3));
         return std::vector<ValueId>{mean, mul(f.b, mul(f.b, centered, over_row(f, scale, shape)), gamma), scale};
       }});
  cases.push_back({"SoftmaxOverHeads", Family::kRows, [](Body& f) {
                     const Shape shape = batched({3, 4, 18});
                     ValueId x = add(f.b, f.operand(shape), f.operand(batched({1, 1, 18})));
                     ValueId e =
                         unary(f.b, OpKind::kExp, sub(f.b, x, over_row(f, f.anchored(reduce_max(f.b, x, {3})), shape)));
                     return std::vector<ValueId>{div(f.b, e, over_row(f, reduce_sum(f.b, e, {3}), shape))};
                   }});
  // The extent of 1 must not go into the rows: the reduction does not take it.
  cases.push_back({"SoftmaxBehindOne", Family::kRows, [](Body& f) {
                     const Shape shape = batched({1, 4});
                     ValueId x = f.operand(shape);
                     ValueId e =
                         unary(f.b, OpKind::kExp, sub(f.b, x, over_row(f, f.anchored(reduce_max(f.b, x, {2})), shape)));
                     return std::vector<ValueId>{div(f.b, e, over_row(f, reduce_sum(f.b, e, {2}), shape))};
                   }});
  cases.push_back({"MinMaxArgmax", Family::kRows, [](Body& f) {
                     ValueId x = f.operand(batched({45})), i = f.operand(batched({45}), DType::kI32);
                     return std::vector<ValueId>{f.anchored(reduce_max(f.b, x, {1})),
                                                 reduce(f.b, OpKind::kReduceMin, x, {1}), argmax(f.b, x, 1),
                                                 argmax(f.b, i, 1), reduce_sum(f.b, i, {1})};
                   }});
  // Rows that do not collapse to one dimension.
  for (int64_t n : {5, 40}) {
    cases.push_back(
        {"RowOfTwoDimensions" + std::to_string(n), Family::kRows, [n](Body& f) {
           const Shape shape = batched({6, n});
           ValueId x = add(f.b, f.operand(shape), f.operand(fixed({6, 1})));
           ValueId e = unary(f.b, OpKind::kExp, x);
           ValueId sum = f.anchored(reduce_sum(f.b, e, {1, 2}));
           return std::vector<ValueId>{div(f.b, e, over_row(f, sum, shape)), sum, reduce_max(f.b, x, {1, 2})};
         }});
  }
  // One value a row could collapse where the rows cannot.
  cases.push_back(
      {"MaskedRowsScaled", Family::kRows, [](Body& f) {
         const Shape shape = batched({6, 4});
         ValueId x = f.operand(shape);
         ValueId largest = f.anchored(reduce_max(f.b, x, {2}));
         ValueId scaled = mul(f.b, relu(f.b, x), f.operand(fixed({6, 4})));
         return std::vector<ValueId>{greater(f.b, largest, 0.0), sub(f.b, scaled, over_row(f, largest, shape))};
       }});
  // Part of a longer row: the gradient of a softmax that was one part of a concatenation.
  cases.push_back({"SoftmaxGradientOfSlice", Family::kRows, [](Body& f) {
                     const Shape shape = batched({5});
                     ValueId whole = f.operand(batched({40})), y = f.operand(shape);
                     ValueId g = slice(f.b, whole, {0, 30}, {1, 5}, {1, 1});
                     ValueId dot = f.anchored(reduce_sum(f.b, mul(f.b, g, y), {1}));
                     return std::vector<ValueId>{mul(f.b, y, sub(f.b, g, over_row(f, dot, shape)))};
                   }});
  cases.push_back({"LongRow",
                   Family::kRows,
                   [](Body& f) {
                     ValueId x = f.operand(batched({70000}));
                     return std::vector<ValueId>{f.anchored(reduce_sum(f.b, x, {1}))};
                   },
                   1e-6,
                   {1, 3}});
  return cases;
}

// Few rows take another way.
TEST(RowsKernel, GivesRowsTheSameBitsInEveryBatch) {
  for (int64_t n : {1, 2, 3, 10, 16, 20, 32})
    check_rows_of_batches({"Softmax" + std::to_string(n), Family::kRows,
                           [n](Body& f) { return std::vector<ValueId>{softmax(f, f.operand(batched({n})))}; }});
}

// NaN takes its own row alone; infinities are no more than numbers.
TEST(RowsKernel, LetsNanThroughFewRowsAndMany) {
  const KernelCase c{"Nan", Family::kRows,
                     [](Body& f) { return std::vector<ValueId>{softmax(f, f.operand(batched({10})))}; }};
  const LoadedKernel loaded(make_kernel(c), "host", {2, 32});
  for (int64_t rows : {3, 40}) {
    Array z = zeros({rows, 10});
    z.at({1, 4}) = std::nan("");
    z.at({2, 5}) = -std::numeric_limits<double>::infinity();
    const Array got = loaded.run({z}, rows)[0];
    for (int64_t n = 0; n < 10; ++n) {
      EXPECT_EQ(got.at({0, n}), 0.1f) << rows << " rows";
      EXPECT_TRUE(std::isnan(got.at({1, n}))) << rows << " rows, column " << n;
      EXPECT_EQ(got.at({2, n}), n == 5 ? 0.0 : 1 / 9.0f) << rows << " rows, column " << n;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, KernelTest, ::testing::ValuesIn(remembered(row_cases())), test_name);

}  // namespace
}  // namespace kcc::testing
