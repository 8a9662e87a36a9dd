// Rows and reductions: loops over what is kept; the reductions are written where the results ask for them. What a row's
// loops need more than once and is dear to compute is kept in an array.
#include <algorithm>

#include "codegen/cpp/families.h"
#include "codegen/cpp/results.h"
#include "codegen/kernels/reduce.h"
#include "compiler/ops/op.h"
#include "compiler/support/check.h"

namespace kcc::cpp {
namespace {

// Elements of a row up to which lanes of whole rows beat vectors along it.
constexpr int64_t kShortRow = 32;

// Elements of a row that are dear to compute and read by more than one value.
std::set<ValueId> dear_rows(const Graph& body, const Shape& domain) {
  std::vector<int> readers(body.nodes.size(), 0);
  for (const Node& n : body.nodes)
    for (ValueId input : n.inputs) ++readers[static_cast<size_t>(input)];
  for (const NamedValue& output : body.outputs) ++readers[static_cast<size_t>(output.value)];
  std::set<ValueId> dear;
  for (ValueId v = 0; v < body.size(); ++v) {
    const OpInfo& op = info(body[v].op);
    const bool costs = (op.category == OpCategory::kElementwise && !op.cheap) || op.category == OpCategory::kRandom;
    if (costs && body[v].type.shape == domain && readers[static_cast<size_t>(v)] > 1) dear.insert(v);
  }
  return dear;
}

}  // namespace

Statements write_reduction(const Kernel& kernel) {
  const Collapsed collapsed = collapse(kernel.body);
  const Graph& body = collapsed.body;
  const std::vector<std::vector<ValueId>> stages = reduction_stages(body);
  KCC_CHECK(!stages.empty(), "a reduction");
  const ValueId first = stages[0][0];
  const Shape kept = body[first].type.shape, domain = body[body[first].inputs[0]].type.shape;
  const std::vector<int64_t> axes = reduced_axes(body[first]);
  std::vector<size_t> rows, others;
  for (size_t i = 0; i < body.outputs.size(); ++i) {
    const Shape& shape = body[body.outputs[i].value].type.shape;
    KCC_CHECK(shape == domain || shape == kept, "results with or without the reduced dimensions");
    (shape == kept ? others : rows).push_back(i);
  }
  Writer w(body);
  const bool last_kept = axes.empty() || axes.back() != static_cast<int64_t>(domain.size()) - 1;
  if (rows.empty() && last_kept) {
    walk(w, kept, [&](const Position& position) { store_results(w, collapsed, others, position); });
    return {w.text()};
  }
  if (!last_kept && domain.size() == kept.size() + 1) w.keep_rows(dear_rows(body, domain));
  // Short rows of many samples: a row a lane, so that all lanes have work.
  if (!last_kept && kept.size() == 1 && kept[0].batched && domain.size() == 2 && domain[1].size <= kShortRow) {
    w.lanes(size_of(kept[0]), [&](const Index& row) {
      if (!rows.empty())
        w.loop(size_of(domain[1]), [&](const Index& j) { store_results(w, collapsed, rows, {row, j}); });
      if (!others.empty()) store_results(w, collapsed, others, {row});
    });
    return {w.text()};
  }
  std::vector<Size> counts;
  for (const Dim& dim : kept) counts.push_back(size_of(dim));
  w.loops(counts, [&](const Position& position) {
    if (!rows.empty()) {
      walk(w, Shape(domain.begin() + static_cast<int64_t>(kept.size()), domain.end()), [&](const Position& inside) {
        Position element = position;
        element.insert(element.end(), inside.begin(), inside.end());
        store_results(w, collapsed, rows, element);
      });
    }
    if (!others.empty()) store_results(w, collapsed, others, position);
  });
  return {w.text()};
}

}  // namespace kcc::cpp
