// Gathers, which are pointwise, and scatters.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/shape.h"
#include "tests/codegen/kernel_test.h"

namespace kcc::testing {
namespace {

// Indices are 0 ... 9; tables of seven rows are shorter than that.
KernelCase gather_case(const std::string& name, const Shape& table, const Shape& indices) {
  return {name, Family::kPointwise, [=](Body& f) {
            return std::vector<ValueId>{gather(f.b, f.operand(table), f.operand(indices, DType::kI32))};
          }};
}

KernelCase scatter_case(const std::string& name, const Shape& table, const Shape& indices) {
  return {name, Family::kScatter, [=](Body& f) {
            Shape rows = indices;
            rows.insert(rows.end(), table.begin() + 1, table.end());
            ValueId at = f.operand(indices, DType::kI32);
            return std::vector<ValueId>{f.anchored(scatter_add(f.b, at, f.operand(rows), table))};
          }};
}

std::vector<KernelCase> index_cases() {
  const Shape by_time{{6, false}, {1, true}};
  return {
      gather_case("GatherRows", fixed({10, 37}), batched({5})),
      gather_case("GatherPastTheEnd", fixed({7, 16}), by_time),
      gather_case("GatherBlocks", fixed({10, 3, 4}), batched({})),
      gather_case("GatherScalars", fixed({10}), batched({3})),
      {"GatherTransposedAndScaled", Family::kPointwise,
       [](Body& f) {
         ValueId rows =
             gather(f.b, f.operand(fixed({10, 12})), transpose(f.b, f.operand(batched({5}), DType::kI32), {1, 0}));
         return std::vector<ValueId>{mul(f.b, rows, f.operand(fixed({12})))};
       }},
      {"GatherFromFloats", Family::kPointwise,
       [](Body& f) {
         ValueId at = cast(f.b, mul(f.b, f.operand(batched({4})), 10.0), DType::kI32);
         return std::vector<ValueId>{gather(f.b, f.operand(fixed({6, 9})), at)};
       }},
      scatter_case("ScatterRows", fixed({10, 37}), batched({5})),
      scatter_case("ScatterPastTheEnd", fixed({7, 16}), by_time),
      scatter_case("ScatterWide", fixed({10, 600}), batched({5})),
      scatter_case("ScatterBlocks", fixed({10, 3, 4}), by_time),
      scatter_case("ScatterScalars", fixed({10}), batched({3})),
      scatter_case("ScatterManyRows", fixed({300, 8}), batched({2})),
      scatter_case("ScatterTiles", fixed({90, 256}), batched({3})),
      {"ScatterInto", Family::kScatter,
       [](Body& f) {
         ValueId at = f.operand(batched({5}), DType::kI32), rows = f.operand(batched({5, 24}));
         ValueId w = f.operand(fixed({400, 24})), v = f.operand(fixed({400, 24}));
         ValueId gradient = f.anchored(scatter_add(f.b, at, rows, fixed({400, 24})));
         ValueId v2 = add(f.b, mul(f.b, v, 0.9), square(f.b, gradient));
         return std::vector<ValueId>{sub(f.b, w, mul(f.b, gradient, v2)), v2};
       }},
  };
}

INSTANTIATE_TEST_SUITE_P(Indices, KernelTest, ::testing::ValuesIn(remembered(index_cases())), test_name);

}  // namespace
}  // namespace kcc::testing
