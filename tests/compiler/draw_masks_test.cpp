// Which comparisons of random numbers become masks, and how often these hold.
#include "compiler/passes/draw_masks.h"

#include <gtest/gtest.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/random.h"
#include "compiler/passes/eliminate_dead.h"
#include "tests/support/interpreter.h"

namespace kcc::testing {
namespace {

int64_t masks_in(const Graph& graph) {
  int64_t masks = 0;
  for (const Node& node : graph.nodes) masks += node.op == OpKind::kRandomUniform && node.attrs.has("below");
  return masks;
}

struct Row {
  const char* name;
  ValueId (*build)(Builder& b, ValueId numbers);
  int64_t masks;
  double share;  // of the batch for which it holds
};

const Row kRows[] = {
    {"kept by dropout", [](Builder& b, ValueId u) { return binary(b, OpKind::kGe, u, constant(b, 0.25)); }, 1, 0.75},
    {"below", [](Builder& b, ValueId u) { return less(b, u, 0.1); }, 1, 0.1},
    {"rarer than 16 bits say", [](Builder& b, ValueId u) { return less(b, u, 0.001); }, 0, 0.001},
    {"a sure thing", [](Builder& b, ValueId u) { return binary(b, OpKind::kGe, u, constant(b, 0.0)); }, 0, 1},
    {"numbers that are read otherwise",
     [](Builder& b, ValueId u) { return binary(b, OpKind::kAnd, less(b, u, 0.5), greater(b, square(b, u), 0.04)); }, 0,
     0.3},
    {"two bounds", [](Builder& b, ValueId u) { return binary(b, OpKind::kAnd, less(b, u, 0.75), less(b, u, 0.5)); }, 2,
     0.5},
    {"between two bounds",
     [](Builder& b, ValueId u) { return binary(b, OpKind::kAnd, less(b, u, 0.75), greater(b, u, 0.5)); }, 0, 0.25},
};

TEST(DrawMasks, ComparisonsWithConstantsHoldAsOftenAsBefore) {
  constexpr int64_t kBatch = 1000;
  for (const Row& row : kRows) {
    Graph graph;
    Builder b{graph};
    const ValueId key = input(b, "key", {DType::kU32, fixed_shape({4})});
    graph.outputs = {{"y", row.build(b, random_uniform(b, key, batched_shape({5, 4}), 3))}};
    const Graph drawn = eliminate_dead(draw_masks(graph));
    EXPECT_EQ(masks_in(drawn), row.masks) << row.name;
    const Array y = interpret(drawn, kBatch, {{{4}, {7, 0, 1, 0}}}).outputs[0];
    ASSERT_EQ(y.extents, (std::vector<int64_t>{kBatch, 5, 4})) << row.name;
    double sum = 0;
    for (double value : y.values) sum += value;
    EXPECT_NEAR(sum / static_cast<double>(y.values.size()), row.share, 0.015) << row.name;
  }
}

TEST(DrawMasks, SixteenBitsMoveAProbabilityByLittle) {
  EXPECT_EQ(bernoulli_bound(0.5), 32768);
  EXPECT_EQ(bernoulli_bound(0.1), 6554);
  EXPECT_EQ(bernoulli_bound(0.9), 58982);
  EXPECT_EQ(bernoulli_bound(0.001), 0);
  EXPECT_EQ(bernoulli_bound(0.999), 0);
  EXPECT_EQ(bernoulli_bound(0), 0);
  EXPECT_EQ(bernoulli_bound(1), 0);
}

}  // namespace
}  // namespace kcc::testing
