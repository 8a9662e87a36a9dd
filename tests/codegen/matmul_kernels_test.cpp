// Products of matrices, one or a batch of them, in every form, with what follows them.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/matmul.h"
#include "tests/codegen/kernel_runner.h"
#include "tests/codegen/kernel_test.h"
#include "tests/support/interpreter.h"

namespace kcc::testing {
namespace {

std::vector<KernelCase> product_cases() {
  std::vector<KernelCase> cases;
  struct Size {
    int64_t k, n;
  };
  for (Size s : {Size{1, 1}, Size{3, 5}, Size{20, 64}, Size{64, 10}, Size{33, 17}, Size{64, 64}, Size{130, 96},
                 Size{700, 70}, Size{512, 512}}) {
    const std::string size = std::to_string(s.k) + "x" + std::to_string(s.n);
    const std::vector<int64_t> batches = {1, 3, 7, 33};
    cases.push_back({"NN" + size, Family::kMatMul,
                     [s](Body& f) {
                       ValueId x = f.operand(batched({s.k})), w = f.operand(fixed({s.k, s.n}));
                       return bias_relu(f, f.anchored(matmul(f.b, x, w)));
                     },
                     4e-6, batches});
    cases.push_back(
        {"NT" + size, Family::kMatMul,
         [s](Body& f) {
           ValueId g = f.operand(batched({s.n})), w = f.operand(fixed({s.k, s.n})), y = f.operand(batched({s.k}));
           ValueId dx = f.anchored(matmul(f.b, g, w, false, true));
           return std::vector<ValueId>{select(f.b, greater(f.b, y, 0), dx, constant(f.b, 0))};
         },
         4e-6, batches});
    cases.push_back({"TN" + size, Family::kMatMul,
                     [s](Body& f) {
                       ValueId x = f.operand(batched({s.k})), g = f.operand(batched({s.n})),
                               w = f.operand(fixed({s.k, s.n})), m = f.operand(fixed({s.k, s.n}));
                       ValueId dw = f.anchored(matmul(f.b, x, g, true, false));
                       ValueId m2 = add(f.b, mul(f.b, m, 0.9), dw);
                       return std::vector<ValueId>{sub(f.b, w, mul(f.b, m2, 0.1)), m2, dw};
                     },
                     4e-6, batches});
  }
  // A recurrent layer's weights: the depth is that of all steps.
  for (const auto& [steps, s] : {std::pair{int64_t{100}, Size{30, 128}}, std::pair{int64_t{64}, Size{65, 17}},
                                 std::pair{int64_t{401}, Size{7, 40}}, std::pair{int64_t{600}, Size{130, 70}}}) {
    cases.push_back({"TNOver" + std::to_string(steps) + "Steps", Family::kMatMul,
                     [s, steps = steps](Body& f) {
                       const auto rows = [&](int64_t n) { return f.operand(Shape{{steps, true}, {n, false}}); };
                       ValueId x = rows(s.k), g = rows(s.n), w = f.operand(fixed({s.k, s.n}));
                       ValueId dw = f.anchored(matmul(f.b, x, g, true, false));
                       return std::vector<ValueId>{sub(f.b, w, mul(f.b, dw, 0.1)), dw};
                     },
                     1e-5, steps == 100 ? std::vector<int64_t>{1, 33} : std::vector<int64_t>{1, 3}});
  }
  // Depths that are cut into chunks, or are not because no vector divides the columns.
  for (Size s : {Size{2048, 40}, Size{2300, 48}, Size{2048, 37}}) {
    cases.push_back({"NN" + std::to_string(s.k) + "x" + std::to_string(s.n),
                     Family::kMatMul,
                     [s](Body& f) {
                       ValueId x = f.operand(batched({s.k})), w = f.operand(fixed({s.k, s.n}));
                       return bias_relu(f, f.anchored(matmul(f.b, x, w)));
                     },
                     2e-5,
                     {1, 7}});
  }
  // Rows enough for panels and blocks of rows.
  for (const auto& [steps, s] : {std::pair{int64_t{50}, Size{130, 96}}, std::pair{int64_t{90}, Size{144, 70}},
                                 std::pair{int64_t{3}, Size{160, 80}}}) {
    for (bool turned : {false, true}) {
      cases.push_back({(turned ? "NTOver" : "NNOver") + std::to_string(steps) + "Steps",
                       Family::kMatMul,
                       [s, steps = steps, turned](Body& f) {
                         ValueId x = f.operand(Shape{{steps, true}, {s.k, false}});
                         ValueId w = f.operand(turned ? fixed({s.n, s.k}) : fixed({s.k, s.n}));
                         return bias_relu(f, f.anchored(matmul(f.b, x, w, false, turned)));
                       },
                       4e-6,
                       {1, 3}});
    }
  }
  // Whole numbers that depend on functions whose steps no compiler may reorder.
  cases.push_back({"Threshold",
                   Family::kMatMul,
                   [](Body& f) {
                     ValueId y = f.anchored(matmul(f.b, f.operand(batched({16})), f.operand(fixed({16, 5}))));
                     ValueId p = unary(f.b, OpKind::kSigmoid, y);
                     return std::vector<ValueId>{p, cast(f.b, greater(f.b, p, 0.3), DType::kI32)};
                   },
                   4e-6,
                   {1, 3, 33}});
  cases.push_back({"TT",
                   Family::kMatMul,
                   [](Body& f) {
                     return std::vector<ValueId>{
                         f.anchored(matmul(f.b, f.operand(fixed({19, 21})), f.operand(fixed({34, 19})), true, true))};
                   },
                   4e-6,
                   {1}});
  cases.push_back({"TTLong",
                   Family::kMatMul,
                   [](Body& f) {
                     return std::vector<ValueId>{
                         f.anchored(matmul(f.b, f.operand(fixed({150, 21})), f.operand(fixed({34, 150})), true, true))};
                   },
                   4e-6,
                   {1}});
  cases.push_back(
      {"FixedFixed",
       Family::kMatMul,
       [](Body& f) {
         return std::vector<ValueId>{f.anchored(matmul(f.b, f.operand(fixed({13, 19})), f.operand(fixed({19, 37}))))};
       },
       4e-6,
       {1}});
  cases.push_back({"BatchColumns", Family::kMatMul,
                   [](Body& f) {
                     return std::vector<ValueId>{f.anchored(
                         matmul(f.b, f.operand(fixed({13, 19})), f.operand({Dim{19, false}, Dim{1, true}})))};
                   },
                   4e-6});
  cases.push_back({"ManyRows", Family::kMatMul,
                   [](Body& f) {
                     return bias_relu(f, f.anchored(matmul(f.b, f.operand({Dim{50, true}, Dim{24, false}}),
                                                           f.operand(fixed({24, 48})))));
                   },
                   4e-6});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Products, KernelTest, ::testing::ValuesIn(remembered(product_cases())), test_name);

// (B, heads, M, K) x (B, heads, K, N) in every form, with an epilogue.
std::vector<KernelCase> batch_product_cases() {
  struct Sizes {
    int64_t m, k, n;
  };
  std::vector<KernelCase> cases;
  for (Sizes s :
       {Sizes{1, 1, 1}, Sizes{3, 5, 2}, Sizes{7, 16, 9}, Sizes{16, 24, 16}, Sizes{17, 33, 40}, Sizes{130, 20, 67}}) {
    for (int form = 0; form < 4; ++form) {
      const bool tx = form / 2 != 0, ty = form % 2 != 0;
      const std::string name = std::string(tx ? "T" : "N") + (ty ? "T" : "N") + std::to_string(s.m) + "x" +
                               std::to_string(s.k) + "x" + std::to_string(s.n);
      cases.push_back({"Batch" + name, Family::kBatchMatMul,
                       [=](Body& f) {
                         ValueId x = f.operand(tx ? batched({s.k, s.m}) : batched({s.m, s.k}));
                         ValueId y = f.operand(ty ? batched({s.n, s.k}) : batched({s.k, s.n}));
                         ValueId z = f.anchored(matmul(f.b, x, y, tx, ty));
                         return std::vector<ValueId>{mul(f.b, z, 0.5), relu(f.b, z)};
                       },
                       4e-6});
    }
  }
  cases.push_back({"BatchHeads", Family::kBatchMatMul,
                   [](Body& f) {
                     return std::vector<ValueId>{f.anchored(
                         matmul(f.b, f.operand(batched({3, 10, 8})), f.operand(batched({3, 12, 8})), false, true))};
                   },
                   4e-6});
  cases.push_back(
      {"BatchFixed",
       Family::kBatchMatMul,
       [](Body& f) {
         ValueId w = f.operand(fixed({5, 13, 17}));
         ValueId dw = f.anchored(matmul(f.b, f.operand(fixed({5, 9, 13})), f.operand(fixed({5, 9, 17})), true));
         return std::vector<ValueId>{sub(f.b, w, dw)};
       },
       4e-6,
       {1}});
  cases.push_back({"BatchDepth", Family::kBatchMatMul,
                   [](Body& f) {
                     const Shape x{Dim{4}, Dim{1, true}, Dim{6}}, y{Dim{4}, Dim{1, true}, Dim{20}};
                     return std::vector<ValueId>{f.anchored(matmul(f.b, f.operand(x), f.operand(y), true))};
                   },
                   4e-6});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(BatchProducts, KernelTest, ::testing::ValuesIn(remembered(batch_product_cases())), test_name);

// Other batches than the usual one have schedules of their own.
TEST(ProductKernel, AgreesWhateverTheUsualBatch) {
  for (bool transposed : {false, true}) {
    for (int64_t k : {70, 256}) {
      const KernelCase c{"Usual", Family::kMatMul, [=](Body& f) {
                           ValueId x = f.operand(batched({k}));
                           ValueId w = f.operand(transposed ? fixed({112, k}) : fixed({k, 112}));
                           return bias_relu(f, f.anchored(matmul(f.b, x, w, false, transposed)));
                         }};
      const Kernel kernel = make_kernel(c);
      for (const std::string target : {"host", "x86-64-v3", "x86-64-v2"}) {
        for (int64_t usual : {1, 16, 128}) {
          const LoadedKernel loaded(kernel, target, {2, usual});
          for (int64_t batch : {1, 5, 33}) {
            std::mt19937 random(7);
            std::vector<Array> operands;
            for (const NamedType& in : kernel.body.inputs)
              operands.push_back(operand_values(in.type, batch, random, c));
            const Array want = interpret(kernel.body, batch, operands).outputs[0];
            EXPECT_EQ(difference(loaded.run(operands, batch)[0], want, 4e-6), "")
                << (transposed ? "NT " : "NN ") << k << ", " << target << ", batch " << batch << ", "
                << loaded.schedule();
          }
        }
      }
    }
  }
}

// Few rows add up both halves of k at once.
TEST(ProductKernel, GivesRowsTheSameBitsInEveryBatch) {
  for (int64_t n : {10, 64, 70})
    check_rows_of_batches({"Dense" + std::to_string(n), Family::kMatMul, [n](Body& f) {
                             ValueId x = f.operand(batched({64})), w = f.operand(fixed({64, n}));
                             return bias_relu(f, f.anchored(matmul(f.b, x, w)));
                           }});
}

// Accumulations may be fast, but what follows must see NaN.
TEST(ProductKernel, LetsNanThroughItsEpilogue) {
  const KernelCase c{"Nan", Family::kMatMul, [](Body& f) {
                       ValueId x = f.operand(batched({24})), w = f.operand(fixed({24, 32}));
                       ValueId y = f.anchored(matmul(f.b, x, w));
                       return std::vector<ValueId>{unary(f.b, OpKind::kRelu, y), relu(f.b, y), clip(f.b, y, 0, 6),
                                                   binary(f.b, OpKind::kMax, y, constant(f.b, 0.0))};
                     }};
  const Kernel kernel = make_kernel(c);
  const LoadedKernel loaded(kernel, "host", {});
  for (int64_t rows : {5, 40}) {
    Array x = zeros({rows, 24}), w = zeros({24, 32});
    x.at({3, 7}) = std::nan("");
    const std::vector<Array> got = loaded.run({x, w}, rows);
    for (size_t r = 0; r < got.size(); ++r)
      for (int64_t n = 0; n < 32; ++n)
        EXPECT_TRUE(std::isnan(got[r].at({3, n})) && got[r].at({2, n}) == 0) << "result " << r << ", column " << n;
  }
}

}  // namespace
}  // namespace kcc::testing
