// Element-wise bodies: arithmetic, broadcasts, moved and joined data, random numbers.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/random.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "tests/codegen/kernel_test.h"

namespace kcc::testing {
namespace {

ValueId spread(Body& f, ValueId x, const Shape& shape, std::vector<int64_t> dims) {
  return broadcast_in_dims(f.b, x, shape, dims);
}

std::vector<KernelCase> pointwise_cases() {
  std::vector<KernelCase> cases;
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
  add_case("MaskAlone", [](Body& f) {
    return std::vector<ValueId>{random_bernoulli(f.b, f.operand(fixed({4}), DType::kU32), {Dim{37, true}}, 49152, 3)};
  });
  add_case("MaskFixed", [](Body& f) {
    return std::vector<ValueId>{random_bernoulli(f.b, f.operand(fixed({4}), DType::kU32), fixed({333}), 6554, 3)};
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

INSTANTIATE_TEST_SUITE_P(Pointwise, KernelTest, ::testing::ValuesIn(remembered(pointwise_cases())), test_name);

}  // namespace
}  // namespace kcc::testing
