#include "compiler/plot/place.h"

#include <gtest/gtest.h>

#include <random>

#include "compiler/plot/order.h"

namespace kcc::plot {
namespace {

double middle(const Node& node) {
  return node.corner.breadth + node.breadth / 2;
}

void expect_apart(const Layers& graph) {
  for (const Node& a : graph.nodes) {
    EXPECT_GE(a.corner.breadth, -1e-6);
    EXPECT_LE(a.corner.breadth + a.breadth, graph.breadth + 1e-6);
    EXPECT_LE(a.corner.depth + a.depth, graph.depth + 1e-6);
    for (const Node& b : graph.nodes) {
      if (&a == &b) continue;
      const bool beside = a.corner.breadth + a.breadth <= b.corner.breadth + 1e-6 ||
                          b.corner.breadth + b.breadth <= a.corner.breadth + 1e-6;
      const bool above =
          a.corner.depth + a.depth <= b.corner.depth + 1e-6 || b.corner.depth + b.depth <= a.corner.depth + 1e-6;
      EXPECT_TRUE(beside || above);
    }
  }
}

// Arrows only run forwards, and where they are beside nodes, straight and outside of them.
void expect_paths(const Layers& graph) {
  for (const Edge& edge : graph.edges) {
    ASSERT_EQ(edge.path.size() % 2, 0u);
    for (size_t i = 1; i < edge.path.size(); ++i) EXPECT_GE(edge.path[i].depth, edge.path[i - 1].depth - 1e-6);
    for (size_t i = 2; i + 3 < edge.path.size(); i += 2) {
      EXPECT_EQ(edge.path[i].breadth, edge.path[i + 1].breadth);
      for (const Node& node : graph.nodes) {
        const bool passes = edge.path[i].depth < node.corner.depth + node.depth - 1e-6 &&
                            edge.path[i + 1].depth > node.corner.depth + 1e-6;
        if (!passes) continue;
        EXPECT_TRUE(edge.path[i].breadth <= node.corner.breadth ||
                    edge.path[i].breadth >= node.corner.breadth + node.breadth);
      }
    }
    EXPECT_NEAR(edge.path.front().breadth, middle(graph.nodes[edge.from]) + edge.from_offset, 1e-6);
    EXPECT_NEAR(edge.path.back().breadth, middle(graph.nodes[edge.to]) + edge.to_offset, 1e-6);
  }
}

TEST(Place, AChainIsStraight) {
  Layers graph;
  for (const double breadth : {80.0, 200.0, 40.0}) graph.nodes.push_back({breadth, 30});
  graph.edges = {{0, 1}, {1, 2}};
  place(graph);
  EXPECT_NEAR(middle(graph.nodes[0]), middle(graph.nodes[1]), 0.1);
  EXPECT_NEAR(middle(graph.nodes[1]), middle(graph.nodes[2]), 0.1);
  EXPECT_NEAR(graph.breadth, 200, 0.1);
  expect_apart(graph);
}

TEST(Place, SourcesStandCloseToWhatTheyLeadTo) {
  Layers graph;
  graph.nodes.assign(5, {50, 20});
  graph.edges = {{0, 1}, {1, 2}, {2, 3}, {4, 3}};
  place(graph);
  EXPECT_EQ(graph.nodes[4].corner.depth, graph.nodes[2].corner.depth);
}

TEST(Place, FirstAndLastNodesAreAtTheEdges) {
  Layers graph;
  graph.nodes = {{50, 20}, {50, 20}, {0, 0, true, false}, {0, 0, false, true}};
  graph.edges = {{2, 0}, {0, 1}, {0, 3}};
  place(graph);
  EXPECT_EQ(graph.nodes[2].corner.depth, 0);
  EXPECT_EQ(graph.nodes[3].corner.depth, graph.depth);
  expect_paths(graph);
}

TEST(Place, NothingOverlapsInRandomGraphs) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    Layers graph;
    const size_t count = 1 + random() % 40;
    for (size_t i = 0; i < count; ++i)
      graph.nodes.push_back({20.0 + static_cast<double>(random() % 200), 20.0 + static_cast<double>(random() % 40)});
    for (size_t to = 1; to < count; ++to)
      for (size_t k = random() % 4; k > 0; --k)
        graph.edges.push_back({random() % to, to, static_cast<double>(random() % 21) - 10, 0});
    place(graph);
    expect_apart(graph);
    expect_paths(graph);
  }
}

TEST(OrderLayers, UntanglesWhatCanBeUntangled) {
  // 0 1 2 over 3 4 5, joined in reverse.
  Ranked graph{{{0, 1, 2}, {3, 4, 5}}, {{}, {}, {}, {2}, {1}, {0}}, {{5}, {4}, {3}, {}, {}, {}}};
  EXPECT_EQ(crossings(graph), 3u);
  order_layers(graph);
  EXPECT_EQ(crossings(graph), 0u);
}

}  // namespace
}  // namespace kcc::plot
