// The functions of codegen/math.h against libm in double: error bounds over their ranges, and special values.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <tuple>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "tests/codegen/cpp_library.h"
#include "tests/codegen/kernel_runner.h"

namespace kcc::testing {
namespace {

struct Function {
  OpKind op;
  const char* name;
  double (*exact)(double);
  double ulp;  // bound
};

double exact_sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

const Function kFunctions[] = {
    {OpKind::kExp, "exp", std::exp, 1.1},    {OpKind::kExpm1, "expm1", std::expm1, 1.6},
    {OpKind::kLog, "log", std::log, 0.9},    {OpKind::kLog1p, "log1p", std::log1p, 2.6},
    {OpKind::kTanh, "tanh", std::tanh, 6.5}, {OpKind::kSigmoid, "sigmoid", exact_sigmoid, 2.6},
    {OpKind::kErf, "erf", std::erf, 6.6},    {OpKind::kSqrt, "sqrt", std::sqrt, 0.51},
};

void PrintTo(const Function& f, std::ostream* out) {
  *out << f.name;
}

// As an object and as C++, whose fused multiplications must not show.
enum class Form { kObject, kCpp, kCppFused };
using Parameter = std::tuple<Function, Form>;

class MathTest : public ::testing::TestWithParam<Parameter> {};

std::vector<Array> run(const Kernel& kernel, Form form, const std::vector<Array>& operands, int64_t batch) {
  if (form == Form::kObject) return LoadedKernel(kernel, "host", {}).run(operands, batch);
  return CppLibrary({kernel}, form == Form::kCpp ? "-O1" : "-O3 -march=native -ffp-contract=fast")
      .run(0, operands, batch);
}

std::vector<float> evaluate(OpKind op, Form form, const std::vector<float>& x) {
  Graph graph;
  Builder b{graph};
  ValueId in = input(b, "x", {DType::kF32, batched_shape({})});
  graph.outputs = {{"y", unary(b, op, in)}};
  Array values{{static_cast<int64_t>(x.size())}, {x.begin(), x.end()}};
  const Array y = run({Family::kPointwise, graph, -1, "kernel"}, form, {values}, static_cast<int64_t>(x.size()))[0];
  return std::vector<float>(y.values.begin(), y.values.end());
}

TEST_P(MathTest, StaysWithinItsErrorBound) {
  const auto& [f, form] = GetParam();
  std::vector<float> x;
  for (uint32_t bits = 0; bits < 0x7f800000u; bits += 3001) {
    x.push_back(std::bit_cast<float>(bits));
    x.push_back(-x.back());
  }
  for (int i = 0; i < 400000; ++i) x.push_back(-20.0f + 1e-4f * static_cast<float>(i));
  const std::vector<float> y = evaluate(f.op, form, x);
  double worst = 0;
  float where = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double exact = f.exact(x[i]);
    if (std::isnan(exact)) {
      EXPECT_TRUE(std::isnan(y[i])) << f.name << "(" << x[i] << ") = " << y[i];
      continue;
    }
    const float rounded = static_cast<float>(exact);
    if (rounded == y[i] || std::abs(exact) < 1.2e-38) continue;  // denormals may be flushed
    if (std::isinf(rounded) || std::isinf(y[i])) {
      ADD_FAILURE() << f.name << "(" << x[i] << ") = " << y[i] << ", exactly " << exact;
      continue;
    }
    const double ulp = std::ldexp(1.0, std::max(std::ilogb(exact), -126) - 23);
    const double error = std::abs(y[i] - exact) / ulp;
    if (error > worst) worst = error, where = x[i];
  }
  EXPECT_LE(worst, f.ulp) << f.name << " at " << where;
  if (std::getenv("KCC_SHOW")) printf("  %s: %.2f ulp at %g\n", f.name, worst, where);
}

TEST_P(MathTest, TreatsSpecialValuesAsLibm) {
  const auto& [f, form] = GetParam();
  const std::vector<float> x = {0.0f,   -0.0f,  kInf,    -kInf, kNan,  1.0f,   -1.0f,  3e38f,
                                -3e38f, 100.0f, -100.0f, 88.7f, 89.0f, -87.5f, 1e-30f, -1e-30f};
  const std::vector<float> y = evaluate(f.op, form, x);
  for (size_t i = 0; i < x.size(); ++i) {
    const float exact = static_cast<float>(f.exact(x[i]));
    const bool vanishes = exact == 0 || std::abs(exact) < 1.2e-38f;
    if (std::isnan(exact)) {
      EXPECT_TRUE(std::isnan(y[i])) << f.name << "(" << x[i] << ") = " << y[i];
    } else if (std::isinf(exact)) {
      EXPECT_EQ(y[i], exact) << f.name << "(" << x[i] << ")";
    } else {
      EXPECT_NEAR(y[i], exact, vanishes ? 1.2e-38 : 1e-6 * std::abs(exact)) << f.name << "(" << x[i] << ")";
    }
    if (x[i] == 0 && exact == 0) {
      EXPECT_EQ(std::signbit(y[i]), std::signbit(exact)) << f.name << "(" << x[i] << ")";
    }
  }
}

std::string parameter_name(const ::testing::TestParamInfo<Parameter>& info) {
  static constexpr const char* kForms[] = {"", "_cpp", "_cpp_fused"};
  return std::get<0>(info.param).name + std::string(kForms[static_cast<int>(std::get<1>(info.param))]);
}

INSTANTIATE_TEST_SUITE_P(Functions, MathTest,
                         ::testing::Combine(::testing::ValuesIn(kFunctions),
                                            ::testing::Values(Form::kObject, Form::kCpp, Form::kCppFused)),
                         parameter_name);

// Comparisons, selections and extrema must see NaN.
TEST(PointwiseKernel, LetsNanThrough) {
  Graph graph;
  Builder b{graph};
  ValueId x = input(b, "x", {DType::kF32, batched_shape({})}), y = input(b, "y", {DType::kF32, batched_shape({})});
  std::vector<ValueId> results = {relu(b, x),
                                  clip(b, x, -1, 1),
                                  binary(b, OpKind::kMax, x, y),
                                  binary(b, OpKind::kMin, x, y),
                                  cast(b, unary(b, OpKind::kIsNan, x), DType::kF32),
                                  mul(b, x, 0.0),
                                  sub(b, x, x),
                                  unary(b, OpKind::kSign, x)};
  for (ValueId r : results) graph.outputs.push_back({"r", r});
  const Array nans{{3}, {kNan, kNan, 2.0}}, other{{3}, {1.0, kNan, kNan}};
  for (Form form : {Form::kObject, Form::kCpp, Form::kCppFused}) {
    const std::vector<Array> got = run({Family::kPointwise, graph, -1, "kernel"}, form, {nans, other}, 3);
    for (size_t r : {0, 1, 2, 3, 5, 6, 7}) {
      EXPECT_TRUE(std::isnan(got[r].values[0])) << "result " << r;
      EXPECT_TRUE(std::isnan(got[r].values[1])) << "result " << r;
    }
    EXPECT_TRUE(std::isnan(got[2].values[2]) && std::isnan(got[3].values[2]));
    EXPECT_EQ(got[4].values, (std::vector<double>{1, 1, 0}));
  }
}

}  // namespace
}  // namespace kcc::testing
