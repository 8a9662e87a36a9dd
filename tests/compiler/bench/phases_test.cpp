#include "compiler/bench/phases.h"

#include <gtest/gtest.h>

namespace kcc {
namespace {

constexpr int64_t kBytes = 64;

// 16 floats of the arena at a slot; a state.
TensorRef slot(int64_t at) {
  return {Space::kArena, 0, at * kBytes, 0, {DType::kF32, fixed_shape({16})}, "t", {}};
}
TensorRef state(int32_t index) {
  return {Space::kState, index, index * kBytes, 0, {DType::kF32, fixed_shape({16})}, "s", {}};
}
TensorRef data() {
  return {Space::kInput, 0, 0, 0, {DType::kF32, batched_shape({16})}, "x", {}};
}

KernelCall call(std::vector<TensorRef> inputs, std::vector<TensorRef> outputs) {
  KernelCall c;
  c.inputs = std::move(inputs);
  c.outputs = std::move(outputs);
  return c;
}

Module module_of(std::vector<StateRole> roles) {
  Module module;
  for (StateRole role : roles) {
    State s;
    s.role = role;
    module.states.push_back(s);
  }
  return module;
}

TEST(Phases, FollowTheMemoryThatCallsReadAndWrite) {
  enum { kW, kMean, kLoss };
  const Module module = module_of({StateRole::kWeight, StateRole::kStatistic, StateRole::kMetric});
  EntryPlan train;
  train.steps = {call({data(), state(kW)}, {slot(0)}),  // hidden
                 call({slot(0)}, {slot(1), slot(2)}),   // loss and its gradient
                 call({slot(0)}, {state(kMean)}),       // a moving mean
                 call({slot(2)}, {slot(3)}),            // backward
                 call({slot(1), state(kLoss)}, {state(kLoss)}),
                 call({slot(3), data(), state(kW)}, {state(kW)})};
  const std::vector<Phase> phases = phases_of(train, module);
  EXPECT_EQ(phases, (std::vector<Phase>{Phase::kForward, Phase::kForward, Phase::kUpdate, Phase::kBackward,
                                        Phase::kUpdate, Phase::kUpdate}));
}

// What a slot held before it was written again is of no interest: the first call only feeds the backward pass.
TEST(Phases, SeeThatMemoryIsUsedAgain) {
  const Module module = module_of({StateRole::kMetric});
  EntryPlan train;
  train.steps = {call({data()}, {slot(0)}), call({slot(0)}, {slot(5)}), call({data()}, {slot(0)}),
                 call({slot(0), state(0)}, {state(0)})};
  EXPECT_EQ(phases_of(train, module),
            (std::vector<Phase>{Phase::kBackward, Phase::kBackward, Phase::kForward, Phase::kUpdate}));
}

// The last of the steps that a loop writes is read after it.
TEST(Phases, SeeAllThatALoopWrites) {
  const Module module = module_of({StateRole::kMetric});
  TensorRef carry = slot(0), next = slot(1);
  carry.stride.fixed = next.stride.fixed = kBytes;
  Loop loop;
  loop.steps = 4;
  loop.calls = {call({carry}, {next}), call({next}, {slot(9)})};
  EntryPlan train;
  train.steps = {call({data()}, {slot(0)}), loop, call({slot(4), state(0)}, {state(0)})};
  EXPECT_EQ(phases_of(train, module),
            (std::vector<Phase>{Phase::kForward, Phase::kForward, Phase::kForward, Phase::kUpdate}));
}

}  // namespace
}  // namespace kcc
