// Winograd's convolutions: their matrices, and kernels of both tile sizes against the interpreter, over sizes that
// tiles do not divide, data that is hard on their transforms, and other machines.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "codegen/kernels/winograd_transforms.h"
#include "compiler/ops/conv.h"
#include "compiler/ops/elementwise.h"
#include "tests/codegen/kernel_runner.h"
#include "tests/codegen/kernel_test.h"
#include "tests/support/interpreter.h"

namespace kcc::testing {
namespace {

using Integers = std::vector<int64_t>;

std::vector<double> product(const Matrix& matrix, const std::vector<double>& vector) {
  std::vector<double> result;
  for (const std::vector<double>& row : matrix) {
    result.push_back(0);
    for (size_t i = 0; i < row.size(); ++i) result.back() += row[i] * vector[i];
  }
  return result;
}

TEST(WinogradTransforms, Filter) {
  for (auto [m, r] : {std::pair{2, 3}, {4, 3}, {2, 5}, {3, 4}, {3, 2}}) {
    std::vector<double> data, taps;
    for (int i = 0; i < m + r - 1; ++i) data.push_back(std::sin(i + 1.0));
    for (int i = 0; i < r; ++i) taps.push_back(std::cos(3.0 * i));
    const WinogradTransforms t = winograd_transforms(m, r);
    std::vector<double> products = product(t.data, data);
    const std::vector<double> weights = product(t.weights, taps);
    for (size_t i = 0; i < products.size(); ++i) products[i] *= weights[i];
    const std::vector<double> got = product(t.output, products);
    ASSERT_EQ(static_cast<int>(got.size()), m);
    for (int i = 0; i < m; ++i) {
      double expected = 0;
      for (int k = 0; k < r; ++k) expected += data[static_cast<size_t>(i + k)] * taps[static_cast<size_t>(k)];
      EXPECT_NEAR(got[static_cast<size_t>(i)], expected, 1e-14) << "F(" << m << ", " << r << ")";
    }
  }
}

struct WinogradCase {
  std::string name;
  Integers image;
  int64_t channels, filters, taps;
  Integers low, high;
};

std::vector<WinogradCase> shapes() {
  return {
      {"Valid", {10, 14}, 16, 64, 3, {0, 0}, {0, 0}},        {"ValidOdd", {11, 9}, 24, 40, 3, {0, 0}, {0, 0}},
      {"Same", {12, 20}, 16, 32, 3, {1, 1}, {1, 1}},         {"SameOdd", {7, 9}, 48, 16, 3, {1, 1}, {1, 1}},
      {"Asymmetric", {10, 13}, 32, 32, 3, {0, 2}, {1, 0}},   {"Full", {8, 9}, 16, 48, 3, {2, 2}, {2, 2}},
      {"OneResult", {3, 3}, 32, 32, 3, {0, 0}, {0, 0}},      {"SmallerThanATile", {3, 5}, 16, 32, 3, {1, 0}, {0, 0}},
      {"Line", {1, 30}, 16, 16, 3, {1, 1}, {1, 1}},          {"OddChannels", {9, 10}, 19, 37, 3, {1, 1}, {1, 1}},
      {"Wide", {3, 50}, 32, 32, 3, {0, 1}, {1, 1}},          {"FiveTaps", {12, 13}, 32, 32, 5, {2, 2}, {2, 2}},
      {"FiveTapsValid", {9, 12}, 16, 48, 5, {0, 0}, {0, 0}},
  };
}

struct Bodies {
  KernelCase forward, input_grad, weight_grad;
};

Bodies bodies_of(const WinogradCase& s) {
  const Integers ones{1, 1};
  const Shape x_shape = batched_shape({s.image[0], s.image[1], s.channels});
  const Shape y_shape = batched_shape({window_extent(s.image[0], s.taps, 1, 1, s.low[0], s.high[0]),
                                       window_extent(s.image[1], s.taps, 1, 1, s.low[1], s.high[1]), s.filters});
  const Shape w_shape = fixed_shape({s.taps, s.taps, s.channels, s.filters});
  Bodies bodies;
  // The weights are computed in the body.
  bodies.forward = {"Forward" + s.name, Family::kConv, [=](Body& f) {
                      ValueId x = f.operand(x_shape), w = mul(f.b, f.operand(w_shape), 0.5);
                      ValueId y = f.anchored(conv(f.b, x, w, {ones, ones, s.low, s.high}, 1));
                      std::vector<ValueId> results = bias_relu(f, y);
                      results.push_back(y);
                      return results;
                    }};
  bodies.input_grad = {"InputGradient" + s.name, Family::kConvInputGrad, [=](Body& f) {
                         ValueId g = f.operand(y_shape), w = f.operand(w_shape), y = f.operand(x_shape);
                         const Attrs attrs{{"strides", ones}, {"dilations", ones},    {"low", s.low},
                                           {"high", s.high},  {"groups", int64_t{1}}, {"shape", x_shape}};
                         ValueId dx = f.anchored(f.b.node(OpKind::kConvInputGrad, {g, w}, attrs));
                         return std::vector<ValueId>{select(f.b, greater(f.b, y, 0), dx, constant(f.b, 0))};
                       }};
  bodies.weight_grad = {"WeightGradient" + s.name, Family::kConvWeightGrad, [=](Body& f) {
                          ValueId x = f.operand(x_shape), g = f.operand(y_shape), w = f.operand(w_shape);
                          const Attrs attrs{{"strides", ones}, {"dilations", ones},    {"low", s.low},
                                            {"high", s.high},  {"groups", int64_t{1}}, {"shape", w_shape}};
                          ValueId dw = f.anchored(f.b.node(OpKind::kConvWeightGrad, {x, g}, attrs));
                          return std::vector<ValueId>{sub(f.b, w, mul(f.b, dw, 0.1)), dw};
                        }};
  return bodies;
}

// Weight gradients by Winograd take vectors of filters and blocks of channels.
bool has_weight_grad(const WinogradCase& s) {
  return s.taps == 3 && s.channels % 4 == 0 && s.filters % 16 == 0;
}

std::vector<Array> random_operands(const KernelCase& c, const Kernel& kernel, int64_t batch) {
  std::mt19937 random(static_cast<uint32_t>(batch));
  std::vector<Array> operands;
  for (const NamedType& in : kernel.body.inputs) operands.push_back(operand_values(in.type, batch, random, c));
  return operands;
}

bool is_winograd(const LoadedKernel& kernel) {
  return kernel.schedule().rfind("F(", 0) == 0;
}

// On any target whose kernels run here.
void check(const KernelCase& c, const std::string& target, const Integers& result_tiles, const Integers& batches) {
  const Kernel kernel = make_kernel(c);
  std::vector<std::unique_ptr<LoadedKernel>> kernels;
  for (int64_t m : result_tiles) {
    kernels.push_back(std::make_unique<LoadedKernel>(kernel, target, ScheduleOptions{2, 32, {{"winograd", m}}}));
    ASSERT_TRUE(is_winograd(*kernels.back())) << c.name << ": " << kernels.back()->schedule();
  }
  for (int64_t batch : batches) {
    const std::vector<Array> operands = random_operands(c, kernel, batch);
    const Evaluation expected = interpret(kernel.body, batch, operands);
    for (const auto& loaded : kernels) {
      const std::vector<Array> forward = loaded->run(operands, batch, TaskOrder::kForward);
      const std::vector<Array> backward = loaded->run(operands, batch, TaskOrder::kBackward);
      for (size_t i = 0; i < forward.size(); ++i) {
        EXPECT_EQ(difference(forward[i], expected.outputs[i], 5e-6), "")
            << c.name << ", result " << i << ", batch " << batch << ", " << target << ", " << loaded->schedule();
        EXPECT_EQ(difference(backward[i], forward[i], 0), "") << c.name << " depends on the order of tasks";
      }
    }
  }
}

class Winograd : public ::testing::TestWithParam<WinogradCase> {};

std::string name_of_shape(const ::testing::TestParamInfo<WinogradCase>& info) {
  return info.param.name;
}

TEST_P(Winograd, AgreesWithTheInterpreter) {
  const Bodies bodies = bodies_of(GetParam());
  const Integers result_tiles = GetParam().taps == 3 ? Integers{2, 4} : Integers{2};
  check(bodies.forward, "host", result_tiles, {1, 5});
  check(bodies.input_grad, "host", result_tiles, {1, 5});
  if (has_weight_grad(GetParam())) check(bodies.weight_grad, "host", result_tiles, {1, 9});
}

TEST_P(Winograd, AgreesOnNarrowerMachines) {
  const Halide::Target host = Halide::get_host_target();
  if (host.arch != Halide::Target::X86 || !host.has_feature(Halide::Target::AVX2)) GTEST_SKIP();
  const Bodies bodies = bodies_of(GetParam());
  const Integers result_tile{GetParam().taps == 3 ? 4 : 2};
  check(bodies.forward, "x86-64-v2", result_tile, {3});
  check(bodies.input_grad, "x86-64-v3", result_tile, {3});
  if (has_weight_grad(GetParam())) check(bodies.weight_grad, "x86-64-v3", result_tile, {3});
}

// As all families' kernels: by default, with other choices, and as C++.
std::vector<KernelCase> usual_cases() {
  std::vector<KernelCase> cases;
  for (const WinogradCase& s : {WinogradCase{"Winograd", {13, 12}, 20, 32, 3, {1, 0}, {1, 1}},
                                WinogradCase{"WinogradFiveTaps", {10, 12}, 16, 20, 5, {2, 2}, {2, 2}}}) {
    const Bodies bodies = bodies_of(s);
    for (KernelCase c : {bodies.forward, bodies.input_grad, bodies.weight_grad}) {
      c.tolerance = 5e-6;
      c.batches = {1, 5};
      cases.push_back(c);
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Winograd, KernelTest, ::testing::ValuesIn(remembered(usual_cases())), test_name);
INSTANTIATE_TEST_SUITE_P(Shapes, Winograd, ::testing::ValuesIn(shapes()), name_of_shape);

// Tasks of several images, and of rows of one.
TEST(WinogradBatches, GiveTheSameBits) {
  for (const WinogradCase& s : {WinogradCase{"Small", {6, 7}, 32, 32, 3, {1, 1}, {1, 1}},
                                WinogradCase{"Large", {21, 90}, 32, 64, 3, {1, 1}, {1, 1}}})
    check_rows_of_batches(bodies_of(s).forward);
}

TEST(WinogradChoice, TakesLargeImagesAndMayBeRuledOut) {
  const WinogradCase large{"Large", {48, 48}, 64, 64, 3, {0, 0}, {0, 0}};
  const WinogradCase few{"FewChannels", {48, 48}, 3, 3, 3, {0, 0}, {0, 0}};
  const WinogradCase tiny{"Tiny", {3, 3}, 64, 64, 3, {0, 0}, {0, 0}};
  for (KernelCase Bodies::*part : {&Bodies::forward, &Bodies::input_grad, &Bodies::weight_grad}) {
    const auto takes = [&](const WinogradCase& s, const ScheduleOptions& options) {
      return is_winograd(LoadedKernel(make_kernel(bodies_of(s).*part), "host", options));
    };
    EXPECT_TRUE(takes(large, {2, 32}));
    EXPECT_FALSE(takes(large, {2, 32, {}, false}));
    EXPECT_FALSE(takes(large, {2, 32, {{"winograd", 4}}, false}));
    EXPECT_FALSE(takes(few, {2, 32}));
    EXPECT_FALSE(takes(tiny, {2, 32}));
  }
}

// Data on which errors show.
enum class Data { kNormal, kPositive, kAlternating, kLargeMean, kWideRange };

Array hard_values(const Type& type, int64_t batch, Data data, std::mt19937& random) {
  Array array = random_array(extents_of(type.shape, batch), random, -1, 1);
  if (type.rank() < 4) return array;
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> exponent(-4, 4);
  const bool image = type.shape[0].batched;
  const int64_t channels = type.shape.back().size, width = type.shape[type.rank() - 2].size;
  // Weights have their taps outermost: positions differ in steps of all their channels.
  const int64_t inner = image ? channels : channels * type.shape[2].size, across = image ? width : type.shape[1].size;
  for (size_t i = 0; i < array.values.size(); ++i) {
    double& v = array.values[i];
    v = normal(random);
    const int64_t position = static_cast<int64_t>(i) / inner, x = position % across, y = position / across;
    if (data == Data::kPositive) v = std::abs(v);
    if (data == Data::kAlternating) v = (x + y) % 2 == 0 ? std::abs(v) : -std::abs(v);
    if (data == Data::kLargeMean && image) v += 100;
    if (data == Data::kWideRange && image) v *= std::pow(10, exponent(random));
    v = static_cast<float>(v);
  }
  return array;
}

void check_errors(const KernelCase& c, int64_t m) {
  const Kernel kernel = make_kernel(c);
  const LoadedKernel loaded(kernel, "host", {2, 32, {{"winograd", m}}});
  ASSERT_TRUE(is_winograd(loaded));
  for (Data data : {Data::kNormal, Data::kPositive, Data::kAlternating, Data::kLargeMean, Data::kWideRange}) {
    std::mt19937 random(7);
    std::vector<Array> operands;
    for (const NamedType& in : kernel.body.inputs) operands.push_back(hard_values(in.type, 1, data, random));
    const Evaluation expected = interpret(kernel.body, 1, operands);
    const std::vector<Array> got = loaded.run(operands, 1);
    EXPECT_EQ(difference(got.back(), expected.outputs.back(), 1e-5), "")
        << c.name << ", " << loaded.schedule() << ", data " << static_cast<int>(data);
  }
}

TEST(WinogradErrors, StayBelowTheBound) {
  for (int64_t channels : {16, 128}) {
    const WinogradCase three{"Three", {6, 7}, channels, 16, 3, {0, 0}, {0, 0}};
    const WinogradCase five{"Five", {6, 7}, channels, 16, 5, {0, 0}, {0, 0}};
    for (int64_t m : {2, 4}) {
      check_errors(bodies_of(three).forward, m);
      check_errors(bodies_of(three).weight_grad, m);
    }
    check_errors(bodies_of(five).forward, 2);
  }
}

}  // namespace
}  // namespace kcc::testing
