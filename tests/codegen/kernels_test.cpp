// Every kernel family against the interpreter, over odd sizes and options, at several batch sizes, with plain and
// tuned schedules, and with parallel tasks in both orders.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "compiler/ir/print.h"
#include "compiler/ops/conv.h"
#include "compiler/ops/elementwise.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/pool.h"
#include "compiler/ops/random.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "tests/codegen/kernel_runner.h"
#include "tests/support/interpreter.h"

namespace kcc::testing {
namespace {

using Integers = std::vector<int64_t>;

// A body under construction; its outputs are what `build` returns.
struct Body {
  Graph graph;
  Builder b{graph};
  ValueId anchor = -1;

  ValueId operand(const Shape& shape, DType dtype = DType::kF32) {
    return input(b, "a" + std::to_string(graph.inputs.size()), {dtype, shape});
  }
  ValueId anchored(ValueId v) { return anchor = v; }
};

using BuildBody = std::function<std::vector<ValueId>(Body&)>;

struct Case {
  std::string name;
  Family family;
  BuildBody build;
  double tolerance = 2e-6;  // relative to the largest value of the result
  std::vector<int64_t> batches = {1, 3, 33};
  double low = -1, high = 1;  // of random operands
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

Shape batched(std::initializer_list<int64_t> sizes) {
  return batched_shape(sizes);
}
Shape fixed(std::initializer_list<int64_t> sizes) {
  return fixed_shape(sizes);
}

Kernel make_kernel(const Case& c) {
  Body body;
  const std::vector<ValueId> outputs = c.build(body);
  for (size_t i = 0; i < outputs.size(); ++i) body.graph.outputs.push_back({"r" + std::to_string(i), outputs[i]});
  body.graph.name = "kernel";
  return {c.family, body.graph, body.anchor, "kernel"};
}

Array operand_values(const Type& type, int64_t batch, std::mt19937& random, const Case& c) {
  Array array = random_array(extents_of(type.shape, batch), random, c.low, c.high);
  for (double& v : array.values) {
    if (type.dtype == DType::kF32) v = static_cast<float>(v);
    if (type.dtype == DType::kI32) v = std::floor((v - c.low) / (c.high - c.low) * 10);
    if (type.dtype == DType::kU32) v = std::floor((v - c.low) / (c.high - c.low) * 4294967295.0);
    if (type.dtype == DType::kBool) v = v > 0;
  }
  return array;
}

// "" or where they differ.
std::string difference(const Array& got, const Array& want, double tolerance) {
  double scale = 0;
  for (double v : want.values)
    if (std::isfinite(v)) scale = std::max(scale, std::abs(v));
  for (size_t i = 0; i < want.values.size(); ++i) {
    const double g = got.values[i], w = want.values[i];
    if (g == w || (std::isnan(g) && std::isnan(w))) continue;
    if (std::isfinite(g) && std::isfinite(w) && std::abs(g - w) <= tolerance * std::max(scale, 1e-30)) continue;
    return "element " + std::to_string(i) + " of " + std::to_string(want.values.size()) + ": got " + std::to_string(g) +
           ", expected " + std::to_string(w) + ", largest " + std::to_string(scale);
  }
  return "";
}

class KernelTest : public ::testing::TestWithParam<Case> {};

void check(const Case& c, const Kernel& kernel, const std::string& target, int level) {
  const LoadedKernel loaded(kernel, target, {level, 32});
  if (std::getenv("KCC_SHOW")) {
    printf("  %s, level %d: %.2f s, %zu bytes, %s\n", target.c_str(), level, loaded.compile_seconds(),
           loaded.object_bytes(), loaded.schedule().c_str());
  }
  for (int64_t batch : c.batches) {
    std::mt19937 random(static_cast<uint32_t>(batch));
    std::vector<Array> operands;
    for (const NamedType& input : kernel.body.inputs) operands.push_back(operand_values(input.type, batch, random, c));
    const Evaluation expected = interpret(kernel.body, batch, operands);
    const std::vector<Array> forward = loaded.run(operands, batch, TaskOrder::kForward);
    const std::vector<Array> backward = loaded.run(operands, batch, TaskOrder::kBackward);
    // Plain loops add long sums one by one.
    const double tolerance = level > 0 ? c.tolerance : 100 * c.tolerance;
    for (size_t i = 0; i < forward.size(); ++i) {
      EXPECT_EQ(difference(forward[i], expected.outputs[i], tolerance), "")
          << "result " << i << ", batch " << batch << ", " << target << ", level " << level << ", " << loaded.schedule()
          << "\n"
          << to_string(kernel.body);
      EXPECT_EQ(difference(backward[i], forward[i], 0), "")
          << "depends on the order of tasks: result " << i << ", batch " << batch;
    }
  }
}

TEST_P(KernelTest, AgreesWithTheInterpreter) {
  const Kernel kernel = make_kernel(GetParam());
  check(GetParam(), kernel, "host", 2);
  check(GetParam(), kernel, "host", 0);
}

// Narrower vectors and half the registers, for some of the cases.
TEST_P(KernelTest, AgreesOnOlderMachines) {
  const size_t draw = std::hash<std::string>()(GetParam().name) % 6;
  const Halide::Target host = Halide::get_host_target();
  if (draw > 2 || host.arch != Halide::Target::X86 || !host.has_feature(Halide::Target::AVX2)) GTEST_SKIP();
  check(GetParam(), make_kernel(GetParam()), draw == 0 ? "x86-64-v2" : "x86-64-v3", 2);
}

std::string test_name(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

// ---- pointwise

ValueId spread(Body& f, ValueId x, const Shape& shape, std::vector<int64_t> dims) {
  return broadcast_in_dims(f.b, x, shape, dims);
}

std::vector<Case> pointwise_cases() {
  std::vector<Case> cases;
  const auto add_case = [&](std::string name, BuildBody build, double tolerance = 2e-6) {
    cases.push_back({std::move(name), Family::kPointwise, std::move(build), tolerance, {1, 3, 33}});
  };
  add_case("Flat", [](Body& f) {
    ValueId x = f.operand(batched({5, 7})), y = f.operand(batched({5, 7}));
    return std::vector<ValueId>{add(f.b, mul(f.b, x, y), 0.5), relu(f.b, x)};
  });
  add_case("FlatLarge", [](Body& f) {
    ValueId x = f.operand(batched({40, 41})), y = f.operand(batched({40, 41}));
    return std::vector<ValueId>{sub(f.b, x, mul(f.b, y, 0.1))};
  });
  add_case("FixedInPlaceSize", [](Body& f) {
    ValueId x = f.operand(fixed({37})), y = f.operand(fixed({37}));
    return std::vector<ValueId>{sub(f.b, x, mul(f.b, y, 0.1)), mul(f.b, x, y)};
  });
  add_case("Scalars", [](Body& f) {
    ValueId x = f.operand({}), y = f.operand({});
    return std::vector<ValueId>{div(f.b, x, y), add(f.b, x, 1.0)};
  });
  add_case("Bias", [](Body& f) {
    ValueId x = f.operand(batched({4, 6, 10})), bias = f.operand(fixed({10}));
    return std::vector<ValueId>{relu(f.b, add(f.b, x, bias))};
  });
  add_case("ChannelsFirstBias", [](Body& f) {
    ValueId x = f.operand(batched({4, 6, 10})), bias = f.operand(fixed({4}));
    return std::vector<ValueId>{add(f.b, x, spread(f, bias, batched({4, 6, 10}), {1}))};
  });
  add_case("RowScale", [](Body& f) {
    ValueId x = f.operand(batched({19})), s = f.operand(batched({}));
    return std::vector<ValueId>{mul(f.b, x, spread(f, s, batched({19}), {0}))};
  });
  add_case("StretchedOnes", [](Body& f) {
    ValueId x = f.operand(batched({3, 5})), s = f.operand(batched({1, 5})), t = f.operand(fixed({3, 1}));
    return std::vector<ValueId>{add(f.b, add(f.b, x, s), t)};
  });
  add_case("MeanGradient", [](Body& f) {
    ValueId x = f.operand(batched({3, 5}));
    return std::vector<ValueId>{div(f.b, x, extent(f.b, batched({3, 5})))};
  });
  add_case("BatchFromResult", [](Body& f) {
    ValueId s = f.operand({});
    return std::vector<ValueId>{spread(f, div(f.b, s, extent(f.b, batched({6}))), batched({6}), {})};
  });
  add_case("Functions", [](Body& f) {
    ValueId x = f.operand(batched({50}));
    std::vector<ValueId> results;
    for (OpKind op : {OpKind::kExp, OpKind::kExpm1, OpKind::kTanh, OpKind::kSigmoid, OpKind::kErf, OpKind::kSin,
                      OpKind::kCos, OpKind::kFloor, OpKind::kRound, OpKind::kSign, OpKind::kNeg, OpKind::kAbs})
      results.push_back(unary(f.b, op, x));
    ValueId positive = add(f.b, square(f.b, x), 0.01);
    for (OpKind op : {OpKind::kLog, OpKind::kLog1p, OpKind::kSqrt, OpKind::kRsqrt})
      results.push_back(unary(f.b, op, positive));
    results.push_back(binary(f.b, OpKind::kPow, positive, x));
    results.push_back(binary(f.b, OpKind::kPow, x, constant(f.b, 3)));
    return results;
  });
  add_case("ComparisonsAndMasks", [](Body& f) {
    ValueId x = f.operand(batched({11})), y = f.operand(batched({11})), mask = f.operand(batched({11}), DType::kBool);
    std::vector<ValueId> results;
    for (OpKind op : {OpKind::kEq, OpKind::kNe, OpKind::kLt, OpKind::kLe, OpKind::kGt, OpKind::kGe})
      results.push_back(binary(f.b, op, x, y));
    results.push_back(binary(f.b, OpKind::kAnd, mask, results[2]));
    results.push_back(unary(f.b, OpKind::kNot, mask));
    results.push_back(select(f.b, binary(f.b, OpKind::kOr, mask, results[0]), x, y));
    results.push_back(cast(f.b, mask, DType::kF32));
    results.push_back(cast(f.b, mul(f.b, x, 5.0), DType::kI32));
    results.push_back(binary(f.b, OpKind::kMax, x, y));
    results.push_back(clip(f.b, x, -0.5, 0.5));
    return results;
  });
  add_case("OneHot", [](Body& f) {
    ValueId label = f.operand(batched({}), DType::kI32);
    ValueId same = binary(f.b, OpKind::kEq, spread(f, label, batched({10}), {0}), iota(f.b, batched({10}), 1));
    return std::vector<ValueId>{cast(f.b, same, DType::kF32)};
  });
  add_case("Transpose", [](Body& f) {
    return std::vector<ValueId>{transpose(f.b, f.operand(batched({7, 18})), {0, 2, 1})};
  });
  add_case("TransposeOuter", [](Body& f) {
    return std::vector<ValueId>{transpose(f.b, f.operand(batched({5, 3, 20})), {0, 2, 1, 3})};
  });
  add_case("TransposeBatch", [](Body& f) {
    return std::vector<ValueId>{transpose(f.b, f.operand(batched({6})), {1, 0})};
  });
  add_case("TransposeTiles", [](Body& f) {
    return std::vector<ValueId>{transpose(f.b, f.operand(batched({33, 50})), {0, 2, 1})};
  });
  add_case("TransposeToFewChannels", [](Body& f) {
    return std::vector<ValueId>{transpose(f.b, f.operand(batched({3, 9, 11})), {0, 2, 3, 1})};
  });
  add_case("TransposeFromFewChannels", [](Body& f) {
    return std::vector<ValueId>{transpose(f.b, f.operand(batched({9, 11, 2})), {0, 3, 1, 2})};
  });
  add_case("TransposeFixed", [](Body& f) {
    return std::vector<ValueId>{transpose(f.b, f.operand(fixed({37, 50})), {1, 0})};
  });
  add_case("TransposeAll", [](Body& f) {
    return std::vector<ValueId>{transpose(f.b, f.operand(batched({6, 5, 19})), {0, 3, 2, 1})};
  });
  add_case("TransposedBesideDense", [](Body& f) {
    ValueId x = f.operand(batched({21, 5, 4})), y = f.operand(batched({5, 4, 21})), bias = f.operand(fixed({21}));
    return std::vector<ValueId>{relu(f.b, add(f.b, mul(f.b, transpose(f.b, x, {0, 2, 3, 1}), y), bias))};
  });
  add_case("TransposedTwice", [](Body& f) {
    ValueId x = f.operand(batched({20, 18})), t = transpose(f.b, x, {0, 2, 1});
    return std::vector<ValueId>{add(f.b, t, reverse(f.b, t, 1))};
  });
  add_case("TransposePadded", [](Body& f) {
    ValueId x = pad(f.b, f.operand(batched({17, 6, 5})), {0, 0, 1, 2}, {0, 0, 2, 1}, 0.0);
    return std::vector<ValueId>{transpose(f.b, x, {0, 2, 3, 1})};
  });
  add_case("Repeated", [](Body& f) {
    ValueId x = f.operand(batched({4, 3, 18}));
    ValueId wide = broadcast_in_dims(f.b, x, batched({4, 2, 3, 3, 18}), {0, 1, 3, 5});
    return std::vector<ValueId>{reshape(f.b, wide, batched({8, 9, 18}))};
  });
  add_case("Slice", [](Body& f) {
    return std::vector<ValueId>{
        add(f.b, slice(f.b, f.operand(batched({9, 21})), {0, 1, 2}, {1, 4, 17}, {1, 2, 1}), 1.0)};
  });
  add_case("SliceStrided", [](Body& f) {
    return std::vector<ValueId>{slice(f.b, f.operand(batched({40})), {0, 1}, {1, 13}, {1, 3})};
  });
  add_case("Pad", [](Body& f) {
    return std::vector<ValueId>{pad(f.b, f.operand(batched({4, 5, 3})), {0, 1, 2, 0}, {0, 2, 1, 0}, -2.0)};
  });
  add_case("PadInnermost", [](Body& f) {
    return std::vector<ValueId>{relu(f.b, pad(f.b, f.operand(batched({4, 19})), {0, 0, 2}, {0, 0, 3}, 0.5))};
  });
  add_case("ConcatInnermost", [](Body& f) {
    ValueId joined =
        concat(f.b, {f.operand(batched({3, 5})), f.operand(batched({3, 16})), f.operand(batched({3, 1}))}, -1);
    return std::vector<ValueId>{relu(f.b, joined)};
  });
  add_case("ConcatMiddle", [](Body& f) {
    return std::vector<ValueId>{concat(f.b, {f.operand(batched({3, 20})), f.operand(batched({2, 20}))}, 1)};
  });
  add_case("ConcatBelowTranspose", [](Body& f) {
    ValueId joined = concat(f.b, {f.operand(batched({3, 5})), f.operand(batched({3, 7}))}, -1);
    return std::vector<ValueId>{transpose(f.b, joined, {0, 2, 1})};
  });
  add_case("Reverse", [](Body& f) {
    return std::vector<ValueId>{reverse(f.b, f.operand(batched({5, 18})), 1),
                                reverse(f.b, f.operand(batched({5, 18})), 2)};
  });
  add_case("Reshape", [](Body& f) {
    ValueId x = reshape(f.b, f.operand(batched({6, 10})), batched({4, 15}));
    return std::vector<ValueId>{add(f.b, x, f.operand(fixed({15})))};
  });
  add_case("ReshapeBatch", [](Body& f) {
    return std::vector<ValueId>{
        add(f.b, reshape(f.b, f.operand(batched({6, 10})), {Dim{6, true}, Dim{10, false}}), f.operand(fixed({10})))};
  });
  add_case("Dropout", [](Body& f) {
    ValueId x = f.operand(batched({37})), key = f.operand(fixed({4}), DType::kU32);
    ValueId keep = binary(f.b, OpKind::kGe, random_uniform(f.b, key, batched({37}), 3), constant(f.b, 0.25));
    return std::vector<ValueId>{select(f.b, keep, mul(f.b, x, 4.0 / 3), constant(f.b, 0.0))};
  });
  add_case("RandomLarge", [](Body& f) {
    ValueId x = f.operand(batched({30, 32}));
    return std::vector<ValueId>{
        sub(f.b, random_uniform(f.b, f.operand(fixed({4}), DType::kU32), batched({30, 32}), 7), x)};
  });
  add_case("RandomAlone", [](Body& f) {
    return std::vector<ValueId>{random_uniform(f.b, f.operand(fixed({4}), DType::kU32), batched({5, 9}), 7)};
  });
  add_case("RandomFixed", [](Body& f) {
    return std::vector<ValueId>{random_uniform(f.b, f.operand(fixed({4}), DType::kU32), fixed({70}), 1)};
  });
  add_case("RandomByRow", [](Body& f) {
    ValueId u = random_uniform(f.b, f.operand(fixed({4}), DType::kU32), batched({}), 2);
    return std::vector<ValueId>{add(f.b, spread(f, u, batched({6, 3}), {0}), f.operand(batched({6, 3})))};
  });
  add_case("Adam", [](Body& f) {
    const Shape shape = fixed({13, 21});
    ValueId w = f.operand(shape), m = f.operand(shape), v = f.operand(shape), g = f.operand(shape),
            step = f.operand({}, DType::kF32);
    ValueId rate = mul(f.b, add(f.b, square(f.b, step), 1.0), 0.001);
    ValueId m2 = add(f.b, m, mul(f.b, sub(f.b, g, m), 0.1));
    ValueId v2 = add(f.b, square(f.b, v), mul(f.b, square(f.b, g), 0.001));
    ValueId w2 =
        sub(f.b, w, div(f.b, mul(f.b, m2, spread(f, rate, shape, {})), add(f.b, unary(f.b, OpKind::kSqrt, v2), 1e-7)));
    return std::vector<ValueId>{w2, m2, v2};
  });
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Pointwise, KernelTest, ::testing::ValuesIn(pointwise_cases()), test_name);

// ---- rows

ValueId over_row(Body& f, ValueId x, const Shape& shape) {
  std::vector<int64_t> dims;
  for (int64_t i = 0; i < f.b.type(x).rank(); ++i) dims.push_back(i);
  return broadcast_in_dims(f.b, x, shape, dims);
}

std::vector<ValueId> softmax_loss(Body& f, int64_t classes) {
  const Shape shape = batched({classes});
  ValueId z = f.operand(shape), label = f.operand(batched({}), DType::kI32), weight = f.operand(batched({}));
  ValueId shifted = sub(f.b, z, over_row(f, reduce_max(f.b, z, {1}), shape));
  ValueId e = unary(f.b, OpKind::kExp, shifted);
  ValueId sum = reduce_sum(f.b, e, {1});
  ValueId hit = cast(f.b, binary(f.b, OpKind::kEq, over_row(f, label, shape), iota(f.b, shape, 1)), DType::kF32);
  ValueId loss = sub(f.b, unary(f.b, OpKind::kLog, sum), reduce_sum(f.b, mul(f.b, hit, shifted), {1}));
  ValueId gradient = mul(f.b, sub(f.b, div(f.b, e, over_row(f, sum, shape)), hit), over_row(f, weight, shape));
  ValueId right = cast(f.b, binary(f.b, OpKind::kEq, argmax(f.b, z, 1), label), DType::kF32);
  f.anchored(sum);
  return {mul(f.b, loss, weight), gradient, mul(f.b, right, weight)};
}

std::vector<Case> row_cases() {
  std::vector<Case> cases;
  for (int64_t n : {1, 2, 3, 8, 10, 16, 20, 64, 100, 1000}) {
    cases.push_back({"SoftmaxLoss" + std::to_string(n),
                     Family::kRows,
                     [n](Body& f) { return softmax_loss(f, n); },
                     3e-6,
                     {1, 3, 33, 500},
                     -4,
                     4});
    cases.push_back({"LogSoftmax" + std::to_string(n),
                     Family::kRows,
                     [n](Body& f) {
                       const Shape shape = batched({n});
                       ValueId z = f.operand(shape);
                       ValueId shifted = sub(f.b, z, over_row(f, f.anchored(reduce_max(f.b, z, {1})), shape));
                       ValueId sum = reduce_sum(f.b, unary(f.b, OpKind::kExp, shifted), {1});
                       return std::vector<ValueId>{
                           sub(f.b, shifted, over_row(f, unary(f.b, OpKind::kLog, sum), shape))};
                     },
                     2e-6,
                     {1, 3, 33},
                     -5,
                     5});
  }
  cases.push_back({"SquaredError", Family::kRows, [](Body& f) {
                     ValueId d = sub(f.b, f.operand(batched({7, 9})), f.operand(batched({7, 9})));
                     return std::vector<ValueId>{div(f.b, f.anchored(reduce_sum(f.b, square(f.b, d), {1, 2})), 63.0)};
                   }});
  cases.push_back(
      {"LayerNorm", Family::kRows, [](Body& f) {
         const Shape shape = batched({5, 24}), kept = batched({5});
         ValueId x = f.operand(shape), gamma = f.operand(fixed({24}));
         ValueId mean = div(f.b, f.anchored(reduce_sum(f.b, x, {2})), 24.0);
         ValueId centered = sub(f.b, x, over_row(f, mean, shape));
         ValueId variance = div(f.b, reduce_sum(f.b, square(f.b, centered), {2}), 24.0);
         ValueId scale = unary(f.b, OpKind::kRsqrt, add(f.b, variance, 1e-3));
         return std::vector<ValueId>{mean, mul(f.b, mul(f.b, centered, over_row(f, scale, shape)), gamma), scale};
       }});
  cases.push_back({"SoftmaxOverHeads", Family::kRows, [](Body& f) {
                     const Shape shape = batched({3, 4, 18});
                     ValueId x = add(f.b, f.operand(shape), f.operand(batched({1, 1, 18})));
                     ValueId e =
                         unary(f.b, OpKind::kExp, sub(f.b, x, over_row(f, f.anchored(reduce_max(f.b, x, {3})), shape)));
                     return std::vector<ValueId>{div(f.b, e, over_row(f, reduce_sum(f.b, e, {3}), shape))};
                   }});
  // The extent of 1 must not go into the rows: the reduction does not take it.
  cases.push_back({"SoftmaxBehindOne", Family::kRows, [](Body& f) {
                     const Shape shape = batched({1, 4});
                     ValueId x = f.operand(shape);
                     ValueId e =
                         unary(f.b, OpKind::kExp, sub(f.b, x, over_row(f, f.anchored(reduce_max(f.b, x, {2})), shape)));
                     return std::vector<ValueId>{div(f.b, e, over_row(f, reduce_sum(f.b, e, {2}), shape))};
                   }});
  cases.push_back({"MinMaxArgmax", Family::kRows, [](Body& f) {
                     ValueId x = f.operand(batched({45})), i = f.operand(batched({45}), DType::kI32);
                     return std::vector<ValueId>{f.anchored(reduce_max(f.b, x, {1})),
                                                 reduce(f.b, OpKind::kReduceMin, x, {1}), argmax(f.b, x, 1),
                                                 argmax(f.b, i, 1), reduce_sum(f.b, i, {1})};
                   }});
  // Rows that do not collapse to one dimension.
  for (int64_t n : {5, 40}) {
    cases.push_back(
        {"RowOfTwoDimensions" + std::to_string(n), Family::kRows, [n](Body& f) {
           const Shape shape = batched({6, n});
           ValueId x = add(f.b, f.operand(shape), f.operand(fixed({6, 1})));
           ValueId e = unary(f.b, OpKind::kExp, x);
           ValueId sum = f.anchored(reduce_sum(f.b, e, {1, 2}));
           return std::vector<ValueId>{div(f.b, e, over_row(f, sum, shape)), sum, reduce_max(f.b, x, {1, 2})};
         }});
  }
  // One value a row could collapse where the rows cannot.
  cases.push_back(
      {"MaskedRowsScaled", Family::kRows, [](Body& f) {
         const Shape shape = batched({6, 4});
         ValueId x = f.operand(shape);
         ValueId largest = f.anchored(reduce_max(f.b, x, {2}));
         ValueId scaled = mul(f.b, relu(f.b, x), f.operand(fixed({6, 4})));
         return std::vector<ValueId>{greater(f.b, largest, 0.0), sub(f.b, scaled, over_row(f, largest, shape))};
       }});
  // Part of a longer row: the gradient of a softmax that was one part of a concatenation.
  cases.push_back({"SoftmaxGradientOfSlice", Family::kRows, [](Body& f) {
                     const Shape shape = batched({5});
                     ValueId whole = f.operand(batched({40})), y = f.operand(shape);
                     ValueId g = slice(f.b, whole, {0, 30}, {1, 5}, {1, 1});
                     ValueId dot = f.anchored(reduce_sum(f.b, mul(f.b, g, y), {1}));
                     return std::vector<ValueId>{mul(f.b, y, sub(f.b, g, over_row(f, dot, shape)))};
                   }});
  cases.push_back({"LongRow",
                   Family::kRows,
                   [](Body& f) {
                     ValueId x = f.operand(batched({70000}));
                     return std::vector<ValueId>{f.anchored(reduce_sum(f.b, x, {1}))};
                   },
                   1e-6,
                   {1, 3}});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Rows, KernelTest, ::testing::ValuesIn(row_cases()), test_name);

// ---- reductions

std::vector<Case> reduction_cases() {
  std::vector<Case> cases;
  for (int64_t c : {1, 3, 10, 16, 20, 64, 100}) {
    cases.push_back({"BiasGradient" + std::to_string(c),
                     Family::kReduction,
                     [c](Body& f) {
                       ValueId g = f.operand(batched({5, 6, c})), y = f.operand(batched({5, 6, c}));
                       ValueId masked = select(f.b, greater(f.b, y, 0), g, constant(f.b, 0));
                       return std::vector<ValueId>{f.anchored(reduce_sum(f.b, masked, {0, 1, 2}))};
                     },
                     2e-6,
                     {1, 3, 33}});
  }
  cases.push_back({"BiasUpdate",
                   Family::kReduction,
                   [](Body& f) {
                     ValueId g = f.operand(batched({64})), w = f.operand(fixed({64})), m = f.operand(fixed({64}));
                     ValueId sum = f.anchored(reduce_sum(f.b, g, {0}));
                     ValueId m2 = add(f.b, mul(f.b, m, 0.9), sum);
                     return std::vector<ValueId>{sub(f.b, w, mul(f.b, m2, 0.1)), m2};
                   },
                   2e-6,
                   {1, 3, 128, 1000}});
  cases.push_back(
      {"Moments",
       Family::kReduction,
       [](Body& f) {
         ValueId x = f.operand(batched({9, 9, 24})), g = f.operand(batched({9, 9, 24})), mean = f.operand(fixed({24}));
         ValueId centered = sub(f.b, x, mean);
         ValueId sum = f.anchored(reduce_sum(f.b, g, {0, 1, 2}));
         return std::vector<ValueId>{div(f.b, sum, extent(f.b, {Dim{81, true}})),
                                     reduce_sum(f.b, mul(f.b, g, centered), {0, 1, 2}), reduce_max(f.b, x, {0, 1, 2})};
       },
       2e-6,
       {1, 3, 200}});
  cases.push_back({"Total",
                   Family::kReduction,
                   [](Body& f) {
                     ValueId x = f.operand(batched({3, 7})), before = f.operand({});
                     return std::vector<ValueId>{add(f.b, before, f.anchored(reduce_sum(f.b, x, {0, 1, 2})))};
                   },
                   2e-6,
                   {1, 3, 33, 20000}});
  cases.push_back({"TotalOfSamples",
                   Family::kReduction,
                   [](Body& f) {
                     ValueId x = f.operand(batched({})), w = f.operand(batched({})), total = f.operand({}),
                             count = f.operand({});
                     return std::vector<ValueId>{add(f.b, total, f.anchored(reduce_sum(f.b, mul(f.b, x, w), {0}))),
                                                 add(f.b, count, reduce_sum(f.b, w, {0}))};
                   },
                   2e-6,
                   {1, 3, 33, 128}});
  cases.push_back(
      {"FixedTotal",
       Family::kReduction,
       [](Body& f) {
         return std::vector<ValueId>{f.anchored(reduce_sum(f.b, square(f.b, f.operand(fixed({301, 77}))), {0, 1}))};
       },
       2e-6,
       {1}});
  cases.push_back({"GlobalPool", Family::kReduction, [](Body& f) {
                     return std::vector<ValueId>{
                         div(f.b, f.anchored(reduce_sum(f.b, f.operand(batched({7, 5, 40})), {1, 2})), 35.0)};
                   }});
  cases.push_back({"GlobalPoolLarge", Family::kReduction, [](Body& f) {
                     return std::vector<ValueId>{f.anchored(reduce_max(f.b, f.operand(batched({30, 31, 5})), {1, 2}))};
                   }});
  cases.push_back({"ChannelsFirstMoments",
                   Family::kReduction,
                   [](Body& f) {
                     ValueId x = f.operand(batched({6, 9, 11}));
                     return std::vector<ValueId>{f.anchored(reduce_sum(f.b, x, {0, 2, 3})),
                                                 reduce_sum(f.b, square(f.b, x), {0, 2, 3})};
                   },
                   2e-6,
                   {1, 3, 200}});
  cases.push_back({"AroundTheMiddle", Family::kReduction, [](Body& f) {
                     return std::vector<ValueId>{f.anchored(reduce_sum(f.b, f.operand(batched({3, 4, 5})), {0, 2}))};
                   }});
  cases.push_back(
      {"KeepsTheBatchInside", Family::kReduction, [](Body& f) {
         return std::vector<ValueId>{f.anchored(reduce_sum(f.b, f.operand({Dim{6, false}, Dim{1, true}}), {0}))};
       }});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Reduction, KernelTest, ::testing::ValuesIn(reduction_cases()), test_name);

// ---- products

std::vector<ValueId> bias_relu(Body& f, ValueId y) {
  const Shape shape = f.b.shape(y);
  ValueId bias = f.operand({shape.back()});
  return {relu(f.b, add(f.b, y, bias))};
}

std::vector<Case> product_cases() {
  std::vector<Case> cases;
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

// (B, heads, M, K) x (B, heads, K, N) in every form, with an epilogue.
std::vector<Case> batch_product_cases() {
  struct Sizes {
    int64_t m, k, n;
  };
  std::vector<Case> cases;
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

INSTANTIATE_TEST_SUITE_P(BatchProducts, KernelTest, ::testing::ValuesIn(batch_product_cases()), test_name);

INSTANTIATE_TEST_SUITE_P(Products, KernelTest, ::testing::ValuesIn(product_cases()), test_name);

// ---- convolutions

struct ConvCase {
  std::string name;
  std::vector<int64_t> spatial;
  int64_t channels, filters;
  std::vector<int64_t> kernel, strides, dilations, low, high;
  int64_t groups = 1;
};

std::vector<ConvCase> conv_shapes() {
  return {
      {"Valid3x3", {12, 15}, 4, 32, {3, 3}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"Valid3x3Wide", {9, 34}, 32, 64, {3, 3}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"Same3x3", {13, 17}, 6, 20, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"SameTall", {40, 10}, 3, 16, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"First", {20, 20}, 3, 32, {3, 3}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"OneChannel", {8, 8}, 1, 10, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"OneByOne", {7, 9}, 16, 64, {1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"Even", {9, 11}, 5, 8, {2, 4}, {1, 1}, {1, 1}, {0, 1}, {1, 2}},
      {"Stride2", {11, 14}, 8, 32, {3, 3}, {2, 2}, {1, 1}, {0, 0}, {0, 0}},
      {"Stride2Same", {12, 13}, 3, 16, {3, 3}, {2, 2}, {1, 1}, {0, 1}, {1, 1}},
      {"Stride2OneByOne", {8, 9}, 16, 32, {1, 1}, {2, 2}, {1, 1}, {0, 0}, {0, 0}},
      {"Stride3Kernel2", {13, 14}, 4, 8, {2, 2}, {3, 3}, {1, 1}, {0, 0}, {0, 0}},
      {"UnevenStrides", {12, 13}, 4, 8, {3, 5}, {2, 1}, {1, 1}, {1, 2}, {1, 2}},
      {"Dilated", {14, 15}, 4, 16, {3, 3}, {1, 1}, {2, 3}, {0, 0}, {0, 0}},
      {"DilatedSame", {9, 10}, 4, 16, {3, 3}, {1, 1}, {2, 2}, {2, 2}, {2, 2}},
      {"DilatedStrided", {19, 20}, 3, 8, {3, 3}, {2, 3}, {2, 2}, {1, 2}, {2, 1}},
      {"Seven", {17, 18}, 3, 24, {7, 7}, {2, 2}, {1, 1}, {3, 3}, {3, 3}},
      {"WholeImage", {5, 5}, 8, 12, {5, 5}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
      {"Tiny", {3, 3}, 48, 48, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"OddChannels", {6, 7}, 7, 17, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
      {"Line", {31}, 5, 16, {5}, {1}, {1}, {2}, {2}},
      {"LineStrided", {31}, 4, 10, {4}, {2}, {1}, {0}, {1}},
      {"Cube", {5, 6, 7}, 3, 8, {3, 2, 3}, {1, 1, 1}, {1, 1, 1}, {1, 0, 1}, {1, 1, 1}},
      {"CubeStrided", {5, 6, 7}, 3, 16, {2, 3, 3}, {2, 2, 1}, {1, 1, 1}, {0, 1, 0}, {0, 1, 0}},
      {"Depthwise", {9, 10}, 24, 24, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 24},
      {"DepthwiseDoubled", {9, 10}, 6, 12, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, 6},
      {"DepthwiseOdd", {7, 9}, 19, 19, {3, 2}, {1, 1}, {1, 1}, {1, 0}, {1, 1}, 19},
      {"DepthwiseWide", {6, 9}, 64, 64, {5, 5}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, 64},
      {"DepthwiseLine", {21}, 5, 5, {3}, {1}, {2}, {4}, {0}, 5},
      {"Grouped", {7, 8}, 8, 12, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 1}, 4},
      {"GroupedWide", {7, 8}, 24, 64, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 1}, 2},
      {"GroupedStrided", {9, 8}, 32, 32, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {0, 1}, 4},
      {"GroupedOdd", {5, 6}, 6, 51, {2, 3}, {1, 1}, {1, 1}, {0, 1}, {0, 1}, 3},
      {"GroupedCube", {4, 5, 3}, 4, 6, {2, 2, 2}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, 2},
  };
}

Shape conv_result(const ConvCase& c) {
  std::vector<int64_t> sizes;
  for (size_t d = 0; d < c.spatial.size(); ++d)
    sizes.push_back(window_extent(c.spatial[d], c.kernel[d], c.strides[d], c.dilations[d], c.low[d], c.high[d]));
  sizes.push_back(c.filters);
  return batched_shape(sizes);
}

Shape conv_input(const ConvCase& c) {
  std::vector<int64_t> sizes = c.spatial;
  sizes.push_back(c.channels);
  return batched_shape(sizes);
}

Shape conv_weights(const ConvCase& c) {
  std::vector<int64_t> sizes = c.kernel;
  sizes.insert(sizes.end(), {c.channels / c.groups, c.filters});
  return fixed_shape(sizes);
}

std::vector<Case> conv_cases() {
  std::vector<Case> cases;
  for (const ConvCase& c : conv_shapes()) {
    const Attrs attrs{
        {"strides", c.strides}, {"dilations", c.dilations}, {"low", c.low}, {"high", c.high}, {"groups", c.groups}};
    const std::vector<int64_t> batches = {1, 2, 5};
    cases.push_back({"Forward" + c.name, Family::kConv,
                     [c](Body& f) {
                       ValueId x = f.operand(conv_input(c)), w = f.operand(conv_weights(c));
                       ValueId y = f.anchored(conv(f.b, x, w, {c.strides, c.dilations, c.low, c.high}, c.groups));
                       std::vector<ValueId> results = bias_relu(f, y);
                       results.push_back(y);
                       return results;
                     },
                     4e-6, batches});
    cases.push_back({"InputGradient" + c.name, Family::kConvInputGrad,
                     [c, attrs](Body& f) {
                       ValueId g = f.operand(conv_result(c)), w = f.operand(conv_weights(c)),
                               y = f.operand(conv_input(c));
                       Attrs own = attrs;
                       own.set("shape", conv_input(c));
                       ValueId dx = f.anchored(f.b.node(OpKind::kConvInputGrad, {g, w}, own));
                       return std::vector<ValueId>{select(f.b, greater(f.b, y, 0), dx, constant(f.b, 0))};
                     },
                     4e-6, batches});
    cases.push_back({"WeightGradient" + c.name,
                     Family::kConvWeightGrad,
                     [c, attrs](Body& f) {
                       ValueId x = f.operand(conv_input(c)), g = f.operand(conv_result(c)),
                               w = f.operand(conv_weights(c));
                       Attrs own = attrs;
                       own.set("shape", conv_weights(c));
                       ValueId dw = f.anchored(f.b.node(OpKind::kConvWeightGrad, {x, g}, own));
                       return std::vector<ValueId>{sub(f.b, w, mul(f.b, dw, 0.1)), dw};
                     },
                     6e-6,
                     {1, 2, 9}});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Convolutions, KernelTest, ::testing::ValuesIn(conv_cases()), test_name);

// ---- pools

struct PoolCase {
  std::string name;
  std::vector<int64_t> spatial;
  int64_t channels;
  std::vector<int64_t> window, strides, low, high;
};

std::vector<PoolCase> pool_shapes() {
  return {
      {"TwoByTwo", {8, 10}, 32, {2, 2}, {2, 2}, {0, 0}, {0, 0}},
      {"TwoByTwoOdd", {9, 11}, 20, {2, 2}, {2, 2}, {0, 0}, {0, 0}},
      {"Same", {9, 11}, 5, {2, 2}, {2, 2}, {0, 0}, {1, 1}},
      {"Overlapping", {9, 11}, 16, {3, 3}, {2, 2}, {0, 0}, {0, 0}},
      {"OverlappingSame", {8, 9}, 6, {3, 3}, {1, 1}, {1, 1}, {1, 1}},
      {"Gaps", {10, 11}, 8, {2, 1}, {3, 2}, {0, 0}, {0, 0}},
      {"Large", {12, 12}, 10, {6, 5}, {6, 5}, {0, 0}, {0, 0}},
      {"Whole", {6, 7}, 33, {6, 7}, {6, 7}, {0, 0}, {0, 0}},
      {"OneChannel", {6, 6}, 1, {2, 2}, {2, 2}, {0, 0}, {0, 0}},
      {"Line", {17}, 12, {3}, {2}, {1}, {1}},
      {"Cube", {4, 5, 6}, 3, {2, 2, 2}, {2, 2, 2}, {0, 0, 0}, {0, 1, 0}},
  };
}

std::vector<Case> pool_cases() {
  std::vector<Case> cases;
  for (const PoolCase& p : pool_shapes()) {
    const Window window{p.strides, {}, p.low, p.high};
    const auto x_shape = [p] {
      std::vector<int64_t> sizes = p.spatial;
      sizes.push_back(p.channels);
      return batched_shape(sizes);
    };
    const auto y_shape = [p] {
      std::vector<int64_t> sizes;
      for (size_t d = 0; d < p.spatial.size(); ++d)
        sizes.push_back(window_extent(p.spatial[d], p.window[d], p.strides[d], 1, p.low[d], p.high[d]));
      sizes.push_back(p.channels);
      return batched_shape(sizes);
    };
    const Attrs attrs{{"window", p.window}, {"strides", p.strides}, {"low", p.low}, {"high", p.high}};
    const std::vector<int64_t> batches = {1, 2, 5};
    cases.push_back({"Max" + p.name, Family::kMaxPool,
                     [=](Body& f) {
                       ValueId y = f.anchored(max_pool(f.b, f.operand(x_shape()), p.window, window));
                       return std::vector<ValueId>{y, mul(f.b, y, f.operand(y_shape()))};
                     },
                     1e-6, batches});
    cases.push_back({"Average" + p.name, Family::kAvgPool,
                     [=](Body& f) {
                       return std::vector<ValueId>{f.anchored(avg_pool(f.b, f.operand(x_shape()), p.window, window))};
                     },
                     1e-6, batches});
    // Few different values, so that many are equal.
    cases.push_back({"MaxGradient" + p.name, Family::kMaxPoolGrad,
                     [=](Body& f) {
                       ValueId ties = unary(f.b, OpKind::kFloor, mul(f.b, f.operand(x_shape()), 2.0));
                       ValueId y = max_pool(f.b, ties, p.window, window);
                       return std::vector<ValueId>{
                           f.anchored(f.b.node(OpKind::kMaxPoolGrad, {ties, y, f.operand(y_shape())}, attrs))};
                     },
                     1e-6, batches});
    cases.push_back({"AverageGradient" + p.name, Family::kAvgPoolGrad,
                     [=](Body& f) {
                       ValueId g = f.operand(y_shape());
                       Attrs own = attrs;
                       own.set("shape", x_shape());
                       return std::vector<ValueId>{
                           mul(f.b, f.anchored(f.b.node(OpKind::kAvgPoolGrad, {g}, own)), f.operand(x_shape()))};
                     },
                     1e-6, batches});
  }
  return cases;
}

// ---- states updated in place

struct InPlaceCase {
  Case kernel;
  std::vector<int> in_place;  // operand of each result
};

void PrintTo(const InPlaceCase& c, std::ostream* out) {
  *out << c.kernel.name;
}

class InPlaceTest : public ::testing::TestWithParam<InPlaceCase> {};

// A new state takes the memory of the old one: no element may be computed twice, nor read after it was written.
TEST_P(InPlaceTest, AgreesWithTheInterpreter) {
  const Case& c = GetParam().kernel;
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
  for (Size s : {Size{1, 1}, Size{3, 32}, Size{6, 20}, Size{5, 17}, Size{16, 48}}) {
    cases.push_back({{"Convolution" + std::to_string(s.k) + "x" + std::to_string(s.n),
                      Family::kConvWeightGrad,
                      [s](Body& f) {
                        const Shape shape = fixed({3, 3, s.k, s.n});
                        const Integers ones(2, 1);
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

INSTANTIATE_TEST_SUITE_P(States, InPlaceTest, ::testing::ValuesIn(in_place_cases()),
                         [](const auto& info) { return info.param.kernel.name; });

// ---- not a number

// Accumulations may be fast, but what follows must see NaN.
TEST(ProductKernel, LetsNanThroughItsEpilogue) {
  const Case c{"Nan", Family::kMatMul, [](Body& f) {
                 ValueId x = f.operand(batched({24})), w = f.operand(fixed({24, 32}));
                 ValueId y = f.anchored(matmul(f.b, x, w));
                 return std::vector<ValueId>{unary(f.b, OpKind::kRelu, y), relu(f.b, y), clip(f.b, y, 0, 6),
                                             binary(f.b, OpKind::kMax, y, constant(f.b, 0.0))};
               }};
  const Kernel kernel = make_kernel(c);
  const LoadedKernel loaded(kernel, "host", {});
  Array x = zeros({5, 24}), w = zeros({24, 32});
  x.at({3, 7}) = std::nan("");
  const std::vector<Array> got = loaded.run({x, w}, 5);
  for (size_t r = 0; r < got.size(); ++r)
    for (int64_t n = 0; n < 32; ++n)
      EXPECT_TRUE(std::isnan(got[r].at({3, n})) && got[r].at({2, n}) == 0) << "result " << r << ", column " << n;
}

// Indices are 0 ... 9; tables of seven rows are shorter than that.
Case gather_case(const std::string& name, const Shape& table, const Shape& indices) {
  return {name, Family::kPointwise, [=](Body& f) {
            return std::vector<ValueId>{gather(f.b, f.operand(table), f.operand(indices, DType::kI32))};
          }};
}

Case scatter_case(const std::string& name, const Shape& table, const Shape& indices) {
  return {name, Family::kScatter, [=](Body& f) {
            Shape rows = indices;
            rows.insert(rows.end(), table.begin() + 1, table.end());
            ValueId at = f.operand(indices, DType::kI32);
            return std::vector<ValueId>{f.anchored(scatter_add(f.b, at, f.operand(rows), table))};
          }};
}

std::vector<Case> index_cases() {
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
  };
}

INSTANTIATE_TEST_SUITE_P(Indices, KernelTest, ::testing::ValuesIn(index_cases()), test_name);

INSTANTIATE_TEST_SUITE_P(Pools, KernelTest, ::testing::ValuesIn(pool_cases()), test_name);

}  // namespace
}  // namespace kcc::testing
