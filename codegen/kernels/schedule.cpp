#include "codegen/kernels/schedule.h"

#include <algorithm>
#include <numeric>

#include "compiler/support/check.h"

namespace kcc {

using Halide::Expr;
using Halide::Var;

Result define_result(Halide::Func func, const std::vector<Expr>& values, const Vars& vars, const Shape& extents,
                     const Shape& memory, const std::vector<int64_t>& dims, const Lowering& lowering) {
  KCC_CHECK(vars.size() == dims.size() && vars.size() == extents.size(), "a variable for each dimension");
  Vars all;
  for (size_t d = 0; d < memory.size(); ++d) all.emplace_back(numbered("unused", d));
  for (size_t i = 0; i < vars.size(); ++i) all[static_cast<size_t>(dims[i])] = vars[i];
  if (values.size() == 1)
    func(reversed(all)) = values[0];
  else
    func(reversed(all)) = Halide::Tuple(values);
  const bool collapsed = vars.size() < memory.size();
  for (size_t b = 0; b < values.size(); ++b) {
    Halide::OutputImageParam buffer = func.output_buffers()[b];
    Expr stride = 1;
    for (size_t d = 0; d < memory.size(); ++d) {
      const size_t from_outside = memory.size() - 1 - d;
      Halide::Internal::Dimension dim = buffer.dim(static_cast<int>(d));
      if (b == 0) dim.set_min(0);
      if (b == 0 && !collapsed && !memory[from_outside].batched) dim.set_extent(lowering.extent(memory[from_outside]));
      dim.set_stride(stride);
      if (d + 1 < memory.size()) stride = Halide::Internal::simplify(stride * lowering.extent(memory[from_outside]));
    }
  }
  for (size_t i = 0; i < vars.size(); ++i)
    if (lowering.has_batched_operand() || !extents[i].batched) func.bound(vars[i], 0, lowering.extent(extents[i]));
  for (size_t d = 0; d < memory.size(); ++d)
    if (std::find(dims.begin(), dims.end(), static_cast<int64_t>(d)) == dims.end()) func.bound(all[d], 0, 1);
  return {func, vars};
}

Result define_result(Halide::Func func, const std::vector<Expr>& values, const Vars& vars, const Shape& shape,
                     const Lowering& lowering) {
  std::vector<int64_t> dims(shape.size());
  std::iota(dims.begin(), dims.end(), 0);
  return define_result(std::move(func), values, vars, shape, shape, dims, lowering);
}

Expr strict(const Expr& value) {
  if (!value.type().is_float() && !value.type().is_bool()) return value;
  return Halide::strict_float(Halide::Internal::common_subexpression_elimination(value));
}

std::vector<Expr> strict(std::vector<Expr> values) {
  for (Expr& value : values) value = strict(value);
  return values;
}

bool may_overwrite_operands(const Graph& body) {
  for (const NamedValue& output : body.outputs)
    if (!element_count(body[output.value].type.shape).batched) return true;
  return false;
}

VectorTile choose_vectors(int64_t extent, int lanes, int max_vectors, bool exact) {
  if (extent <= lanes) return {static_cast<int>(extent), 1};
  for (int vectors = max_vectors; vectors > 1; --vectors) {
    const int64_t width = lanes * vectors, covered = (extent + width - 1) / width * width;
    const bool fits = exact ? covered == extent : covered * 10 <= extent * 11;
    if (extent >= width && fits) return {lanes, vectors};
  }
  if (extent % lanes == 0) return {lanes, 1};
  return {lanes, static_cast<int>(std::clamp<int64_t>(extent / lanes, 1, max_vectors))};
}

VectorTile choose_group_vectors(int64_t group, int lanes, int max_vectors) {
  const VectorTile tile = choose_vectors(group, lanes, max_vectors, true);
  return group % tile.width() == 0 ? tile : VectorTile{static_cast<int>(largest_divisor(group, lanes)), 1};
}

int64_t largest_divisor(int64_t value, int64_t most) {
  for (int64_t d = std::min(value, most); d > 1; --d)
    if (value % d == 0) return d;
  return 1;
}

int64_t choose_tile(int64_t extent, int64_t low, int64_t high) {
  if (extent <= high) return extent;
  int64_t best = high;
  for (int64_t tile = high; tile >= low; --tile) {
    const auto covered = [&](int64_t t) { return (extent + t - 1) / t * t; };
    if (covered(tile) < covered(best)) best = tile;
  }
  return best;
}

int64_t Choices::pick(const std::string& name, int64_t usual, const std::vector<int64_t>& legal) {
  const auto tuned = tuning_.find(name);
  const bool take = tuned != tuning_.end() && std::find(legal.begin(), legal.end(), tuned->second) != legal.end();
  Choice choice{name, take ? tuned->second : usual, {}};
  for (int64_t value : legal)
    if (value != choice.taken) choice.others.push_back(value);
  if (choice.taken != usual && std::find(legal.begin(), legal.end(), usual) == legal.end())
    choice.others.push_back(usual);
  if (!choice.others.empty()) taken_.push_back(choice);
  return choice.taken;
}

VectorTile pick_vectors(Choices& choices, const VectorTile& usual, int64_t extent, int lanes, int most, bool exact) {
  if (usual.lanes != lanes || extent < lanes) return usual;  // not whole vectors
  const auto legal = [&](int64_t n) { return n * lanes <= extent && (!exact || extent % (n * lanes) == 0); };
  return {lanes, static_cast<int>(choices.pick("vectors", usual.vectors, numbers(1, most, legal)))};
}

void parallel_over(Halide::Stage stage, const Halide::VarOrRVar& inner, const Halide::VarOrRVar& outer) {
  Var both("both");
  stage.fuse(inner, outer, both).parallel(both);
}

}  // namespace kcc
