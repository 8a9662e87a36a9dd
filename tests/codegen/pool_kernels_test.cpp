// Pools and their gradients, of one to three dimensions.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/pool.h"
#include "tests/codegen/kernel_test.h"

namespace kcc::testing {
namespace {

struct PoolCase {
  std::string name;
  std::vector<int64_t> spatial;
  int64_t channels;
  std::vector<int64_t> window, strides, low, high;
};

std::vector<PoolCase> pool_shapes() {
  return {
      {"TwoByTwo", {8, 10}, 32, {2, 2}, {2, 2}, {0, 0}, {0, 0}},
      {"TwoByTwoOdd", {9, 11}, 20, {2, 2}, {2, 2}, {0, 0}, {0, 0}},
      {"Same", {9, 11}, 5, {2, 2}, {2, 2}, {0, 0}, {1, 1}},
      {"Overlapping", {9, 11}, 16, {3, 3}, {2, 2}, {0, 0}, {0, 0}},
      {"OverlappingSame", {8, 9}, 6, {3, 3}, {1, 1}, {1, 1}, {1, 1}},
      {"Gaps", {10, 11}, 8, {2, 1}, {3, 2}, {0, 0}, {0, 0}},
      {"Large", {12, 12}, 10, {6, 5}, {6, 5}, {0, 0}, {0, 0}},
      {"Whole", {6, 7}, 33, {6, 7}, {6, 7}, {0, 0}, {0, 0}},
      {"OneChannel", {6, 6}, 1, {2, 2}, {2, 2}, {0, 0}, {0, 0}},
      {"Line", {17}, 12, {3}, {2}, {1}, {1}},
      {"Cube", {4, 5, 6}, 3, {2, 2, 2}, {2, 2, 2}, {0, 0, 0}, {0, 1, 0}},
  };
}

std::vector<KernelCase> pool_cases() {
  std::vector<KernelCase> cases;
  for (const PoolCase& p : pool_shapes()) {
    const Window window{p.strides, {}, p.low, p.high};
    const auto x_shape = [p] {
      std::vector<int64_t> sizes = p.spatial;
      sizes.push_back(p.channels);
      return batched_shape(sizes);
    };
    const auto y_shape = [p] {
      std::vector<int64_t> sizes;
      for (size_t d = 0; d < p.spatial.size(); ++d)
        sizes.push_back(window_extent(p.spatial[d], p.window[d], p.strides[d], 1, p.low[d], p.high[d]));
      sizes.push_back(p.channels);
      return batched_shape(sizes);
    };
    const Attrs attrs{{"window", p.window}, {"strides", p.strides}, {"low", p.low}, {"high", p.high}};
    const std::vector<int64_t> batches = {1, 2, 5};
    cases.push_back({"Max" + p.name, Family::kMaxPool,
                     [=](Body& f) {
                       ValueId y = f.anchored(max_pool(f.b, f.operand(x_shape()), p.window, window));
                       return std::vector<ValueId>{y, mul(f.b, y, f.operand(y_shape()))};
                     },
                     1e-6, batches});
    cases.push_back({"Average" + p.name, Family::kAvgPool,
                     [=](Body& f) {
                       return std::vector<ValueId>{f.anchored(avg_pool(f.b, f.operand(x_shape()), p.window, window))};
                     },
                     1e-6, batches});
    // Few different values, so that many are equal.
    cases.push_back({"MaxGradient" + p.name, Family::kMaxPoolGrad,
                     [=](Body& f) {
                       ValueId ties = unary(f.b, OpKind::kFloor, mul(f.b, f.operand(x_shape()), 2.0));
                       ValueId y = max_pool(f.b, ties, p.window, window);
                       return std::vector<ValueId>{
                           f.anchored(f.b.node(OpKind::kMaxPoolGrad, {ties, y, f.operand(y_shape())}, attrs))};
                     },
                     1e-6, batches});
    cases.push_back({"AverageGradient" + p.name, Family::kAvgPoolGrad,
                     [=](Body& f) {
                       ValueId g = f.operand(y_shape());
                       Attrs own = attrs;
                       own.set("shape", x_shape());
                       return std::vector<ValueId>{
                           mul(f.b, f.anchored(f.b.node(OpKind::kAvgPoolGrad, {g}, own)), f.operand(x_shape()))};
                     },
                     1e-6, batches});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Pools, KernelTest, ::testing::ValuesIn(remembered(pool_cases())), test_name);

}  // namespace
}  // namespace kcc::testing
