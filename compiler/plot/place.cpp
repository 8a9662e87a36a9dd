#include "compiler/plot/place.h"

#include <algorithm>
#include <map>

#include "compiler/plot/order.h"

namespace kcc::plot {
namespace {

constexpr double kBesideBoxes = 26, kBesideEdges = 14, kBetweenLayers = 34, kBesidePorts = 12;
constexpr int kRounds = 24;

// Longest paths from the sources; sources that need not be first stand close to what they lead to.
std::vector<size_t> rank_nodes(const Layers& graph) {
  const size_t count = graph.nodes.size();
  std::vector<std::vector<size_t>> next(count);
  std::vector<size_t> missing(count, 0), ranks(count, 0), ready;
  for (const Edge& edge : graph.edges) {
    next[edge.from].push_back(edge.to);
    ++missing[edge.to];
  }
  const std::vector<size_t> indegree = missing;
  for (size_t i = 0; i < count; ++i)
    if (missing[i] == 0) ready.push_back(i);
  for (size_t i = 0; i < ready.size(); ++i)
    for (size_t to : next[ready[i]]) {
      ranks[to] = std::max(ranks[to], ranks[ready[i]] + 1);
      if (--missing[to] == 0) ready.push_back(to);
    }
  size_t deepest = 0;
  for (size_t i = 0; i < count; ++i)
    if (!graph.nodes[i].last) deepest = std::max(deepest, ranks[i] + 1);
  for (size_t i = 0; i < count; ++i) {
    if (graph.nodes[i].last) ranks[i] = deepest;
    if (indegree[i] > 0 || graph.nodes[i].first || next[i].empty()) continue;
    size_t nearest = deepest + 1;
    for (size_t to : next[i]) nearest = std::min(nearest, ranks[to]);
    ranks[i] = nearest - 1;
  }
  return ranks;
}

// The graph with long edges cut at every layer. Edges that leave a node at the same place share their way.
class Placing {
 public:
  explicit Placing(Layers& graph) : graph_(graph), rank_(rank_nodes(graph)), bends_(graph.nodes.size()) {
    for (const Node& node : graph.nodes) breadth_.push_back(node.breadth);
    cut_edges();
  }

  void run() {
    order();
    spread();
    stack();
    write_back();
  }

 private:
  struct Link {  // from one layer to the next
    size_t from, to;
    double from_offset, to_offset;
    double weight;  // how much it wants to be straight
  };

  size_t add_bend(size_t rank) {
    rank_.push_back(rank);
    breadth_.push_back(0);
    return rank_.size() - 1;
  }
  bool is_bend(size_t node) const { return node >= bends_; }

  void cut_edges() {
    std::map<std::pair<size_t, double>, std::vector<size_t>> ways;  // by the place of departure: a bend a layer
    for (const Edge& edge : graph_.edges) {
      std::vector<size_t>& way = ways[{edge.from, edge.from_offset}];
      const size_t between = rank_[edge.to] - rank_[edge.from] - 1;
      while (way.size() < between) {
        const size_t bend = add_bend(rank_[edge.from] + way.size() + 1);
        link(way.empty() ? edge.from : way.back(), bend, way.empty() ? edge.from_offset : 0, 0);
        way.push_back(bend);
      }
      const bool direct = between == 0;
      link(direct ? edge.from : way[between - 1], edge.to, direct ? edge.from_offset : 0, edge.to_offset);
      ways_.emplace_back(way.begin(), way.begin() + static_cast<std::ptrdiff_t>(between));
    }
  }

  void link(size_t from, size_t to, double from_offset, double to_offset) {
    const int bends = static_cast<int>(is_bend(from)) + static_cast<int>(is_bend(to));
    links_.push_back({from, to, from_offset, to_offset, bends == 0 ? 1.0 : bends == 1 ? 2.0 : 8.0});
  }

  void order() {
    const size_t layers = 1 + *std::max_element(rank_.begin(), rank_.end());
    ranked_.layers.resize(layers);
    ranked_.above.resize(rank_.size());
    ranked_.below.resize(rank_.size());
    for (size_t node = 0; node < rank_.size(); ++node) ranked_.layers[rank_[node]].push_back(node);
    for (const Link& link : links_) {
      ranked_.below[link.from].push_back(link.to);
      ranked_.above[link.to].push_back(link.from);
    }
    order_layers(ranked_);
  }

  double apart(size_t left, size_t right) const {
    const bool thin = is_bend(left) || is_bend(right);
    return (breadth_[left] + breadth_[right]) / 2 + (thin ? kBesideEdges : kBesideBoxes);
  }

  // Middles of nodes: layer by layer, down and up, as near as may be to where their links want them.
  void spread() {
    middle_.assign(rank_.size(), 0);
    for (const auto& layer : ranked_.layers) pack(layer);
    links_above_.resize(rank_.size());
    links_below_.resize(rank_.size());
    for (const Link& link : links_) {
      links_above_[link.to].push_back(link);
      links_below_[link.from].push_back(link);
    }
    for (int round = 0; round < kRounds; ++round) {
      const bool down = round % 2 == 0, both = round >= kRounds / 2;
      const size_t count = ranked_.layers.size();
      for (size_t i = 0; i < count; ++i) settle(ranked_.layers[down ? i : count - 1 - i], down || both, !down || both);
    }
    double least = 0;
    for (size_t node = 0; node < rank_.size(); ++node) least = std::min(least, middle_[node] - breadth_[node] / 2);
    for (size_t node = 0; node < rank_.size(); ++node) {
      middle_[node] -= least;
      graph_.breadth = std::max(graph_.breadth, middle_[node] + breadth_[node] / 2);
    }
  }

  void pack(const std::vector<size_t>& layer) {
    for (size_t i = 1; i < layer.size(); ++i) middle_[layer[i]] = middle_[layer[i - 1]] + apart(layer[i - 1], layer[i]);
    const double half = layer.empty() ? 0 : middle_[layer.back()] / 2;
    for (size_t node : layer) middle_[node] -= half;
  }

  // Minimizes the sum of weight (middle - wish)^2 while neighbours stay apart: isotonic regression of the wishes less
  // the room needed so far, by pooling adjacent violators.
  void settle(const std::vector<size_t>& layer, bool above, bool below) {
    struct Pool {
      double sum, weight;
      size_t nodes;
    };
    std::vector<Pool> pools;
    std::vector<double> room(layer.size(), 0);
    for (size_t i = 0; i < layer.size(); ++i) {
      if (i > 0) room[i] = room[i - 1] + apart(layer[i - 1], layer[i]);
      const auto [wish, weight] = wish_of(layer[i], above, below);
      Pool pool{weight * (wish - room[i]), weight, 1};
      while (!pools.empty() && pools.back().sum / pools.back().weight > pool.sum / pool.weight) {
        pool = {pool.sum + pools.back().sum, pool.weight + pools.back().weight, pool.nodes + pools.back().nodes};
        pools.pop_back();
      }
      pools.push_back(pool);
    }
    size_t i = 0;
    for (const Pool& pool : pools)
      for (size_t k = 0; k < pool.nodes; ++k, ++i) middle_[layer[i]] = pool.sum / pool.weight + room[i];
  }

  std::pair<double, double> wish_of(size_t node, bool above, bool below) const {
    constexpr double kInertia = 1e-3;
    double sum = kInertia * middle_[node], weight = kInertia;
    const auto pull = [&](double wish, double strength) {
      sum += strength * wish;
      weight += strength;
    };
    if (above)
      for (const Link& link : links_above_[node])
        pull(middle_[link.from] + link.from_offset - link.to_offset, link.weight);
    if (below)
      for (const Link& link : links_below_[node])
        pull(middle_[link.to] + link.to_offset - link.from_offset, link.weight);
    return {sum / weight, weight};
  }

  // Depths of layers.
  void stack() {
    std::vector<double> depth(ranked_.layers.size(), 0), span(ranked_.layers.size(), 0);
    for (size_t node = 0; node < bends_; ++node)
      depth[rank_[node]] = std::max(depth[rank_[node]], graph_.nodes[node].depth);
    for (const Link& link : links_) {
      const double across = middle_[link.to] + link.to_offset - middle_[link.from] - link.from_offset;
      span[rank_[link.from]] = std::max(span[rank_[link.from]], std::abs(across));
    }
    double at = 0;
    for (size_t i = 0; i < depth.size(); ++i) {
      begin_.push_back(at);
      end_.push_back(at + depth[i]);
      // Wide curves need room; a layer where arrows only enter or leave a frame needs little.
      const bool boxes = depth[i] > 0 && i + 1 < depth.size() && depth[i + 1] > 0;
      at += depth[i] + (boxes ? kBetweenLayers : kBesidePorts) + std::min(50.0, span[i] * 0.08);
    }
    graph_.depth = end_.back();
  }

  void write_back() {
    for (size_t i = 0; i < bends_; ++i) {
      Node& node = graph_.nodes[i];
      const double slack = end_[rank_[i]] - begin_[rank_[i]] - node.depth;
      const double push = node.first ? 0 : node.last ? slack : slack / 2;
      node.corner = {middle_[i] - node.breadth / 2, begin_[rank_[i]] + push};
    }
    for (size_t i = 0; i < graph_.edges.size(); ++i) {
      Edge& edge = graph_.edges[i];
      const double begin = middle_[edge.from] + edge.from_offset, end = middle_[edge.to] + edge.to_offset;
      const Node& from = graph_.nodes[edge.from];
      edge.path = {{begin, from.corner.depth + from.depth}, {begin, end_[rank_[edge.from]]}};
      for (size_t bend : ways_[i]) {
        edge.path.push_back({middle_[bend], begin_[rank_[bend]]});
        edge.path.push_back({middle_[bend], end_[rank_[bend]]});
      }
      edge.path.push_back({end, begin_[rank_[edge.to]]});
      edge.path.push_back({end, graph_.nodes[edge.to].corner.depth});
    }
  }

  Layers& graph_;
  std::vector<size_t> rank_;     // of the nodes, then of the bends
  size_t bends_;                 // the first of them
  std::vector<double> breadth_;  // likewise
  std::vector<Link> links_;
  std::vector<std::vector<size_t>> ways_;  // the bends of each edge
  Ranked ranked_;
  std::vector<std::vector<Link>> links_above_, links_below_;
  std::vector<double> middle_;
  std::vector<double> begin_, end_;  // of each layer
};

}  // namespace

void place(Layers& layers) {
  if (!layers.nodes.empty()) Placing(layers).run();
}

}  // namespace kcc::plot
