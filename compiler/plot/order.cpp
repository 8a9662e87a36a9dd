#include "compiler/plot/order.h"

#include <algorithm>
#include <numeric>

namespace kcc::plot {
namespace {

constexpr int kSweeps = 12;

std::vector<size_t> positions_of(const Ranked& graph) {
  std::vector<size_t> positions(graph.above.size());
  for (const auto& layer : graph.layers)
    for (size_t i = 0; i < layer.size(); ++i) positions[layer[i]] = i;
  return positions;
}

// A node without neighbours there stays about where it is.
void sort_layer(std::vector<size_t>& layer, const std::vector<std::vector<size_t>>& neighbours,
                const std::vector<size_t>& positions) {
  std::vector<std::pair<double, size_t>> keyed;
  for (size_t node : layer) {
    double sum = 0;
    for (size_t other : neighbours[node]) sum += static_cast<double>(positions[other]);
    const double count = static_cast<double>(neighbours[node].size());
    keyed.emplace_back(count > 0 ? sum / count : static_cast<double>(positions[node]), node);
  }
  std::stable_sort(keyed.begin(), keyed.end(), [](auto& a, auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < layer.size(); ++i) layer[i] = keyed[i].second;
}

void sweep(Ranked& graph, bool down) {
  std::vector<size_t> positions = positions_of(graph);
  const size_t count = graph.layers.size();
  for (size_t i = 1; i < count; ++i) {
    std::vector<size_t>& layer = graph.layers[down ? i : count - 1 - i];
    sort_layer(layer, down ? graph.above : graph.below, positions);
    for (size_t k = 0; k < layer.size(); ++k) positions[layer[k]] = k;
  }
}

// Inversions, by merging.
size_t inversions(std::vector<size_t>& values, std::vector<size_t>& scratch, size_t begin, size_t end) {
  if (end - begin < 2) return 0;
  const size_t middle = (begin + end) / 2;
  size_t count = inversions(values, scratch, begin, middle) + inversions(values, scratch, middle, end);
  size_t left = begin, right = middle;
  for (size_t out = begin; out < end; ++out) {
    const bool take_left = right == end || (left < middle && values[left] <= values[right]);
    if (!take_left) count += middle - left;
    scratch[out] = take_left ? values[left++] : values[right++];
  }
  std::copy(scratch.begin() + static_cast<std::ptrdiff_t>(begin), scratch.begin() + static_cast<std::ptrdiff_t>(end),
            values.begin() + static_cast<std::ptrdiff_t>(begin));
  return count;
}

}  // namespace

size_t crossings(const Ranked& graph) {
  const std::vector<size_t> positions = positions_of(graph);
  size_t count = 0;
  for (const auto& layer : graph.layers) {
    std::vector<size_t> ends;
    for (size_t node : layer) {
      const size_t first = ends.size();
      for (size_t other : graph.below[node]) ends.push_back(positions[other]);
      std::sort(ends.begin() + static_cast<std::ptrdiff_t>(first), ends.end());
    }
    std::vector<size_t> scratch(ends.size());
    count += inversions(ends, scratch, 0, ends.size());
  }
  return count;
}

void order_layers(Ranked& graph) {
  auto best = graph.layers;
  size_t fewest = crossings(graph);
  for (int i = 0; i < kSweeps && fewest > 0; ++i) {
    sweep(graph, i % 2 == 0);
    const size_t now = crossings(graph);
    if (now >= fewest) continue;
    fewest = now;
    best = graph.layers;
  }
  graph.layers = best;
}

}  // namespace kcc::plot
