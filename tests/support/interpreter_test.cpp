// The oracle's own tests: hand-computed values, and Random123 for the random numbers.
#include "tests/support/interpreter.h"

#include <Random123/philox.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/philox.h"

namespace kcc::testing {
namespace {

using ::testing::ElementsAre;

Type f32(const std::vector<int64_t>& sizes) {
  return Type{DType::kF32, fixed_shape(sizes)};
}

// The value of one operation applied to inputs.
Array apply(OpKind op, const Attrs& attrs, const Type& type, const std::vector<Array>& operands) {
  Graph graph;
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < operands.size(); ++i) {
    graph.inputs.push_back({"x", f32(operands[i].extents)});
    inputs.push_back(graph.add({OpKind::kInput,
                                {},
                                {{"index", static_cast<int64_t>(i)}},
                                Type{DType::kF32, fixed_shape(operands[i].extents)}}));
  }
  graph.outputs.push_back({"y", graph.add({op, inputs, attrs, type})});
  return interpret(graph, 1, operands).outputs[0];
}

using Ints = std::vector<int64_t>;

TEST(Interpreter, ConvolvesWithStrideAndPadding) {
  const Array x{{1, 4, 1}, {1, 2, 3, 4}}, w{{3, 1, 1}, {10, 1, 100}};
  const Attrs attrs{
      {"strides", Ints{2}}, {"dilations", Ints{1}}, {"low", Ints{1}}, {"high", Ints{0}}, {"groups", int64_t{1}}};
  EXPECT_THAT(apply(OpKind::kConv, attrs, f32({1, 2, 1}), {x, w}).values, ElementsAre(201, 423));
}

TEST(Interpreter, GroupsConvolveTheirOwnChannels) {
  const Array x{{1, 1, 4}, {1, 2, 3, 4}}, w{{1, 2, 2}, {1, 10, 100, 1000}};
  const Attrs attrs{
      {"strides", Ints{1}}, {"dilations", Ints{1}}, {"low", Ints{0}}, {"high", Ints{0}}, {"groups", int64_t{2}}};
  EXPECT_THAT(apply(OpKind::kConv, attrs, f32({1, 1, 2}), {x, w}).values, ElementsAre(201, 4030));
}

TEST(Interpreter, FirstOfEqualMaximaTakesTheGradient) {
  const Array x{{1, 4, 1}, {5, 5, 5, 1}}, y{{1, 2, 1}, {5, 5}}, g{{1, 2, 1}, {1, 10}};
  const Attrs attrs{{"window", Ints{3}}, {"strides", Ints{1}}, {"low", Ints{0}}, {"high", Ints{0}}};
  EXPECT_THAT(apply(OpKind::kMaxPoolGrad, attrs, f32({1, 4, 1}), {x, y, g}).values, ElementsAre(1, 10, 0, 0));
}

TEST(Interpreter, AveragesOnlyWhatLiesInsideTheImage) {
  const Array x{{1, 3, 1}, {2, 4, 9}};
  const Attrs attrs{{"window", Ints{2}}, {"strides", Ints{2}}, {"low", Ints{0}}, {"high", Ints{1}}};
  EXPECT_THAT(apply(OpKind::kAvgPool, attrs, f32({1, 2, 1}), {x}).values, ElementsAre(3, 9));
}

TEST(Interpreter, TransposesByWhereDimensionsComeFrom) {
  const Array x{{1, 2, 3}, {1, 2, 3, 4, 5, 6}};
  const Array y = apply(OpKind::kTranspose, {{"perm", Ints{2, 0, 1}}}, f32({3, 1, 2}), {x});
  EXPECT_THAT(y.values, ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(Interpreter, ReadsStatesBeforeWritingThem) {
  Graph graph;
  const ValueId old = graph.add({OpKind::kState, {}, {{"index", int64_t{0}}}, f32({2})});
  const ValueId twice = graph.add({OpKind::kAdd, {old, old}, {}, f32({2})});
  graph.outputs.push_back({"old", old});
  graph.writes.push_back({0, twice});
  const Evaluation result = interpret(graph, 1, {}, {Array{{2}, {1, 2}}});
  EXPECT_THAT(result.outputs[0].values, ElementsAre(1, 2));
  EXPECT_THAT(result.writes.at(0).values, ElementsAre(2, 4));
}

TEST(Philox, GivesTheKnownAnswers) {
  const uint32_t ones = 0xffffffff;
  EXPECT_THAT(philox_block({0, 0, 0, 0}, {0, 0}), ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  EXPECT_THAT(philox_block({ones, ones, ones, ones}, {ones, ones}),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(philox_block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(Philox, AgreesWithRandom123) {
  for (uint32_t i = 0; i < 100; ++i) {
    r123::Philox4x32::ctr_type counter = {{i, i * 77777777u, ~i, i << 20}};
    r123::Philox4x32::ukey_type key = {{i * 2654435761u, i ^ 0xdeadbeefu}};
    const auto expected = r123::Philox4x32()(counter, r123::Philox4x32::key_type(key));
    const auto words = philox_block({counter[0], counter[1], counter[2], counter[3]}, {key[0], key[1]});
    EXPECT_THAT(words, ElementsAre(expected[0], expected[1], expected[2], expected[3]));
  }
}

TEST(Interpreter, RandomElementsAreWordsOfBlocksInLanesOfSixteen) {
  const Array key{{4}, {1, 2, 3, 4}};
  const Array y =
      apply(OpKind::kRandomUniform, {{"shape", fixed_shape({130})}, {"stream", int64_t{9}}}, f32({130}), {key});
  const auto element = [](uint32_t block, size_t word) {
    return (philox_block({block, 9, 3, 0}, {1, 2})[word] >> 8) * 0x1p-24;
  };
  EXPECT_EQ(y.values[0], element(0, 0));
  EXPECT_EQ(y.values[15], element(15, 0));
  EXPECT_EQ(y.values[16], element(0, 1));
  EXPECT_EQ(y.values[63], element(15, 3));
  EXPECT_EQ(y.values[64], element(16, 0));
  EXPECT_EQ(y.values[129], element(33, 0));
}

TEST(Interpreter, RandomMasksAreHalvesOfWordsInLanesOfEight) {
  const Array key{{4}, {1, 2, 3, 4}};
  const Array y =
      apply(OpKind::kRandomUniform, {{"shape", fixed_shape({130})}, {"below", int64_t{20000}}, {"stream", int64_t{9}}},
            {DType::kBool, fixed_shape({130})}, {key});
  const auto element = [](uint32_t block, size_t word, int shift) {
    return (philox_block({block, 9, 3, 0}, {1, 2})[word] >> shift) % 65536 < 20000 ? 1.0 : 0.0;
  };
  for (uint32_t lane = 0; lane < 8; ++lane) {
    for (size_t word = 0; word < 4; ++word) {
      EXPECT_EQ(y.values[lane + 8 * word], element(lane, word, 0));
      EXPECT_EQ(y.values[lane + 8 * word + 32], element(lane, word, 16));
      EXPECT_EQ(y.values[lane + 8 * word + 64], element(lane + 8, word, 0));
    }
  }
  EXPECT_EQ(y.values[129], element(17, 0, 0));
}

}  // namespace
}  // namespace kcc::testing
