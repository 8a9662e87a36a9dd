// The gradient rule of every operation against central differences, and at ties and kinks against what Keras does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "compiler/ops/conv.h"
#include "compiler/ops/elementwise.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/op.h"
#include "compiler/ops/pool.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/rows.h"
#include "compiler/ops/shape.h"
#include "tests/support/finite_differences.h"
#include "tests/support/interpreter.h"

namespace kcc::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Pointwise;
using Ints = std::vector<int64_t>;
using Inputs = std::vector<ValueId>;

constexpr int64_t kBatch = 2;
constexpr double kTolerance = 1e-6;

struct Row {
  std::string name;
  std::vector<Shape> inputs;
  BuildFunction build;
  double low = -2, high = 2;  // the range of the inputs
};

Shape batched(const Ints& sizes) {
  return batched_shape(sizes);
}
Shape fixed(const Ints& sizes) {
  return fixed_shape(sizes);
}

Row of_one(const std::string& name, OpKind op, double low = -2, double high = 2) {
  return {name, {batched({5})}, [op](Builder& b, const Inputs& x) { return unary(b, op, x[0]); }, low, high};
}

Row of_two(const std::string& name, OpKind op, const Shape& x, const Shape& y, double low = -2, double high = 2) {
  return {name, {x, y}, [op](Builder& b, const Inputs& in) { return binary(b, op, in[0], in[1]); }, low, high};
}

Row conv_row(const std::string& name, const Ints& image, const Ints& kernel, const Window& window, int64_t groups = 1) {
  const auto build = [=](Builder& b, const Inputs& in) { return conv(b, in[0], in[1], window, groups); };
  return {name, {batched(image), fixed(kernel)}, build};
}

// image: of the result
Row transposed_row(const std::string& name, const Ints& given, const Ints& kernel, const Window& window,
                   const Ints& image) {
  const auto build = [=](Builder& b, const Inputs& in) {
    return conv_transpose(b, in[0], in[1], window, batched(image));
  };
  return {name, {batched(given), fixed(kernel)}, build};
}

Row pool_row(const std::string& name, bool max, const Ints& image, const Ints& size, const Window& window) {
  const auto build = [=](Builder& b, const Inputs& in) {
    return max ? max_pool(b, in[0], size, window) : avg_pool(b, in[0], size, window);
  };
  return {name, {batched(image)}, build};
}

Row reduce_row(const std::string& name, OpKind op, const Ints& axes, bool keep) {
  const auto build = [=](Builder& b, const Inputs& in) { return reduce(b, op, in[0], axes, keep); };
  return {name, {batched({3, 4})}, build};
}

Row matmul_row(bool tx, bool ty) {
  const auto build = [=](Builder& b, const Inputs& in) { return matmul(b, in[0], in[1], tx, ty); };
  return {std::string("matmul") + (tx ? " transposed x" : "") + (ty ? " transposed y" : ""),
          {tx ? fixed({4, 3}) : batched({4}), ty ? fixed({5, 4}) : fixed({4, 5})},
          build};
}

Row batch_matmul_row(bool tx, bool ty) {
  const auto build = [=](Builder& b, const Inputs& in) { return matmul(b, in[0], in[1], tx, ty); };
  return {std::string("matmul of each sample") + (tx ? " transposed x" : "") + (ty ? " transposed y" : ""),
          {tx ? batched({2, 4, 3}) : batched({2, 3, 4}), ty ? batched({2, 5, 4}) : batched({2, 4, 5})},
          build};
}

// An operation whose first operand alone is differentiated, built by a function of one value.
template <typename Build>
Row on(const std::string& name, const Shape& shape, Build build, double low = -2, double high = 2) {
  return {name, {shape}, [build](Builder& b, const Inputs& in) { return build(b, in[0]); }, low, high};
}

std::vector<Row> elementwise_rows() {
  return {
      of_one("neg", OpKind::kNeg),
      of_one("abs", OpKind::kAbs),
      of_one("exp", OpKind::kExp),
      of_one("expm1", OpKind::kExpm1),
      of_one("log", OpKind::kLog, 0.2, 3),
      of_one("log1p", OpKind::kLog1p, -0.7, 3),
      of_one("sqrt", OpKind::kSqrt, 0.2, 3),
      of_one("rsqrt", OpKind::kRsqrt, 0.2, 3),
      of_one("tanh", OpKind::kTanh),
      of_one("sigmoid", OpKind::kSigmoid, -5, 5),
      of_one("erf", OpKind::kErf),
      of_one("sin", OpKind::kSin, -4, 4),
      of_one("cos", OpKind::kCos, -4, 4),
      of_two("add", OpKind::kAdd, batched({3}), batched({3})),
      of_two("add stretches a row", OpKind::kAdd, batched({3, 4}), fixed({4})),
      of_two("add stretches a column", OpKind::kAdd, fixed({3, 1}), fixed({1, 4})),
      of_two("sub", OpKind::kSub, batched({3}), fixed({})),
      of_two("mul", OpKind::kMul, batched({3}), batched({3})),
      of_two("mul stretches over the batch", OpKind::kMul, fixed({3}), batched({3})),
      of_two("div", OpKind::kDiv, batched({3}), fixed({3}), 0.5, 3),
      of_two("pow", OpKind::kPow, batched({3}), batched({3}), 0.3, 3),
      of_two("max", OpKind::kMax, batched({3}), fixed({3})),
      of_two("min", OpKind::kMin, batched({3}), fixed({3})),
      on("cast", batched({3}),
         [](Builder& b, ValueId x) {
           return b.node(OpKind::kCast, {x}, {{"dtype", "f32"}});
         }),
      on("relu", batched({6}), relu),
      on("clip", batched({6}), [](Builder& b, ValueId x) { return clip(b, x, -0.61, 0.93); }),
      on("x used three times", batched({3}), [](Builder& b, ValueId x) { return mul(b, square(b, x), x); }),
      {"select",
       {batched({4}), batched({4}), fixed({4})},
       [](Builder& b, const Inputs& in) { return select(b, greater(b, in[0], 0.0), in[1], mul(b, in[2], in[0])); }},
  };
}

std::vector<Row> movement_rows() {
  return {
      on("broadcast into new dimensions", fixed({3}),
         [](Builder& b, ValueId x) {
           return broadcast_in_dims(b, x, batched({3, 2}), {1});
         }),
      on("broadcast stretches ones", fixed({1, 3}),
         [](Builder& b, ValueId x) {
           return broadcast_in_dims(b, x, batched({3, 4}), {0, 1});
         }),
      on("broadcast a scalar", fixed({}), [](Builder& b, ValueId x) { return broadcast_to(b, x, batched({2})); }),
      on("reshape", batched({2, 6}),
         [](Builder& b, ValueId x) {
           return reshape(b, x, batched({3, 4}));
         }),
      on("reshape folds the batch", batched({2, 3}),
         [](Builder& b, ValueId x) {
           return reshape(b, x, Shape{{2, true}, {3, false}});
         }),
      on("transpose", batched({2, 3}),
         [](Builder& b, ValueId x) {
           return transpose(b, x, {2, 0, 1});
         }),
      on("slice", batched({5, 4}),
         [](Builder& b, ValueId x) {
           return slice(b, x, {0, 1, 2}, {1, 3, 2}, {1, 1, 1});
         }),
      on("slice with strides", batched({7, 6}),
         [](Builder& b, ValueId x) {
           return slice(b, x, {0, 1, 0}, {1, 3, 2}, {1, 2, 4});
         }),
      on("slice with a stride past the end", batched({5, 2}),
         [](Builder& b, ValueId x) {
           return slice(b, x, {0, 1, 0}, {1, 2, 2}, {1, 3, 1});
         }),
      on("slice of nothing left out", batched({3}),
         [](Builder& b, ValueId x) {
           return slice(b, x, {0, 0}, {1, 3}, {1, 1});
         }),
      on("pad", batched({2, 3}),
         [](Builder& b, ValueId x) {
           return pad(b, x, {0, 1, 0}, {0, 2, 3}, 0.5);
         }),
      on("gather", fixed({3, 2}),
         [](Builder& b, ValueId x) {
           return gather(b, x, iota(b, fixed({2, 5}), 1));  // past the end: the last row
         }),
      on("scatter add", fixed({4, 2}),
         [](Builder& b, ValueId x) {
           return scatter_add(b, cast(b, mul(b, cast(b, iota(b, fixed({4}), 0), DType::kF32), 0.6), DType::kI32), x,
                              fixed({3, 2}));
         }),
      on("reverse", batched({2, 3}), [](Builder& b, ValueId x) { return reverse(b, x, 1); }),
      {"concat",
       {batched({2, 3}), batched({1, 3}), batched({4, 3})},
       [](Builder& b, const Inputs& in) { return concat(b, in, 1); }},
      {"concat of the same value",
       {batched({2}), batched({3})},
       [](Builder& b, const Inputs& in) {
         return concat(b, {in[0], in[1], in[0]}, -1);
       }},
  };
}

std::vector<Row> reduction_rows() {
  return {
      reduce_row("sum of the last", OpKind::kReduceSum, {-1}, false),
      reduce_row("sum of the batch", OpKind::kReduceSum, {0}, true),
      reduce_row("sum of all", OpKind::kReduceSum, {0, 1, 2}, false),
      reduce_row("max of the last", OpKind::kReduceMax, {2}, false),
      reduce_row("max of the outer two", OpKind::kReduceMax, {0, 1}, true),
      reduce_row("min of the middle", OpKind::kReduceMin, {1}, false),
      on("mean of the last", batched({4}), [](Builder& b, ValueId x) { return mean(b, x, {1}); }),
      on("mean of all", batched({4}), [](Builder& b, ValueId x) { return mean(b, x); }),
      on("softmax", batched({5}), softmax),
      on("softmax of a volume", batched({3, 4}), softmax),
      on("log softmax", batched({5}), log_softmax),
      on("normalize over the last", batched({5}), [](Builder& b, ValueId x) { return normalize(b, x, {1}, 1e-3); }),
      on("normalize over batch and space", batched({3, 4}),
         [](Builder& b, ValueId x) {
           return normalize(b, x, {0, 1}, 1e-3);
         }),
  };
}

std::vector<Row> window_rows() {
  return {
      matmul_row(false, false),
      matmul_row(true, false),
      matmul_row(false, true),
      matmul_row(true, true),
      batch_matmul_row(false, false),
      batch_matmul_row(true, false),
      batch_matmul_row(false, true),
      batch_matmul_row(true, true),
      conv_row("conv", {5, 4, 2}, {3, 2, 2, 3}, {{1, 1}, {1, 1}, {0, 0}, {0, 0}}),
      conv_row("conv with strides", {6, 5, 2}, {3, 2, 2, 2}, {{2, 3}, {1, 1}, {0, 0}, {0, 0}}),
      conv_row("conv with uneven padding", {5, 5, 1}, {3, 4, 1, 2}, {{1, 1}, {1, 1}, {1, 1}, {1, 2}}),
      conv_row("conv with strides and padding", {5, 6, 2}, {3, 3, 2, 2}, {{2, 2}, {1, 1}, {1, 0}, {1, 1}}),
      conv_row("conv with a stride over its kernel", {5, 7, 1}, {1, 2, 1, 2}, {{2, 3}, {1, 1}, {0, 0}, {0, 0}}),
      conv_row("conv with dilation", {6, 7, 1}, {3, 2, 1, 2}, {{1, 1}, {2, 3}, {1, 0}, {2, 1}}),
      transposed_row("transposed conv", {3, 4, 2}, {3, 2, 3, 2}, {{1, 1}, {1, 1}, {0, 0}, {0, 0}}, {5, 5, 3}),
      transposed_row("transposed conv with strides", {2, 3, 2}, {3, 2, 1, 2}, {{2, 3}, {1, 1}, {1, 0}, {0, -1}},
                     {4, 9, 1}),
      transposed_row("transposed conv with dilation", {4, 2}, {3, 1, 2}, {{1}, {2}, {1}, {1}}, {6, 1}),
      conv_row("conv in groups", {4, 4, 4}, {2, 2, 2, 6}, {{1, 1}, {1, 1}, {0, 0}, {0, 0}}, 2),
      conv_row("depthwise conv", {4, 4, 3}, {3, 3, 1, 3}, {{1, 1}, {1, 1}, {1, 1}, {1, 1}}, 3),
      conv_row("conv over a line", {7, 2}, {3, 2, 3}, {{2}, {1}, {1}, {1}}),
      conv_row("conv over a volume", {3, 3, 3, 1}, {2, 2, 2, 1, 2}, {{1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {1, 0, 0}}),
      pool_row("max pool", true, {4, 4, 2}, {2, 2}, {{2, 2}, {1, 1}, {0, 0}, {0, 0}}),
      pool_row("max pool with overlap", true, {5, 5, 1}, {3, 2}, {{1, 2}, {1, 1}, {0, 0}, {0, 0}}),
      pool_row("max pool with padding", true, {5, 4, 1}, {3, 3}, {{2, 2}, {1, 1}, {1, 0}, {1, 1}}),
      pool_row("max pool leaves a rest", true, {5, 7, 1}, {2, 2}, {{2, 3}, {1, 1}, {0, 0}, {0, 0}}),
      pool_row("max pool of a line", true, {7, 2}, {2}, {{2}, {1}, {0}, {0}}),
      pool_row("avg pool", false, {4, 4, 2}, {2, 2}, {{2, 2}, {1, 1}, {0, 0}, {0, 0}}),
      pool_row("avg pool with overlap", false, {5, 5, 1}, {3, 2}, {{1, 2}, {1, 1}, {0, 0}, {0, 0}}),
      pool_row("avg pool with padding", false, {5, 4, 1}, {3, 3}, {{2, 2}, {1, 1}, {1, 0}, {1, 1}}),
      pool_row("avg pool of a volume", false, {3, 2, 4, 1}, {2, 2, 2}, {{1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}}),
  };
}

std::vector<Row> rows() {
  std::vector<Row> all;
  for (auto family : {elementwise_rows, movement_rows, reduction_rows, window_rows}) {
    for (Row& row : family()) all.push_back(std::move(row));
  }
  return all;
}

TEST(Gradient, IsThatOfCentralDifferences) {
  for (const Row& row : rows()) {
    const std::vector<Array> at = distinct_arrays(row.inputs, kBatch, row.low, row.high);
    EXPECT_LE(gradient_error(row.inputs, row.build, at, kBatch), kTolerance) << row.name;
  }
}

TEST(Gradient, OfEveryOperationHasARow) {
  std::set<std::string> seen;
  for (const Row& row : rows()) {
    Graph graph;
    Builder b{graph};
    Inputs inputs;
    for (const Shape& shape : row.inputs) {
      inputs.push_back(b.node(OpKind::kState, {}, {{"index", int64_t{0}}, {"dtype", "f32"}, {"shape", shape}}));
    }
    row.build(b, inputs);
    for (const Node& node : graph.nodes) seen.insert(info(node.op).name);
  }
  for (const char* loop : {"scan", "result"}) seen.insert(loop);  // scan_test.cpp
  for (int op = 0; op < static_cast<int>(OpKind::kCount); ++op) {
    const OpInfo& operation = info(static_cast<OpKind>(op));
    EXPECT_TRUE(!operation.gradient || seen.count(operation.name) == 1) << operation.name;
  }
}

// Where a function has a kink or a tie, every result element weighted with 1.
struct TieRow {
  std::string name;
  std::vector<Shape> inputs;
  BuildFunction build;
  std::vector<Array> at;
  std::vector<std::vector<double>> gradients;  // by input
};

std::vector<TieRow> tie_rows() {
  const auto of = [](OpKind op) { return [op](Builder& b, const Inputs& in) { return binary(b, op, in[0], in[1]); }; };
  const auto pool = [](const Ints& size, const Window& window) {
    return [=](Builder& b, const Inputs& in) { return max_pool(b, in[0], size, window); };
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  return {
      {"relu is flat at 0",
       {fixed({4})},
       [](Builder& b, const Inputs& in) { return relu(b, in[0]); },
       {{{4}, {-1, 0, -0.0, 2}}},
       {{0, 0, 0, 1}}},
      {"abs is flat at 0",
       {fixed({3})},
       [](Builder& b, const Inputs& in) { return unary(b, OpKind::kAbs, in[0]); },
       {{{3}, {-3, 0, 3}}},
       {{-1, 0, 1}}},
      {"clip lets its bounds through",
       {fixed({5})},
       [](Builder& b, const Inputs& in) { return clip(b, in[0], -1, 2); },
       {{{5}, {-2, -1, 0, 2, 3}}},
       {{0, 1, 1, 1, 0}}},
      {"equal operands of max share",
       {fixed({3}), fixed({3})},
       of(OpKind::kMax),
       {{{3}, {1, 2, 3}}, {{3}, {2, 2, 2}}},
       {{0, 0.5, 1}, {1, 0.5, 0}}},
      {"equal operands of min share",
       {fixed({3}), fixed({3})},
       of(OpKind::kMin),
       {{{3}, {1, 2, 3}}, {{3}, {2, 2, 2}}},
       {{1, 0.5, 0}, {0, 0.5, 1}}},
      {"equal elements of a maximum share",
       {fixed({2, 4})},
       [](Builder& b, const Inputs& in) { return reduce_max(b, in[0], {1}); },
       {{{2, 4}, {5, 5, 1, 5, 0, 0, 0, 0}}},
       {{1 / 3.0, 1 / 3.0, 0, 1 / 3.0, 0.25, 0.25, 0.25, 0.25}}},
      {"max pool gives all to the first",
       {fixed({1, 2, 2, 1})},
       pool({2, 2}, {{2, 2}, {1, 1}, {0, 0}, {0, 0}}),
       {{{1, 2, 2, 1}, {3, 7, 7, 7}}},
       {{0, 1, 0, 0}}},
      {"max pool of zeros",
       {fixed({1, 2, 4, 1})},
       pool({2, 2}, {{2, 2}, {1, 1}, {0, 0}, {0, 0}}),
       {{{1, 2, 4, 1}, {0, 0, 0, 0, 0, 0, 0, 0}}},
       {{1, 0, 1, 0, 0, 0, 0, 0}}},
      {"overlapping max pools add up",
       {fixed({1, 4, 1})},
       pool({2}, {{1}, {1}, {0}, {0}}),
       {{{1, 4, 1}, {1, 4, 4, 4}}},
       {{0, 2, 1, 0}}},
      {"padding never wins a max pool",
       {fixed({1, 2, 1})},
       pool({3}, {{1}, {1}, {1}, {1}}),
       {{{1, 2, 1}, {-5, -5}}},
       {{2, 0}}},
      {"pow of a negative base ignores its exponent",
       {fixed({2}), fixed({2})},
       of(OpKind::kPow),
       {{{2}, {-2, 0}}, {{2}, {3, 2}}},
       {{12, 0}, {0, 0}}},
      {"relu keeps NaN",
       {fixed({1})},
       [](Builder& b, const Inputs& in) { return mul(b, relu(b, in[0]), in[0]); },
       {{{1}, {nan}}},
       {{nan}}},
  };
}

TEST(Gradient, AtTiesIsThatOfKeras) {
  for (const TieRow& row : tie_rows()) {
    const Graph graph = differentiated(row.inputs, row.build);
    std::vector<Array> values = row.at;
    Array ones = zeros(extents_of(graph.inputs.back().type.shape, 1));
    for (double& one : ones.values) one = 1;
    values.push_back(ones);
    const std::vector<Array> outputs = interpret(graph, 1, values).outputs;
    for (size_t i = 0; i < row.gradients.size(); ++i) {
      EXPECT_THAT(outputs[i + 1].values, Pointwise(::testing::NanSensitiveDoubleEq(), row.gradients[i])) << row.name;
    }
  }
}

TEST(Gradient, OfAnUnusedInputIsZero) {
  const Graph graph = differentiated({fixed({2}), fixed({3})}, [](Builder&, const Inputs& in) { return in[0]; });
  const std::vector<Array> outputs = interpret(graph, 1, {Array{{2}, {1, 2}}, zeros({3}), Array{{2}, {5, 6}}}).outputs;
  EXPECT_THAT(outputs[1].values, ElementsAre(5, 6));
  EXPECT_THAT(outputs[2].values, ElementsAre(0, 0, 0));
}

TEST(Gradient, DoesNotPassThroughIntegers) {
  const Graph graph = differentiated({fixed({3})}, [](Builder& b, const Inputs& in) {
    return add(b, cast(b, argmax(b, in[0], 0), DType::kF32), cast(b, cast(b, in[0], DType::kI32), DType::kF32));
  });
  const std::vector<Array> outputs = interpret(graph, 1, {Array{{3}, {1, 2, 3}}, Array{{3}, {1, 1, 1}}}).outputs;
  EXPECT_THAT(outputs[1].values, ElementsAre(0, 0, 0));
}

}  // namespace
}  // namespace kcc::testing
