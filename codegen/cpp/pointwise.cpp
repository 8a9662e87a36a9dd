// Pointwise: most bodies collapse to one loop; concatenations are written piece by piece.
#include "codegen/cpp/families.h"
#include "codegen/cpp/results.h"
#include "codegen/kernels/cut.h"

namespace kcc::cpp {
namespace {

// Matrices, and concatenations of such along their columns: a part at a time.
Statements write_beside_concat(const Kernel& kernel) {
  const Collapsed whole = keep_dimensions(kernel.body);
  Writer w(whole.body);
  std::vector<size_t> narrow, wide;
  const Shape& shape = whole.output_shapes[0];
  for (size_t i = 0; i < whole.output_shapes.size(); ++i)
    (whole.output_shapes[i] == shape ? narrow : wide).push_back(i);
  walk(w, shape, [&](const Position& position) { store_results(w, whole, narrow, position); });
  for (int64_t start = 0; start < whole.output_shapes[wide[0]][1].size; start += shape[1].size) {
    walk(w, shape, [&](Position position) {
      position[1] = position[1] + Index(start);
      store_results(w, whole, wide, position);
    });
  }
  return {w.text()};
}

}  // namespace

Statements write_pointwise(const Kernel& kernel) {
  if (has_concat_beside(kernel.body)) return write_beside_concat(kernel);
  const Collapsed collapsed = collapse(kernel.body);
  const Graph& body = collapsed.body;
  const Shape& shape = body[body.outputs.at(0).value].type.shape;
  Writer w(body);
  const Cut cut = find_cut(body);
  if (cut.bounds.size() <= 2) {
    walk(w, shape, [&](const Position& position) { store_results(w, collapsed, all_outputs(body), position); });
    return {w.text()};
  }
  const size_t axis = static_cast<size_t>(cut.axis);
  for (size_t p = 0; p + 1 < cut.bounds.size(); ++p) {
    Shape piece = shape;
    piece[axis].size = cut.bounds[p + 1] - cut.bounds[p];
    walk(w, piece, [&](Position position) {
      position[axis] = position[axis] + Index(cut.bounds[p]);
      store_results(w, collapsed, all_outputs(body), position);
    });
  }
  return {w.text()};
}

}  // namespace kcc::cpp
