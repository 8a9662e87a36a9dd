// Each rule of simplify on the smallest graph that shows it, and that the value stays the same.
#include "compiler/passes/simplify.h"

#include <gtest/gtest.h>

#include "compiler/ir/print.h"
#include "compiler/ops/elementwise.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/rows.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/decompose.h"
#include "compiler/passes/eliminate_dead.h"
#include "tests/support/interpreter.h"

namespace kcc::testing {
namespace {

struct Row {
  const char* name;
  ValueId (*build)(Builder& b, ValueId x);  // x: (B, 2, 3)
  size_t nodes;                             // left over
};

const Row kRows[] = {
    {"adding zero", [](Builder& b, ValueId x) { return add(b, x, 0.0); }, 1},
    {"multiplying by one", [](Builder& b, ValueId x) { return mul(b, constant(b, 1), x); }, 1},
    {"dividing by one", [](Builder& b, ValueId x) { return div(b, x, 1.0); }, 1},
    {"equal branches", [](Builder& b, ValueId x) { return select(b, greater(b, x, 0), x, x); }, 1},
    {"constants", [](Builder& b, ValueId x) { return mul(b, x, mul(b, constant(b, 2), constant(b, 3))); }, 4},
    {"equal subexpressions", [](Builder& b, ValueId x) { return add(b, neg(b, x), neg(b, x)); }, 3},
    {"transposes that cancel",
     [](Builder& b, ValueId x) {
       return transpose(b, transpose(b, x, {0, 2, 1}), {0, 2, 1});
     },
     1},
    {"a transpose that moves nothing",
     [](Builder& b, ValueId x) {
       return transpose(b, reshape(b, x, batched_shape({2, 1, 3})), {0, 2, 1, 3});
     },
     2},
    {"reshapes that cancel",
     [](Builder& b, ValueId x) {
       return reshape(b, reshape(b, x, batched_shape({6})), batched_shape({2, 3}));
     },
     1},
    {"kept dimensions", [](Builder& b, ValueId x) { return sub(b, x, reduce_max(b, x, {-1}, true)); }, 4},
    {"work before a view", [](Builder& b, ValueId x) { return neg(b, reshape(b, x, batched_shape({6}))); }, 3},
    {"a reduction over an extent of one",
     [](Builder& b, ValueId x) {
       return reduce_max(b, reshape(b, x, batched_shape({2, 1, 3})), {2});
     },
     1},
    {"a reduction over an extent of one and another",
     [](Builder& b, ValueId x) {
       return reduce_sum(b, reshape(b, x, batched_shape({2, 1, 3})), {2, 3});
     },
     2},
    {"a largest value of equal ones",
     [](Builder& b, ValueId x) {
       return reduce_max(b, broadcast_in_dims(b, x, batched_shape({4, 2, 3}), {0, 2, 3}), {1});
     },
     1},
    {"a sum of equal values",
     [](Builder& b, ValueId x) {
       return reduce_sum(b, broadcast_in_dims(b, x, batched_shape({4, 2, 3}), {0, 2, 3}), {1, 3});
     },
     5},
    {"a condition that is known",
     [](Builder& b, ValueId x) { return select(b, constant(b, 0, DType::kBool), neg(b, x), x); }, 1},
    {"gradients of slices that make up the whole",
     [](Builder& b, ValueId x) {
       const auto part = [&](int64_t k) { return slice(b, x, {0, 0, k}, {1, 2, 1}, {1, 1, 1}); };
       const auto padded = [&](int64_t k) { return pad(b, part(k), {0, 0, k}, {0, 0, 2 - k}, 0); };
       return add(b, add(b, padded(1), padded(2)), padded(0));
     },
     5},
    {"rows added up in another order",
     [](Builder& b, ValueId x) {
       const ValueId at = iota(b, Shape{{2, false}, {1, true}}, 0);
       return scatter_add(b, at, transpose(b, x, {1, 0, 2}), fixed_shape({2, 3}));
     },
     4},
    {"the gradient of what was rectified and dropped",
     [](Builder& b, ValueId x) {
       const ValueId zero = constant(b, 0.0), kept = less(b, x, 0.5), rectified = relu(b, x);
       const ValueId dropped = select(b, kept, mul(b, rectified, 2.0), zero);
       const ValueId gradient = mul(b, select(b, kept, neg(b, x), zero), 2.0);
       const ValueId flat = binary(b, OpKind::kLe, rectified, zero);
       return add(b, dropped, select(b, flat, zero, gradient));
     },
     16},
    {"softmax", [](Builder& b, ValueId x) { return softmax(b, x); }, 8},
};

TEST(Simplify, LeavesFewNodesAndTheSameValue) {
  std::mt19937 generator(1);
  for (const Row& row : kRows) {
    Graph graph;
    Builder b{graph};
    ValueId x = input(b, "x", {DType::kF32, batched_shape({2, 3})});
    graph.outputs = {{"y", row.build(b, x)}};
    const Graph simple = eliminate_dead(simplify(decompose(graph)));
    EXPECT_EQ(simple.nodes.size(), row.nodes) << row.name << "\n" << to_string(simple);
    const std::vector<Array> inputs{random_array({4, 2, 3}, generator)};
    const Array wanted = interpret(graph, 4, inputs).outputs[0], got = interpret(simple, 4, inputs).outputs[0];
    ASSERT_EQ(got.extents, wanted.extents) << row.name;
    for (size_t i = 0; i < wanted.values.size(); ++i) EXPECT_NEAR(got.values[i], wanted.values[i], 1e-12) << row.name;
  }
}

}  // namespace
}  // namespace kcc::testing
