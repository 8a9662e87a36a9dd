#include "compiler/passes/split_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/ranks.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/optimize.h"
#include "compiler/passes/plan.h"
#include "compiler/passes/plan_exchange.h"
#include "tests/support/interpreter.h"
#include "tests/support/plan_interpreter.h"
#include "tests/support/training_graphs.h"

namespace kcc::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Type kRows{DType::kF32, batched_shape({4})};

// A train graph that writes what `make` computes from the input (B, 4) to a state of that type.
Module module_with(const std::function<ValueId(Builder&, ValueId)>& make) {
  Module module;
  module.origins.push_back({"odd", "Lambda"});
  Builder b{module.train, 0};
  const ValueId result = make(b, input(b, "x", kRows));
  State state;
  state.name = "result";
  state.type = b.type(result);
  module.states.push_back(state);
  module.train.writes.push_back({0, result});
  return module;
}

Module split(Module module) {
  split_batch(module);
  return module;
}

int64_t count_sums(const Graph& graph) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& n) { return n.op == OpKind::kRankSum; });
}

std::string obstacle_of(const std::function<ValueId(Builder&, ValueId)>& make) {
  return split(module_with(make)).share_obstacle;
}

TEST(SplitBatch, AddsUpOverTheRanksWhatIsAddedUpOverTheBatch) {
  const Module module = split(module_with([](Builder& b, ValueId x) {
    return div(b, reduce_sum(b, x, {0, 1}), extent(b, kRows.shape));  // a mean
  }));
  EXPECT_EQ(module.share_obstacle, "");
  EXPECT_EQ(count_sums(module.train_share), 1);
  // This rank has two samples, all have eight: the mean is over 8 * 4 elements.
  std::vector<Array> states(2, Array{{}, {0}});
  states[static_cast<size_t>(module.whole_batch)] = {{}, {8}};
  const Evaluation got = interpret(module.train_share, 2, {Array{{2, 4}, {1, 1, 1, 1, 3, 3, 3, 3}}}, states);
  EXPECT_EQ(got.writes.at(0).values[0], 0.5);
}

TEST(SplitBatch, AddsBeforeItSums) {
  const Module module = split(module_with(
      [](Builder& b, ValueId x) { return add(b, reduce_sum(b, x, {0}), reduce_sum(b, mul(b, x, x), {0})); }));
  EXPECT_EQ(count_sums(module.train_share), 1);
}

TEST(SplitBatch, SumsStepsAndSamplesThatBecameOneDimension) {
  const Module module = split(module_with([](Builder& b, ValueId x) {
    const ValueId steps_first = transpose(b, x, {1, 0});                   // (4, B)
    const ValueId rows = reshape(b, steps_first, {Dim{4, true}, Dim{1}});  // (4 B, 1)
    return matmul(b, rows, rows, true, false);
  }));
  EXPECT_EQ(module.share_obstacle, "");
  EXPECT_EQ(count_sums(module.train_share), 1);
}

TEST(SplitBatch, NamesWhatNeedsAWholeBatch) {
  EXPECT_THAT(obstacle_of([](Builder& b, ValueId x) { return reduce_max(b, x, {0}); }),
              HasSubstr("odd (Lambda): reduce_max needs the samples of a whole batch"));
  EXPECT_THAT(obstacle_of([](Builder& b, ValueId x) {
                return reduce_sum(b, mul(b, x, cast(b, iota(b, b.shape(x), 0), DType::kF32)), {0});
              }),
              HasSubstr("iota"));
  // (T, B) and (B, T) made one dimension: elements of different samples meet.
  EXPECT_THAT(obstacle_of([](Builder& b, ValueId x) {
                const ValueId other = reshape(b, transpose(b, x, {1, 0}), {Dim{4, true}});
                return reduce_sum(b, mul(b, reshape(b, x, {Dim{4, true}}), other), {0});
              }),
              HasSubstr("mul"));
}

TEST(SplitBatch, RefusesMemory) {
  Module module = module_with([](Builder& b, ValueId x) { return reduce_sum(b, x, {0}); });
  module.states[0].role = StateRole::kMemory;
  EXPECT_THAT(split(module).share_obstacle, HasSubstr("its memory"));
}

// Alone, a rank does what train does: through sums and buckets, in memory as the plan lays it out.
void expect_same_alone(Module module) {
  module.train = optimize(module.train, module);
  split_batch(module);
  ASSERT_EQ(module.share_obstacle, "");
  ASSERT_GT(count_sums(module.train_share), 3);
  std::mt19937 generator(7);
  constexpr int64_t kBatch = 3;
  std::vector<Array> states, inputs;
  for (const State& state : module.states) {
    states.push_back(random_array(extents_of(state.type.shape, 1), generator, 0.1, 1));
    if (state.type.dtype != DType::kF32)
      for (double& value : states.back().values) value = 0;
  }
  states[static_cast<size_t>(module.whole_batch)].values[0] = kBatch;
  for (const NamedType& in : module.train.inputs) {
    inputs.push_back(random_array(extents_of(in.type.shape, kBatch), generator, 0, 1));
    if (in.type.dtype == DType::kI32)
      for (double& value : inputs.back().values) value = 0;
  }
  const Plan plan = make_plan(module, {fuse(module.train_share)}, "test");
  const Evaluation wanted = interpret(module.train, kBatch, inputs, states);
  const PlanEvaluation got = interpret(plan, plan.entries[0], kBatch, inputs, states);
  for (const auto& [state, value] : wanted.writes)
    for (size_t i = 0; i < value.values.size(); ++i)
      EXPECT_NEAR(got.states[static_cast<size_t>(state)].values[i], value.values[i], 1e-9)
          << module.states[static_cast<size_t>(state)].name;
}

TEST(SplitBatch, ChangesNothingForOneRankAlone) {
  expect_same_alone(mlp_module());
  expect_same_alone(convnet_module());
}

// ---- buckets

Exchange::Sum sum_of(int32_t storage, int64_t elements) {
  Exchange::Sum sum;
  sum.target.index = storage;
  sum.target.type.shape = fixed_shape({elements});
  sum.source = sum.target;
  return sum;
}

PlanStep reader_of(int32_t storage) {
  KernelCall call;
  call.inputs.push_back(sum_of(storage, 1).target);
  return call;
}

std::vector<std::string> texts_of(const std::vector<PlanStep>& steps) {
  std::vector<std::string> texts;
  for (const PlanStep& step : steps) {
    if (const auto* exchange = std::get_if<Exchange>(&step))
      texts.push_back("start " + std::to_string(exchange->bucket) + ": " + std::to_string(exchange->sums.size()));
    if (const auto* await = std::get_if<Await>(&step)) texts.push_back("await " + std::to_string(await->bucket));
  }
  return texts;
}

TEST(BucketPlanner, FillsASmallBucketThenLargeOnes) {
  BucketPlanner buckets;
  std::vector<PlanStep> steps;
  for (int32_t i = 0; i < 2; ++i) buckets.add(sum_of(i, kFirstBucket / 8), steps);
  for (int32_t i = 2; i < 5; ++i) buckets.add(sum_of(i, kBucket / 8), steps);
  EXPECT_THAT(texts_of(steps), ElementsAre("start 0: 2", "start 1: 2"));
  EXPECT_FALSE(buckets.finished());
}

TEST(BucketPlanner, StartsWhatIsNeededAndAwaitsItOnce) {
  BucketPlanner buckets;
  std::vector<PlanStep> steps;
  buckets.add(sum_of(7, 1), steps);
  buckets.add(sum_of(8, 1), steps);
  EXPECT_EQ(buckets.prepare(reader_of(9), steps).size(), 0u);  // has nothing to do with it
  EXPECT_EQ(buckets.prepare(reader_of(8), steps).size(), 2u);
  EXPECT_EQ(buckets.prepare(reader_of(7), steps).size(), 0u);
  EXPECT_THAT(texts_of(steps), ElementsAre("start 0: 2", "await 0"));
  EXPECT_TRUE(buckets.finished());
}

}  // namespace
}  // namespace kcc::testing
