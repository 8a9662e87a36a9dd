// The kernels of a recurrent step: a product whose gates are combined unit by unit, products with weights in panels,
// and element-wise work with concatenations beside it.
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/panels.h"
#include "compiler/ops/shape.h"
#include "tests/codegen/kernel_test.h"

namespace kcc::testing {
namespace {

ValueId gate(Body& f, ValueId z, int64_t k, int64_t units) {
  return slice(f.b, z, {0, k * units}, {1, units}, {1, 1});
}

// Weights (depth, gates * units), as they lie or in panels.
ValueId weights(Body& f, int64_t depth, int64_t gates, int64_t units, bool panels) {
  const int64_t lanes = panel_lanes(units, gates);
  return panels ? f.operand(fixed({units / lanes, depth, gates, lanes})) : f.operand(fixed({depth, gates * units}));
}

struct Size {
  int64_t depth, units;
  bool panels;
};

std::string text(const Size& s) {
  return std::to_string(s.depth) + "x" + std::to_string(s.units) + (s.panels ? "Panels" : "");
}

std::vector<KernelCase> gate_cases() {
  std::vector<KernelCase> cases;
  for (Size s : {Size{1, 1, false}, Size{5, 5, false}, Size{20, 20, false}, Size{32, 32, false}, Size{33, 40, false},
                 Size{64, 64, true}, Size{70, 48, true}, Size{17, 16, true}}) {
    const std::vector<int64_t> batches = {1, 3, 7, 33};
    cases.push_back(
        {"Lstm" + text(s), Family::kMatMul,
         [s](Body& f) {
           const ValueId h = f.operand(batched({s.depth})), w = weights(f, s.depth, 4, s.units, s.panels);
           const ValueId x = f.operand(batched({4 * s.units})), c = f.operand(batched({s.units}));
           const ValueId mask = f.operand(batched({}), DType::kBool);
           const ValueId z = add(f.b, x, f.anchored(matmul(f.b, h, w)));
           const ValueId i = unary(f.b, OpKind::kSigmoid, gate(f, z, 0, s.units));
           const ValueId keep = unary(f.b, OpKind::kSigmoid, gate(f, z, 1, s.units));
           const ValueId g = unary(f.b, OpKind::kTanh, gate(f, z, 2, s.units));
           const ValueId next = add(f.b, mul(f.b, keep, c), mul(f.b, i, g));
           const ValueId o = unary(f.b, OpKind::kSigmoid, gate(f, z, 3, s.units));
           const ValueId here = broadcast_in_dims(f.b, mask, Shape(f.b.shape(c)), {0});
           return std::vector<ValueId>{select(f.b, here, next, c), mul(f.b, o, unary(f.b, OpKind::kTanh, next)), i, g};
         },
         4e-6, batches});
    cases.push_back({"Gru" + text(s), Family::kMatMul,
                     [s](Body& f) {
                       const ValueId h = f.operand(batched({s.depth})), w = weights(f, s.depth, 3, s.units, s.panels);
                       const ValueId bias = f.operand(fixed({3 * s.units})), x = f.operand(batched({3 * s.units}));
                       const ValueId product = f.anchored(matmul(f.b, h, w));
                       const ValueId inner = add(f.b, product, broadcast_in_dims(f.b, bias, f.b.shape(product), {1}));
                       const auto both = [&](int64_t k) {
                         return add(f.b, gate(f, x, k, s.units), gate(f, inner, k, s.units));
                       };
                       const ValueId z = unary(f.b, OpKind::kSigmoid, both(0));
                       const ValueId r = unary(f.b, OpKind::kSigmoid, both(1)), last = gate(f, inner, 2, s.units);
                       const ValueId sum = add(f.b, gate(f, x, 2, s.units), mul(f.b, r, last));
                       return std::vector<ValueId>{mul(f.b, z, unary(f.b, OpKind::kTanh, sum)), r, last};
                     },
                     4e-6, batches});
    cases.push_back({"TwoGates" + text(s), Family::kMatMul,
                     [s](Body& f) {
                       const ValueId h = f.operand(batched({s.depth}));
                       const ValueId z = f.anchored(matmul(f.b, h, weights(f, s.depth, 2, s.units, s.panels)));
                       return std::vector<ValueId>{sub(f.b, gate(f, z, 1, s.units), relu(f.b, gate(f, z, 0, s.units)))};
                     },
                     4e-6, batches});
  }
  // As wide as the product: one gate, or several that nothing takes apart.
  for (const auto& [depth, gates, units] : {std::tuple{64, 1, 128}, {96, 1, 96}, {37, 1, 16}, {20, 4, 32}, {40, 3, 64}})
    cases.push_back({"Panels" + std::to_string(depth) + "x" + std::to_string(gates) + "x" + std::to_string(units),
                     Family::kMatMul,
                     [=](Body& f) {
                       const ValueId x = f.operand(batched({depth}));
                       return bias_relu(f, f.anchored(matmul(f.b, x, weights(f, depth, gates, units, true))));
                     },
                     4e-6,
                     {1, 3, 7, 33}});
  for (int64_t units : {1, 5, 20, 32, 48})
    cases.push_back({"BesideConcat" + std::to_string(units), Family::kPointwise,
                     [=](Body& f) {
                       const ValueId a = f.operand(batched({units})), b = f.operand(batched({units}));
                       const ValueId both = mul(f.b, a, b), one = sub(f.b, 1.0, both), two = add(f.b, both, a);
                       return std::vector<ValueId>{two, mul(f.b, two, b), concat(f.b, {one, two, both}, 1),
                                                   concat(f.b, {one, one, a}, 1)};
                     },
                     2e-6});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Gates, KernelTest, ::testing::ValuesIn(remembered(gate_cases())), test_name);

// A row is the same bits whether its tile is full or not.
TEST(GatesKernel, GivesRowsTheSameBitsInEveryBatch) {
  for (const KernelCase& c : gate_cases())
    if (c.name == "Lstm32x32" || c.name == "Lstm64x64Panels") check_rows_of_batches(c);
}

}  // namespace
}  // namespace kcc::testing
