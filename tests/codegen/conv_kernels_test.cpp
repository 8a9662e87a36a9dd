// Convolutions and their gradients, of one to three dimensions, dense, grouped and depthwise.
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "compiler/ops/conv.h"
#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "tests/codegen/kernel_test.h"

namespace kcc::testing {
namespace {

struct ConvCase {
  std::string name;
  std::vector<int64_t> spatial;
  int64_t channels, filters;
  std::vector<int64_t> kernel, strides, dilations, low, high;
  int64_t groups = 1;
};

std::vector<ConvCase> conv_shapes() {
  return {
      {"Valid3x3", {12, 15}, 4, 32, {3, 3}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"Valid3x3Wide", {9, 34}, 32, 64, {3, 3}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"Same3x3", {13, 17}, 6, 20, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"SameTall", {40, 10}, 3, 16, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"First", {20, 20}, 3, 32, {3, 3}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"OneChannel", {8, 8}, 1, 10, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"OneByOne", {7, 9}, 16, 64, {1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"FewSame", {17, 40}, 3, 3, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"FewTall", {36, 19}, 4, 3, {3, 3}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"FewEven", {8, 33}, 1, 2, {2, 4}, {1, 1}, {1, 1}, {0, 1}, {1, 2}},
      {"FewDilated", {20, 64}, 2, 4, {3, 3}, {2, 1}, {1, 3}, {1, 0}, {0, 2}},
      {"FewOneByOne", {6, 16}, 3, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"FewLine", {37}, 2, 3, {5}, {1}, {1}, {2}, {2}},
      {"FewCube", {5, 6, 21}, 3, 3, {3, 2, 3}, {1, 1, 1}, {1, 1, 1}, {1, 0, 1}, {1, 1, 1}},
      {"Even", {9, 11}, 5, 8, {2, 4}, {1, 1}, {1, 1}, {0, 1}, {1, 2}},
      {"Stride2", {11, 14}, 8, 32, {3, 3}, {2, 2}, {1, 1}, {0, 0}, {0, 0}},
      {"Stride2Same", {12, 13}, 3, 16, {3, 3}, {2, 2}, {1, 1}, {0, 1}, {1, 1}},
      {"Stride2OneByOne", {8, 9}, 16, 32, {1, 1}, {2, 2}, {1, 1}, {0, 0}, {0, 0}},
      {"Stride3Kernel2", {13, 14}, 4, 8, {2, 2}, {3, 3}, {1, 1}, {0, 0}, {0, 0}},
      {"UnevenStrides", {12, 13}, 4, 8, {3, 5}, {2, 1}, {1, 1}, {1, 2}, {1, 2}},
      {"Dilated", {14, 15}, 4, 16, {3, 3}, {1, 1}, {2, 3}, {0, 0}, {0, 0}},
      {"DilatedSame", {9, 10}, 4, 16, {3, 3}, {1, 1}, {2, 2}, {2, 2}, {2, 2}},
      {"DilatedStrided", {19, 20}, 3, 8, {3, 3}, {2, 3}, {2, 2}, {1, 2}, {2, 1}},
      {"Seven", {17, 18}, 3, 24, {7, 7}, {2, 2}, {1, 1}, {3, 3}, {3, 3}},
      {"WholeImage", {5, 5}, 8, 12, {5, 5}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"Tiny", {3, 3}, 48, 48, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"OddChannels", {6, 7}, 7, 17, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"Line", {31}, 5, 16, {5}, {1}, {1}, {2}, {2}},
      {"LineStrided", {31}, 4, 10, {4}, {2}, {1}, {0}, {1}},
      {"Cube", {5, 6, 7}, 3, 8, {3, 2, 3}, {1, 1, 1}, {1, 1, 1}, {1, 0, 1}, {1, 1, 1}},
      {"CubeStrided", {5, 6, 7}, 3, 16, {2, 3, 3}, {2, 2, 1}, {1, 1, 1}, {0, 1, 0}, {0, 1, 0}},
      {"Depthwise", {9, 10}, 24, 24, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 24},
      {"DepthwiseDoubled", {9, 10}, 6, 12, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, 6},
      {"DepthwiseOdd", {7, 9}, 19, 19, {3, 2}, {1, 1}, {1, 1}, {1, 0}, {1, 1}, 19},
      {"DepthwiseWide", {6, 9}, 64, 64, {5, 5}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, 64},
      {"DepthwiseLine", {21}, 5, 5, {3}, {1}, {2}, {4}, {0}, 5},
      {"Grouped", {7, 8}, 8, 12, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 1}, 4},
      {"GroupedWide", {7, 8}, 24, 64, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 1}, 2},
      {"GroupedStrided", {9, 8}, 32, 32, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {0, 1}, 4},
      {"GroupedOdd", {5, 6}, 6, 51, {2, 3}, {1, 1}, {1, 1}, {0, 1}, {0, 1}, 3},
      {"GroupedCube", {4, 5, 3}, 4, 6, {2, 2, 2}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, 2},
  };
}

Shape conv_result(const ConvCase& c) {
  std::vector<int64_t> sizes;
  for (size_t d = 0; d < c.spatial.size(); ++d)
    sizes.push_back(window_extent(c.spatial[d], c.kernel[d], c.strides[d], c.dilations[d], c.low[d], c.high[d]));
  sizes.push_back(c.filters);
  return batched_shape(sizes);
}

Shape conv_input(const ConvCase& c) {
  std::vector<int64_t> sizes = c.spatial;
  sizes.push_back(c.channels);
  return batched_shape(sizes);
}

Shape conv_weights(const ConvCase& c) {
  std::vector<int64_t> sizes = c.kernel;
  sizes.insert(sizes.end(), {c.channels / c.groups, c.filters});
  return fixed_shape(sizes);
}

std::vector<KernelCase> conv_cases() {
  std::vector<KernelCase> cases;
  for (const ConvCase& c : conv_shapes()) {
    const Attrs attrs{
        {"strides", c.strides}, {"dilations", c.dilations}, {"low", c.low}, {"high", c.high}, {"groups", c.groups}};
    const std::vector<int64_t> batches = {1, 2, 5};
    cases.push_back({"Forward" + c.name, Family::kConv,
                     [c](Body& f) {
                       ValueId x = f.operand(conv_input(c)), w = f.operand(conv_weights(c));
                       ValueId y = f.anchored(conv(f.b, x, w, {c.strides, c.dilations, c.low, c.high}, c.groups));
                       std::vector<ValueId> results = bias_relu(f, y);
                       results.push_back(y);
                       return results;
                     },
                     4e-6, batches});
    cases.push_back({"InputGradient" + c.name, Family::kConvInputGrad,
                     [c, attrs](Body& f) {
                       ValueId g = f.operand(conv_result(c)), w = f.operand(conv_weights(c)),
                               y = f.operand(conv_input(c));
                       Attrs own = attrs;
                       own.set("shape", conv_input(c));
                       ValueId dx = f.anchored(f.b.node(OpKind::kConvInputGrad, {g, w}, own));
                       return std::vector<ValueId>{select(f.b, greater(f.b, y, 0), dx, constant(f.b, 0))};
                     },
                     4e-6, batches});
    cases.push_back({"WeightGradient" + c.name,
                     Family::kConvWeightGrad,
                     [c, attrs](Body& f) {
                       ValueId x = f.operand(conv_input(c)), g = f.operand(conv_result(c)),
                               w = f.operand(conv_weights(c));
                       Attrs own = attrs;
                       own.set("shape", conv_weights(c));
                       ValueId dw = f.anchored(f.b.node(OpKind::kConvWeightGrad, {x, g}, own));
                       return std::vector<ValueId>{sub(f.b, w, mul(f.b, dw, 0.1)), dw};
                     },
                     6e-6,
                     {1, 2, 9}});
    if (c.channels % 3 != 0) continue;  // the others are alike
    cases.push_back({"WeightAndBiasGradient" + c.name,
                     Family::kConvWeightGrad,
                     [c, attrs](Body& f) {
                       ValueId x = f.operand(conv_input(c)), g = f.operand(conv_result(c)),
                               w = f.operand(conv_weights(c)), bias = f.operand(fixed({c.filters}));
                       Attrs own = attrs;
                       own.set("shape", conv_weights(c));
                       ValueId dw = f.anchored(f.b.node(OpKind::kConvWeightGrad, {x, g}, own));
                       std::vector<int64_t> axes(c.spatial.size() + 1);
                       std::iota(axes.begin(), axes.end(), 0);
                       ValueId db = reduce_sum(f.b, g, axes);
                       return std::vector<ValueId>{sub(f.b, w, mul(f.b, dw, 0.1)), sub(f.b, bias, mul(f.b, db, 0.1))};
                     },
                     6e-6,
                     {1, 9}});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Convolutions, KernelTest, ::testing::ValuesIn(remembered(conv_cases())), test_name);

}  // namespace
}  // namespace kcc::testing
