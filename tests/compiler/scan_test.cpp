// Loops over time: their gradients against differences, and that the passes leave their meaning alone.
#include "compiler/ir/scan.h"

#include <gtest/gtest.h>

#include "compiler/ir/print.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/op.h"
#include "compiler/passes/idle_body.h"
#include "compiler/passes/index_limits.h"
#include "compiler/passes/optimize.h"
#include "tests/support/finite_differences.h"
#include "tests/support/interpreter.h"
#include "tests/support/recurrent_graphs.h"

namespace kcc::testing {
namespace {

constexpr int64_t kBatch = 3;

TEST(Scan, GradientIsThatOfDifferences) {
  for (const RecurrentCase& row : recurrent_cases()) {
    const std::vector<Array> at = distinct_arrays(row.inputs, kBatch, -1, 1);
    EXPECT_LE(gradient_error(row.inputs, row.build, at, kBatch), 1e-6) << row.name;
  }
}

std::vector<Array> values_for(const Graph& graph) {
  std::vector<Shape> shapes;
  for (const NamedType& input : graph.inputs) shapes.push_back(input.type.shape);
  return distinct_arrays(shapes, kBatch, -1, 1);
}

void expect_same(const std::vector<Array>& got, const std::vector<Array>& wanted, const std::string& what) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i)
    for (size_t e = 0; e < got[i].values.size(); ++e)
      ASSERT_NEAR(got[i].values[e], wanted[i].values[e], 1e-12) << what << ", output " << i << ", element " << e;
}

TEST(Scan, PassesKeepItsMeaning) {
  for (const RecurrentCase& row : recurrent_cases()) {
    const Graph graph = differentiated(row.inputs, row.build);
    const Graph optimized = optimize(graph, {});
    const std::vector<Array> values = values_for(graph);
    expect_same(interpret(optimized, kBatch, values).outputs, interpret(graph, kBatch, values).outputs, row.name);
  }
}

int64_t count_in_bodies(const Graph& graph, OpKind op) {
  int64_t count = 0;
  for (const Node& node : graph.nodes) {
    if (!node.body) continue;
    for (const Node& inner : node.body->nodes) count += inner.op == op;
  }
  return count;
}

// Forward one product a step, backward one: the weights' gradients are made after the loop.
TEST(Scan, MultipliesTwiceAStep) {
  for (const RecurrentCase& row : recurrent_cases()) {
    if (row.name.rfind("lstm", 0) != 0) continue;
    const Graph graph = optimize(differentiated(row.inputs, row.build), {});
    EXPECT_EQ(count_in_bodies(graph, OpKind::kMatMul), 2) << row.name << "\n" << to_string(graph);
    EXPECT_EQ(count_in_bodies(graph, OpKind::kPad), 0) << "gradients of slices are one concatenation";
    for (const Node& node : graph.nodes) {
      if (!node.body) continue;
      for (const Node& inner : node.body->nodes)
        EXPECT_TRUE(inner.op != OpKind::kMatMul || inner.attrs.integer("transpose_b") == 0) << "turned beforehand";
    }
  }
}

// The body with its mask false, and its idle body: the same carries and the same of what idle steps must stack.
TEST(Scan, IdleBodyIsTheBodyWithoutItsSamples) {
  for (const RecurrentCase& row : recurrent_cases()) {
    const Graph graph = optimize(differentiated(row.inputs, row.build), {});
    for (ValueId v = 0; v < graph.size(); ++v) {
      const Node& node = graph[v];
      if (node.op != OpKind::kScan || node.attrs.integer("mask") < 0) continue;
      const ScanLayout layout = layout_of(node);
      std::vector<Array> values = values_for(*node.body);
      for (double& m : values[static_cast<size_t>(layout.sequence(layout.mask))].values) m = 0;
      const Graph idle = idle_body(node);
      const std::vector<Array> wanted = interpret(*node.body, kBatch, values).outputs;
      const std::vector<Array> got = interpret(idle, kBatch, values).outputs;
      const std::vector<bool> needed = stacked_when_idle(graph, v);
      for (size_t i = 0; i < wanted.size(); ++i) {
        const size_t carries = static_cast<size_t>(layout.carries);
        if (i < carries || needed[i - carries]) expect_same({got[i]}, {wanted[i]}, row.name);
      }
    }
  }
}

// A masked LSTM's idle steps copy its carries and nothing else, forward; backward they write zeros.
TEST(Scan, IdleStepsOfAnLstmDoNoWork) {
  const RecurrentCase row = recurrent_cases()[4];
  ASSERT_EQ(row.name, "lstm masked");
  const Graph graph = optimize(differentiated(row.inputs, row.build), {});
  for (ValueId v = 0; v < graph.size(); ++v) {
    const Node& node = graph[v];
    if (node.op != OpKind::kScan) continue;
    Graph idle = idle_body(node);
    const std::vector<bool> needed = stacked_when_idle(graph, v);
    for (size_t p = needed.size(); p-- > 0;)
      if (!needed[p]) idle.outputs.erase(idle.outputs.begin() + layout_of(node).carries + static_cast<int64_t>(p));
    for (const NamedValue& output : idle.outputs) {
      const Node& value = idle[output.value];
      EXPECT_TRUE(value.op == OpKind::kInput || value.op == OpKind::kBroadcast) << to_string(idle);
    }
  }
}

TEST(Scan, PrintsItsBodyIndented) {
  const Module module = recurrent_module();
  const std::string text = to_string(optimize(module.predict, module), module);
  EXPECT_NE(text.find("    graph step(c0: f32(B, 5), c1: f32(B, 5), s0: f32(B, 20), s1: bool(B), w0: f32(5, 20)) {"),
            std::string::npos)
      << text;
}

TEST(IndexLimits, AreTheTablesOfAnInput) {
  Module module = recurrent_module();
  find_index_limits(module);
  EXPECT_EQ(module.inputs[0].index_limit, 7);
}

}  // namespace
}  // namespace kcc::testing
