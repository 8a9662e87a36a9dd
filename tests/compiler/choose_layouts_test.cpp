// How many transposes are left of small graphs whose images have their channels first, and that the values stay.
#include "compiler/passes/choose_layouts.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/ir/print.h"
#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/pool.h"
#include "compiler/ops/random.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/eliminate_dead.h"
#include "compiler/passes/simplify.h"
#include "tests/support/interpreter.h"

namespace kcc::testing {
namespace {

using Values = std::vector<ValueId>;

// The operands of every graph: a result that is computed channels last, an image that is given channels first, and
// one number a channel.
struct Operands {
  ValueId last;      // (B, 2, 3, 4)
  ValueId first;     // (B, 4, 2, 3)
  ValueId channels;  // (4)
  ValueId key;       // of random numbers
};

ValueId to_first(Builder& b, ValueId x) {
  return transpose(b, x, {0, 3, 1, 2});
}
ValueId to_last(Builder& b, ValueId x) {
  return transpose(b, x, {0, 2, 3, 1});
}
// What only a channels-last operation takes.
ValueId pooled(Builder& b, ValueId x) {
  return max_pool(b, to_last(b, x), {2, 2}, {{1, 1}, {1, 1}, {0, 0}, {0, 0}});
}
ValueId spread(Builder& b, ValueId channels, ValueId like) {
  return broadcast_in_dims(b, channels, Shape(b.shape(like)), {1});
}

struct Row {
  const char* name;
  Values (*build)(Builder& b, const Operands& x);
  int64_t transposes;
};

const Row kRows[] = {
    {"element-wise work",
     [](Builder& b, const Operands& x) -> Values { return {pooled(b, relu(b, mul(b, to_first(b, x.last), 2.0)))}; }, 0},
    {"a bias of channels",
     [](Builder& b, const Operands& x) -> Values {
       const ValueId y = to_first(b, x.last);
       return {pooled(b, add(b, y, spread(b, x.channels, y)))};
     },
     0},
    {"statistics of channels",
     [](Builder& b, const Operands& x) -> Values {
       const ValueId y = to_first(b, x.last);
       const ValueId centred = sub(b, y, spread(b, mean(b, y, {0, 2, 3}), y));
       return {pooled(b, centred), mean(b, square(b, centred), {0, 2, 3})};
     },
     0},
    {"the position of a maximum",
     [](Builder& b, const Operands& x) -> Values { return {cast(b, argmax(b, to_first(b, x.last), 1), DType::kF32)}; },
     0},
    {"kept dimensions in another order",
     [](Builder& b, const Operands& x) -> Values { return {reduce_sum(b, to_first(b, relu(b, x.last)), {0})}; }, 1},
    {"padding, slices, concatenation and turning round",
     [](Builder& b, const Operands& x) -> Values {
       ValueId y = pad(b, to_first(b, x.last), {0, 0, 1, 0}, {0, 0, 0, 2}, 0.5);
       y = slice(b, y, {0, 1, 0, 1}, {1, 3, 3, 2}, {1, 1, 1, 2});
       return {pooled(b, reverse(b, concat(b, {y, y}, 1), 2))};
     },
     0},
    {"an edge", [](Builder& b, const Operands& x) -> Values { return {relu(b, to_first(b, x.last))}; }, 1},
    {"beside an image that is given",
     [](Builder& b, const Operands& x) -> Values {
       const ValueId y = add(b, x.first, to_first(b, x.last));
       return {pooled(b, relu(b, y)), pooled(b, square(b, y))};
     },
     1},
    {"given, then flat",
     [](Builder& b, const Operands& x) -> Values {
       return {reshape(b, neg(b, to_last(b, x.first)), batched_shape({24}))};
     },
     1},
    {"a broadcast of two dimensions",
     [](Builder& b, const Operands& x) -> Values {
       const ValueId rows = reduce_sum(b, x.last, {2});  // (B, 2, 4)
       const ValueId turned = transpose(b, rows, {0, 2, 1});
       const ValueId y = to_first(b, x.last);
       return {pooled(b, mul(b, y, broadcast_in_dims(b, turned, Shape(b.shape(y)), {0, 1, 2})))};
     },
     0},
    {"random numbers, the same for all who read them",
     [](Builder& b, const Operands& x) -> Values {
       const ValueId numbers = random_uniform(b, x.key, Shape(b.shape(x.first)), 1);
       const ValueId one = to_last(b, mul(b, numbers, to_first(b, x.last)));
       const ValueId other = mul(b, to_last(b, numbers), x.last);
       return {sub(b, one, other)};
     },
     0},
};

int64_t transposes(const Graph& graph) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(),
                       [](const Node& node) { return node.op == OpKind::kTranspose; });
}

TEST(ChooseLayouts, LeavesFewTransposesAndTheSameValues) {
  std::mt19937 generator(1);
  for (const Row& row : kRows) {
    Graph graph;
    Builder b{graph};
    Operands x;
    const ValueId image = input(b, "last", {DType::kF32, batched_shape({2, 3, 4})});
    x.last = max_pool(b, image, {1, 1}, {{1, 1}, {1, 1}, {0, 0}, {0, 0}});
    x.first = input(b, "first", {DType::kF32, batched_shape({4, 2, 3})});
    x.channels = input(b, "channels", {DType::kF32, fixed_shape({4})});
    x.key = input(b, "key", {DType::kU32, fixed_shape({4})});
    const Values outputs = row.build(b, x);
    for (size_t i = 0; i < outputs.size(); ++i) graph.outputs.push_back({"y" + std::to_string(i), outputs[i]});
    const Graph simple = eliminate_dead(simplify(choose_layouts(simplify(graph))));
    EXPECT_EQ(transposes(simple), row.transposes) << row.name << "\n" << to_string(simple);
    const std::vector<Array> inputs{random_array({5, 2, 3, 4}, generator), random_array({5, 4, 2, 3}, generator),
                                    random_array({4}, generator), random_array({4}, generator, 0, 0)};
    const auto wanted = interpret(graph, 5, inputs).outputs, got = interpret(simple, 5, inputs).outputs;
    for (size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_EQ(got[i].extents, wanted[i].extents) << row.name;
      for (size_t k = 0; k < wanted[i].values.size(); ++k)
        EXPECT_NEAR(got[i].values[k], wanted[i].values[k], 1e-12) << row.name;
    }
  }
}

}  // namespace
}  // namespace kcc::testing
