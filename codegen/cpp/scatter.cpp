// Scatter: rows added up by index, in their order; in scratch where more is computed of the sums, whose results may be
// operands in place.
#include <fmt/format.h>

#include "codegen/cpp/families.h"
#include "codegen/cpp/results.h"
#include "compiler/support/check.h"

namespace kcc::cpp {

Statements write_scatter(const Kernel& kernel) {
  const Graph& body = kernel.body;
  const Node& n = body[kernel.anchor];
  KCC_CHECK(n.op == OpKind::kScatterAdd, "a scatter");
  const Shape& indices = body[n.inputs[0]].type.shape;
  const Shape& table = n.type.shape;
  const std::vector<Size> strides = strides_of(table);
  const bool alone = body.outputs.size() == 1 && body.outputs[0].value == kernel.anchor;
  const std::string sums = alone ? "out0" : "scratch";
  Writer w(body);
  w.lanes(size_of(element_count(table)), [&](const Index& i) {
    w.store(sums, i, {"0.0f", DType::kF32, 0, false, true});
  });
  std::vector<Size> counts;
  for (const Dim& dim : indices) counts.push_back(size_of(dim));
  w.loops(counts, [&](const Position& which) {
    const std::string row = w.fresh("row");
    w.line(fmt::format("const int64_t {} = at_most(at_least_0({}), {});", row, w.at(n.inputs[0], which).text,
                       table[0].size - 1));
    const Index start = Index(Atom{row, {table[0].size - 1, 0}, w.depth()}) * strides[0];
    const Shape columns(table.begin() + 1, table.end());
    const auto add = [&](const Position& inside) {
      Position element = which;
      element.insert(element.end(), inside.begin(), inside.end());
      Index offset = start;
      for (size_t d = 0; d < inside.size(); ++d) offset = offset + inside[d] * strides[d + 1];
      const Value value = w.at(n.inputs[1], element);
      if (columns.empty())
        w.line(fmt::format("{}[{}] += {};", sums, offset.text(), value.text));
      else
        w.line(fmt::format("store(lanes, {0} + {1}, load(lanes, {0} + {1}) + {2});", sums, offset.text(), value.text));
    };
    walk(w, columns, add);
  });
  if (alone) return {w.text()};
  w.bind(kernel.anchor, [&](const Position& position) {
    Index offset;
    for (size_t d = 0; d < position.size(); ++d) offset = offset + position[d] * strides[d];
    return Value{fmt::format("load(lanes, scratch + {})", offset.text()), DType::kF32, w.depth(), true, false};
  });
  walk(w, table, [&](const Position& position) { store_results(w, position); });
  return {w.text(), element_count(table).size};
}

}  // namespace kcc::cpp
