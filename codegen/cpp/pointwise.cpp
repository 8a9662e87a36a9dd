// Pointwise: most bodies collapse to one loop; concatenations are written piece by piece.
#include "codegen/cpp/families.h"
#include "codegen/cpp/results.h"
#include "codegen/kernels/cut.h"

namespace kcc::cpp {

Statements write_pointwise(const Kernel& kernel) {
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
