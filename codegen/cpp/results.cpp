#include "codegen/cpp/results.h"

#include <fmt/format.h>

namespace kcc::cpp {

std::vector<size_t> all_outputs(const Graph& body) {
  std::vector<size_t> all(body.outputs.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

void store_results(Writer& w, const Collapsed& collapsed, const std::vector<size_t>& outputs,
                   const Position& position) {
  std::vector<Value> values;
  for (size_t i : outputs) {
    const Value value = w.at(w.body().outputs[i].value, position);
    values.push_back(outputs.size() > 1 ? w.named(value) : value);
  }
  for (size_t k = 0; k < outputs.size(); ++k) {
    const std::vector<Size> strides = strides_of(collapsed.output_shapes[outputs[k]]);
    Index offset;
    for (size_t d = 0; d < position.size(); ++d)
      offset = offset + position[d] * strides[static_cast<size_t>(collapsed.output_dims[outputs[k]][d])];
    w.store(fmt::format("out{}", outputs[k]), offset, values[k]);
  }
}

void store_results(Writer& w, const Position& position) {
  const Graph& body = w.body();
  std::vector<size_t> here;
  for (size_t i : all_outputs(body))
    if (body[body.outputs[i].value].type.shape.size() == position.size()) here.push_back(i);
  store_results(w, keep_dimensions(body), here, position);
}

void walk(Writer& w, const Shape& shape, const std::function<void(const Position& position)>& inside) {
  if (shape.empty()) return inside({});
  std::vector<Size> counts;
  for (const Dim& dim : shape) counts.push_back(size_of(dim));
  const Size last = counts.back();
  counts.pop_back();
  w.loops(counts, [&](const Position& outer) {
    w.lanes(last, [&](const Index& lane) {
      Position position = outer;
      position.push_back(lane);
      inside(position);
    });
  });
}

}  // namespace kcc::cpp
