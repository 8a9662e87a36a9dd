// The order of nodes within layers, chosen so that few edges cross. Between ranking and placing in place.cpp.
#pragma once

#include <cstddef>
#include <vector>

namespace kcc::plot {

// Nodes in layers; edges only between neighbouring layers.
struct Ranked {
  std::vector<std::vector<size_t>> layers;        // nodes, in order
  std::vector<std::vector<size_t>> above, below;  // of each node, its neighbours
};

// Barycentre sweeps down and up; keeps the best order seen.
void order_layers(Ranked& graph);

// Pairs of edges that cross.
size_t crossings(const Ranked& graph);

}  // namespace kcc::plot
