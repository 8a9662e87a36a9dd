// Reductions whose results are fewer than rows: bias gradients, moments, totals, global pools.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "tests/codegen/kernel_test.h"

namespace kcc::testing {
namespace {

std::vector<KernelCase> reduction_cases() {
  std::vector<KernelCase> cases;
  for (int64_t c : {1, 3, 10, 16, 20, 64, 100}) {
    cases.push_back({"BiasGradient" + std::to_string(c),
                     Family::kReduction,
                     [c](Body& f) {
                       ValueId g = f.operand(batched({5, 6, c})), y = f.operand(batched({5, 6, c}));
                       ValueId masked = select(f.b, greater(f.b, y, 0), g, constant(f.b, 0));
                       return std::vector<ValueId>{f.anchored(reduce_sum(f.b, masked, {0, 1, 2}))};
                     },
                     2e-6,
                     {1, 3, 33}});
  }
  cases.push_back({"BiasUpdate",
                   Family::kReduction,
                   [](Body& f) {
                     ValueId g = f.operand(batched({64})), w = f.operand(fixed({64})), m = f.operand(fixed({64}));
                     ValueId sum = f.anchored(reduce_sum(f.b, g, {0}));
                     ValueId m2 = add(f.b, mul(f.b, m, 0.9), sum);
                     return std::vector<ValueId>{sub(f.b, w, mul(f.b, m2, 0.1)), m2};
                   },
                   2e-6,
                   {1, 3, 128, 1000}});
  cases.push_back(
      {"Moments",
       Family::kReduction,
       [](Body& f) {
         ValueId x = f.operand(batched({9, 9, 24})), g = f.operand(batched({9, 9, 24})), mean = f.operand(fixed({24}));
         ValueId centered = sub(f.b, x, mean);
         ValueId sum = f.anchored(reduce_sum(f.b, g, {0, 1, 2}));
         return std::vector<ValueId>{div(f.b, sum, extent(f.b, {Dim{81, true}})),
                                     reduce_sum(f.b, mul(f.b, g, centered), {0, 1, 2}), reduce_max(f.b, x, {0, 1, 2})};
       },
       2e-6,
       {1, 3, 200}});
  cases.push_back({"Total",
                   Family::kReduction,
                   [](Body& f) {
                     ValueId x = f.operand(batched({3, 7})), before = f.operand({});
                     return std::vector<ValueId>{add(f.b, before, f.anchored(reduce_sum(f.b, x, {0, 1, 2})))};
                   },
                   2e-6,
                   {1, 3, 33, 20000}});
  cases.push_back({"TotalOfSamples",
                   Family::kReduction,
                   [](Body& f) {
                     ValueId x = f.operand(batched({})), w = f.operand(batched({})), total = f.operand({}),
                             count = f.operand({});
                     return std::vector<ValueId>{add(f.b, total, f.anchored(reduce_sum(f.b, mul(f.b, x, w), {0}))),
                                                 add(f.b, count, reduce_sum(f.b, w, {0}))};
                   },
                   2e-6,
                   {1, 3, 33, 128}});
  cases.push_back(
      {"FixedTotal",
       Family::kReduction,
       [](Body& f) {
         return std::vector<ValueId>{f.anchored(reduce_sum(f.b, square(f.b, f.operand(fixed({301, 77}))), {0, 1}))};
       },
       2e-6,
       {1}});
  cases.push_back({"GlobalPool", Family::kReduction, [](Body& f) {
                     return std::vector<ValueId>{
                         div(f.b, f.anchored(reduce_sum(f.b, f.operand(batched({7, 5, 40})), {1, 2})), 35.0)};
                   }});
  cases.push_back({"GlobalPoolLarge", Family::kReduction, [](Body& f) {
                     return std::vector<ValueId>{f.anchored(reduce_max(f.b, f.operand(batched({30, 31, 5})), {1, 2}))};
                   }});
  cases.push_back({"ChannelsFirstMoments",
                   Family::kReduction,
                   [](Body& f) {
                     ValueId x = f.operand(batched({6, 9, 11}));
                     return std::vector<ValueId>{f.anchored(reduce_sum(f.b, x, {0, 2, 3})),
                                                 reduce_sum(f.b, square(f.b, x), {0, 2, 3})};
                   },
                   2e-6,
                   {1, 3, 200}});
  cases.push_back({"AroundTheMiddle", Family::kReduction, [](Body& f) {
                     return std::vector<ValueId>{f.anchored(reduce_sum(f.b, f.operand(batched({3, 4, 5})), {0, 2}))};
                   }});
  cases.push_back(
      {"KeepsTheBatchInside", Family::kReduction, [](Body& f) {
         return std::vector<ValueId>{f.anchored(reduce_sum(f.b, f.operand({Dim{6, false}, Dim{1, true}}), {0}))};
       }});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Reduction, KernelTest, ::testing::ValuesIn(remembered(reduction_cases())), test_name);

}  // namespace
}  // namespace kcc::testing
