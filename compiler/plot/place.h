// Places the nodes of a graph in layers, so that edges run forwards, cross seldom and are as straight as they can be
// (Sugiyama, Tagawa, Toda 1981). Directions are called depth, the way that edges run, and breadth, across it.
#pragma once

#include <cstddef>
#include <vector>

namespace kcc::plot {

struct Point {
  double breadth = 0, depth = 0;
};

struct Node {
  double breadth = 0, depth = 0;  // its size
  bool first = false;             // belongs into the first layer, at its place among the others that do
  bool last = false;              // likewise the last
  Point corner = {};              // set by place(): where it begins, both ways
};

struct Edge {
  size_t from = 0, to = 0;  // nodes; no cycles
  double from_offset = 0;   // breadth, from the middle of the node
  double to_offset = 0;
  std::vector<Point> path = {};  // set by place(): from the end of `from` to the begin of `to`; between every other
                                 // pair of points the path changes its breadth, between the others it is straight
};

struct Layers {
  std::vector<Node> nodes;
  std::vector<Edge> edges;
  double breadth = 0, depth = 0;  // set by place(): all that it needs, from 0
};

void place(Layers& layers);

}  // namespace kcc::plot
