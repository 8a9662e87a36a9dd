// States updated in place: a new one takes the memory of the old one.
#include <gtest/gtest.h>

#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/reduce.h"
#include "tests/codegen/cpp_library.h"
#include "tests/codegen/kernel_case.h"
#include "tests/codegen/kernel_runner.h"
#include "tests/support/interpreter.h"

namespace kcc::testing {
namespace {

struct InPlaceCase {
  KernelCase kernel;
  std::vector<int> in_place;  // operand of each result
};

void PrintTo(const InPlaceCase& c, std::ostream* out) {
  *out << c.kernel.name;
}

class InPlaceTest : public ::testing::TestWithParam<InPlaceCase> {};

// A new state takes the memory of the old one: no element may be computed twice, nor read after it was written.
TEST_P(InPlaceTest, AgreesWithTheInterpreter) {
  const KernelCase& c = GetParam().kernel;
  const Kernel kernel = make_kernel(c);
  for (int level : {2, 0}) {
    const LoadedKernel loaded(kernel, "host", {level, 32});
    for (int64_t batch : c.batches) {
      std::mt19937 random(static_cast<uint32_t>(batch));
      std::vector<Array> operands;
      for (const NamedType& input : kernel.body.inputs)
        operands.push_back(operand_values(input.type, batch, random, c));
      const Evaluation expected = interpret(kernel.body, batch, operands);
      const std::vector<Array> got = loaded.run(operands, batch, TaskOrder::kForward, GetParam().in_place);
      for (size_t i = 0; i < got.size(); ++i)
        EXPECT_EQ(difference(got[i], expected.outputs[i], c.tolerance), "")
            << "result " << i << ", batch " << batch << ", " << loaded.schedule();
    }
  }
}

// w, m, v -> Adam's next ones.
std::vector<ValueId> adam(Body& f, ValueId w, ValueId m, ValueId v, ValueId g) {
  ValueId m2 = add(f.b, m, mul(f.b, sub(f.b, g, m), 0.1));
  ValueId v2 = add(f.b, v, mul(f.b, sub(f.b, square(f.b, g), v), 0.001));
  ValueId scale = add(f.b, unary(f.b, OpKind::kSqrt, unary(f.b, OpKind::kAbs, v2)), 1.0);
  return {sub(f.b, w, div(f.b, mul(f.b, m2, 0.01), scale)), m2, v2};
}

std::vector<InPlaceCase> in_place_cases() {
  std::vector<InPlaceCase> cases;
  for (int64_t n : {1, 15, 16, 17, 67, 40000}) {
    cases.push_back({{"Flat" + std::to_string(n),
                      Family::kPointwise,
                      [n](Body& f) {
                        const Shape shape = fixed({n});
                        ValueId w = f.operand(shape), m = f.operand(shape), v = f.operand(shape);
                        return adam(f, w, m, v, f.operand(shape));
                      },
                      2e-6,
                      {1}},
                     {0, 1, 2}});
    cases.push_back({{"Bias" + std::to_string(n),
                      Family::kReduction,
                      [n](Body& f) {
                        const Shape shape = fixed({n});
                        ValueId w = f.operand(shape), m = f.operand(shape), v = f.operand(shape);
                        return adam(f, w, m, v, f.anchored(reduce_sum(f.b, f.operand(batched({n})), {0})));
                      },
                      4e-6,
                      {1, 5, 64}},
                     {0, 1, 2}});
  }
  struct Size {
    int64_t k, n;
  };
  for (Size s : {Size{1, 1}, Size{20, 64}, Size{64, 10}, Size{33, 17}, Size{130, 96}, Size{67, 50}, Size{9, 200}}) {
    cases.push_back({{"Product" + std::to_string(s.k) + "x" + std::to_string(s.n),
                      Family::kMatMul,
                      [s](Body& f) {
                        const Shape shape = fixed({s.k, s.n});
                        ValueId w = f.operand(shape), m = f.operand(shape), v = f.operand(shape);
                        return adam(
                            f, w, m, v,
                            f.anchored(matmul(f.b, f.operand(batched({s.k})), f.operand(batched({s.n})), true, false)));
                      },
                      6e-6,
                      {1, 7, 64}},
                     {0, 1, 2}});
  }
  for (Size s : {Size{3, 1}, Size{10, 37}, Size{300, 64}, Size{90, 256}}) {
    cases.push_back({{"Rows" + std::to_string(s.k) + "x" + std::to_string(s.n),
                      Family::kScatter,
                      [s](Body& f) {
                        const Shape shape = fixed({s.k, s.n});
                        ValueId w = f.operand(shape), m = f.operand(shape), v = f.operand(shape);
                        ValueId at = f.operand(batched({4}), DType::kI32);
                        return adam(f, w, m, v, f.anchored(scatter_add(f.b, at, f.operand(batched({4, s.n})), shape)));
                      },
                      4e-6,
                      {1, 7, 64}},
                     {0, 1, 2}});
  }
  for (Size s : {Size{3, 1}, Size{10, 37}, Size{300, 64}, Size{90, 256}}) {
    cases.push_back({{"UsedRows" + std::to_string(s.k) + "x" + std::to_string(s.n),
                      Family::kScatter,
                      [s](Body& f) {
                        const Shape shape = fixed({s.k, s.n});
                        ValueId w = f.operand(shape), at = f.operand(batched({4}), DType::kI32);
                        ValueId g = f.anchored(scatter_add(f.b, at, f.operand(batched({4, s.n})), shape));
                        f.b.graph.nodes[static_cast<size_t>(g)].attrs.set("used_rows", int64_t{1});
                        ValueId sums = f.operand(shape), more = add(f.b, sums, square(f.b, g));
                        ValueId scale = add(f.b, unary(f.b, OpKind::kAbs, more), 1.0);
                        return std::vector<ValueId>{sub(f.b, w, div(f.b, g, scale)), more};
                      },
                      4e-6,
                      {1, 7, 64}},
                     {0, 3}});
  }
  for (Size s : {Size{1, 1}, Size{3, 32}, Size{6, 20}, Size{5, 17}, Size{16, 48}}) {
    cases.push_back({{"Convolution" + std::to_string(s.k) + "x" + std::to_string(s.n),
                      Family::kConvWeightGrad,
                      [s](Body& f) {
                        const Shape shape = fixed({3, 3, s.k, s.n});
                        const std::vector<int64_t> ones(2, 1);
                        ValueId w = f.operand(shape), m = f.operand(shape), v = f.operand(shape);
                        ValueId g = f.b.node(OpKind::kConvWeightGrad,
                                             {f.operand(batched({9, 10, s.k})), f.operand(batched({9, 10, s.n}))},
                                             {{"strides", ones},
                                              {"dilations", ones},
                                              {"low", ones},
                                              {"high", ones},
                                              {"groups", int64_t{1}},
                                              {"shape", shape}});
                        return adam(f, w, m, v, f.anchored(g));
                      },
                      6e-6,
                      {1, 6}},
                     {0, 1, 2}});
  }
  cases.push_back({{"Total",
                    Family::kReduction,
                    [](Body& f) {
                      ValueId total = f.operand({}), count = f.operand({});
                      ValueId x = f.operand(batched({})), w = f.operand(batched({}));
                      return std::vector<ValueId>{add(f.b, total, f.anchored(reduce_sum(f.b, mul(f.b, x, w), {0}))),
                                                  add(f.b, count, reduce_sum(f.b, w, {0}))};
                    },
                    2e-6,
                    {1, 33},
                    0,
                    1},
                   {0, 1}});
  return cases;
}

TEST(CppInPlace, AgreesWithTheInterpreter) {
  const std::vector<InPlaceCase> cases = in_place_cases();
  std::vector<Kernel> kernels;
  for (const InPlaceCase& c : cases) kernels.push_back(make_kernel(c.kernel));
  const CppLibrary library(kernels, "-O2 -march=native -ffp-contract=fast");
  for (size_t k = 0; k < cases.size(); ++k) {
    const KernelCase& c = cases[k].kernel;
    for (int64_t batch : c.batches) {
      std::mt19937 random(static_cast<uint32_t>(batch));
      std::vector<Array> operands;
      for (const NamedType& input : kernels[k].body.inputs)
        operands.push_back(operand_values(input.type, batch, random, c));
      const Evaluation expected = interpret(kernels[k].body, batch, operands);
      const std::vector<Array> got = library.run(k, operands, batch, cases[k].in_place);
      for (size_t i = 0; i < got.size(); ++i)
        EXPECT_EQ(difference(got[i], expected.outputs[i], c.tolerance), "")
            << c.name << ", result " << i << ", batch " << batch << "\n"
            << library.text(k);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(States, InPlaceTest, ::testing::ValuesIn(in_place_cases()),
                         [](const auto& info) { return info.param.kernel.name; });

}  // namespace
}  // namespace kcc::testing
