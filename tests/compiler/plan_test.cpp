// Fused and planned graphs must do what the graph as written does, bit by bit in double but for rounding.
#include "compiler/passes/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/ir/verify.h"
#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/draw_masks.h"
#include "compiler/passes/optimize.h"
#include "tests/support/interpreter.h"
#include "tests/support/plan_interpreter.h"
#include "tests/support/recurrent_graphs.h"
#include "tests/support/training_graphs.h"

namespace kcc::testing {
namespace {

std::vector<Array> random_states(const Module& module, std::mt19937& generator) {
  std::vector<Array> states;
  for (const State& state : module.states) {
    Array array = random_array(extents_of(state.type.shape, 1), generator, 0.1, 1);
    if (state.type.dtype != DType::kF32)
      for (double& value : array.values) value = std::floor(value * 1000);
    states.push_back(array);
  }
  return states;
}

std::vector<Array> random_inputs(const Graph& graph, int64_t batch, std::mt19937& generator) {
  std::vector<Array> inputs;
  for (const NamedType& input : graph.inputs) {
    const bool indices = input.type.dtype == DType::kI32;
    inputs.push_back(random_array(extents_of(input.type.shape, batch), generator, indices ? 0 : -1, indices ? 4 : 1));
    for (double& value : inputs.back().values) value = indices ? std::floor(value) : value;
  }
  return inputs;
}

void expect_close(const Array& got, const Array& wanted, const std::string& what) {
  ASSERT_EQ(got.values.size(), wanted.values.size()) << what;
  for (size_t i = 0; i < got.values.size(); ++i)
    ASSERT_NEAR(got.values[i], wanted.values[i], 1e-9 * (1 + std::abs(wanted.values[i]))) << what << " element " << i;
}

void expect_same_step(const Module& module, const Graph& graph) {
  std::mt19937 generator(7);
  const Graph optimized = optimize(graph, module);
  const Plan plan = make_plan(module, {fuse(optimized)}, "test");
  const Graph meant = draw_masks(graph);  // other random bits, as optimize has them
  for (int64_t batch : {1, 2, 5}) {
    const std::vector<Array> states = random_states(module, generator);
    const std::vector<Array> inputs = random_inputs(graph, batch, generator);
    const Evaluation wanted = interpret(meant, batch, inputs, states);
    const PlanEvaluation got = interpret(plan, plan.entries[0], batch, inputs, states);
    for (const auto& [state, value] : wanted.writes)
      expect_close(got.states[static_cast<size_t>(state)], value, module.states[static_cast<size_t>(state)].name);
    for (size_t i = 0; i < wanted.outputs.size(); ++i)
      expect_close(got.outputs[i], wanted.outputs[i], graph.outputs[i].name);
  }
}

TEST(Plan, TrainsAnMlpAsTheGraphDoes) {
  const Module module = mlp_module();
  expect_same_step(module, module.train);
}

TEST(Plan, TrainsAConvnetAsTheGraphDoes) {
  const Module module = convnet_module();
  expect_same_step(module, module.train);
}

// Some samples masked, whole steps masked, nothing masked.
TEST(Plan, RunsLoopsAsTheGraphDoes) {
  for (const RecurrentCase& row : recurrent_cases()) {
    const Graph graph = differentiated(row.inputs, row.build);
    const Plan plan = make_plan({}, {fuse(optimize(graph, {}))}, "test");
    std::mt19937 generator(11);
    for (int64_t batch : {1, 2, 5}) {
      for (int64_t idle_from : {kSteps, kSteps - 2, int64_t{0}}) {
        std::vector<Array> inputs = random_inputs(graph, batch, generator);
        Array& mask = inputs[row.inputs.size() - 1];
        if (row.name.find("masked") != std::string::npos)
          std::fill(mask.values.begin() + idle_from * batch, mask.values.end(), -1);
        const std::vector<Array> wanted = interpret(graph, batch, inputs).outputs;
        const std::vector<Array> got = interpret(plan, plan.entries[0], batch, inputs, {}).outputs;
        for (size_t i = 0; i < wanted.size(); ++i)
          expect_close(got[i], wanted[i], row.name + ", " + graph.outputs[i].name + "\n" + to_string(plan));
      }
    }
  }
}

TEST(Plan, TrainsARecurrentModelAsTheGraphDoes) {
  const Module module = recurrent_module();
  expect_same_step(module, module.predict);
  expect_same_step(module, module.train);
}

std::vector<const Loop*> loops_of(const EntryPlan& entry) {
  std::vector<const Loop*> loops;
  for (const PlanStep& step : entry.steps)
    if (const auto* loop = std::get_if<Loop>(&step)) loops.push_back(loop);
  return loops;
}

// Forward the product with what its gates make; backward all gates' gradients, then their product.
TEST(Plan, CallsOneKernelAStepForwardAndTwoBackward) {
  for (bool masked : {false, true}) {
    const Module module = recurrent_module(kSteps, 7, 3, 16, masked);
    const Plan plan = make_plan(module, {fuse(optimize(module.train, module))}, "test");
    const std::vector<const Loop*> loops = loops_of(plan.entries[0]);
    ASSERT_EQ(loops.size(), 2u);
    EXPECT_EQ(loops[0]->calls.size(), 1u) << to_string(plan);
    EXPECT_EQ(loops[1]->calls.size(), 2u) << to_string(plan);
  }
}

// In the order of gates, where they are combined at once, and as they are.
TEST(Plan, PacksWeightsOfLongLoops) {
  for (int64_t units : {48, 96}) {
    const Module module = recurrent_module(8, 7, 3, units, units == 48);
    expect_same_step(module, module.train);
    const Plan plan = make_plan(module, {fuse(optimize(module.train, module))}, "test");
    for (const Loop* loop : loops_of(plan.entries[0])) {
      const auto has_panels = [](const KernelCall& call) {
        return std::any_of(call.inputs.begin(), call.inputs.end(),
                           [](const TensorRef& r) { return r.type.rank() == 4; });
      };
      EXPECT_EQ(std::count_if(loop->calls.begin(), loop->calls.end(), has_panels), 1) << to_string(plan);
    }
  }
}

// Found by random models: the transpose has its operand's shape, and must all the same not join its kernel.
TEST(Plan, ReadsInAnotherOrderWhatIsComplete) {
  Module module;
  Graph& graph = module.predict;
  graph.name = "predict";
  Builder b{graph};
  ValueId x = add(b, input(b, "x", {DType::kF32, batched_shape({5, 3})}), 1.0);
  ValueId turned = transpose(b, reshape(b, x, batched_shape({3, 5})), {0, 2, 1});
  graph.outputs.push_back({"y", turned});
  graph.outputs.push_back({"z", x});
  expect_same_step(module, graph);
  graph.outputs.pop_back();
  expect_same_step(module, graph);
}

// A stateful layer's memory: (B, n) in the graph, (2, n) in the table.
TEST(Plan, KeepsStatesOfAFixedBatch) {
  Module module;
  module.fixed_batch = 2;
  State memory;
  memory.name = "memory";
  memory.type = {DType::kF32, fixed_shape({2, 3})};
  module.states = {memory};
  Graph graph;
  graph.name = "predict";
  Builder b{graph};
  const ValueId x = input(b, "x", {DType::kF32, batched_shape({3})});
  const ValueId sum = add(b, x, state(b, 0, {DType::kF32, batched_shape({3})}));
  graph.outputs = {{"y", mul(b, sum, 2.0)}};
  graph.writes = {{0, sum}};
  const Plan plan = make_plan(module, {fuse(optimize(graph, module))}, "test");
  const Array given{{2, 3}, {1, 2, 3, 4, 5, 6}}, kept{{2, 3}, {10, 20, 30, 40, 50, 60}};
  const PlanEvaluation got = interpret(plan, plan.entries[0], 2, {given}, {kept});
  EXPECT_EQ(got.states[0].values, (std::vector<double>{11, 22, 33, 44, 55, 66}));
  EXPECT_EQ(got.outputs[0].values, (std::vector<double>{22, 44, 66, 88, 110, 132}));
}

TEST(Plan, GivesAnMlpStepFewKernels) {
  const Module module = mlp_module();
  const Plan plan = make_plan(module, {fuse(optimize(module.train, module))}, "mlp");
  EXPECT_LE(calls_of(plan.entries[0]).size(), 13u) << to_string(plan);
}

TEST(Plan, SumsABiasGradientBesideTheWeights) {
  const Module module = convnet_module();
  const KernelGraph kernels = fuse(optimize(module.train, module));
  int64_t with_bias = 0;
  for (const Group& group : kernels.groups) {
    if (group.family != Family::kConvWeightGrad) continue;
    with_bias += std::any_of(group.roots.begin(), group.roots.end(),
                             [&](ValueId v) { return kernels.graph[v].op == OpKind::kReduceSum; });
  }
  EXPECT_EQ(with_bias, 1);  // of the one convolution that has a bias
}

TEST(Plan, KeepsArenaNearItsBound) {
  const Module module = convnet_module();
  const Plan plan = make_plan(module, {fuse(optimize(module.train, module))}, "net");
  const EntryPlan& entry = plan.entries[0];
  EXPECT_LE(entry.arena_batch, entry.bound_batch * 1.1) << memory_report(plan);
}

// Outputs that are inputs, views, used twice or also written to a state need copies.
TEST(Plan, CopiesWhatHasNoKernelOfItsOwn) {
  Module module;
  State state_entry;
  state_entry.name = "kept";
  state_entry.type = {DType::kF32, fixed_shape({4})};
  module.states = {state_entry};
  Graph graph;
  graph.name = "predict";
  Builder b{graph};
  ValueId x = input(b, "x", {DType::kF32, batched_shape({2, 3})});
  ValueId old = state(b, 0, state_entry.type);
  ValueId twice = mul(b, x, 2.0);
  graph.outputs = {{"same", x},
                   {"view", reshape(b, twice, batched_shape({6}))},
                   {"again", twice},
                   {"old", old},
                   {"new", add(b, old, 1.0)}};
  graph.writes = {{0, add(b, old, 1.0)}};
  expect_same_step(module, graph);
}

// A written state that is still read afterwards must be read before it is written.
TEST(Plan, WritesStatesAfterEveryReader) {
  Module module;
  for (const char* name : {"a", "b"}) {
    State s;
    s.name = name;
    s.type = {DType::kF32, fixed_shape({3})};
    module.states.push_back(s);
  }
  Graph graph;
  graph.name = "train";
  Builder b{graph};
  ValueId a = state(b, 0, module.states[0].type), c = state(b, 1, module.states[1].type);
  graph.writes = {{0, c}, {1, a}};  // a swap
  ValueId moved = slice(b, a, {0}, {2}, {1});
  graph.outputs = {{"moved", mul(b, moved, 3.0)}};
  expect_same_step(module, graph);
}

// As Lion trains a batch normalization's scale: momentum and weight are each made of the old momentum and a gradient
// that the kernel before the weight's last reader makes.
TEST(Plan, SparesAStateThatALaterKernelReads) {
  Module module;
  for (const char* name : {"momentum", "weight"}) {
    State s;
    s.name = name;
    s.type = {DType::kF32, fixed_shape({4})};
    module.states.push_back(s);
  }
  Graph graph;
  graph.name = "train";
  Builder b{graph};
  ValueId x = input(b, "x", {DType::kF32, batched_shape({4})});
  ValueId momentum = state(b, 0, module.states[0].type), weight = state(b, 1, module.states[1].type);
  ValueId gradient = reduce_sum(b, x, {0});
  const auto spread = [&](ValueId v) { return broadcast_in_dims(b, v, b.shape(x), {1}); };
  graph.outputs = {{"y", add(b, mul(b, x, spread(weight)), spread(gradient))}};
  graph.writes = {{0, add(b, mul(b, momentum, 0.5), gradient)},
                  {1, sub(b, weight, mul(b, add(b, momentum, gradient), 0.1))}};
  expect_same_step(module, graph);
}

}  // namespace
}  // namespace kcc::testing
