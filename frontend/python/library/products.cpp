// Products of matrices and tensors.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/layer.h"
#include "frontend/python/library.h"
#include "frontend/python/operators.h"
#include "frontend/python/tensors.h"

namespace kcc::python {
namespace {

using Axes = std::vector<int64_t>;

std::nullopt_t misfit(Context& c, Mark mark, const Shape& x, const Shape& y) {
  return c.fail(mark, fmt::format("the shapes {} and {} do not fit for a product", keras_shape(x), keras_shape(y)));
}

Shape joined(Shape shape, const Shape& more) {
  shape.insert(shape.end(), more.begin(), more.end());
  return shape;
}

// (rows..., k) x (k, columns...) -> (rows..., columns...), by one product of matrices.
std::optional<ValueId> contract(Context& c, Mark mark, ValueId x, ValueId y) {
  const Shape sx = c.b.shape(x), sy = c.b.shape(y);
  if (!(sx.back() == sy.front())) return misfit(c, mark, sx, sy);
  const Shape rows(sx.begin(), sx.end() - 1), columns(sy.begin() + 1, sy.end());
  const Shape result = joined(rows, columns);
  if (!check_shape(c, mark, result)) return std::nullopt;
  const ValueId left = reshape(c.b, x, {element_count(rows), sx.back()});
  const ValueId right = reshape(c.b, y, {sy.front(), element_count(columns)});
  return reshape(c.b, matmul(c.b, left, right), result);
}

// (outer..., m, k) x (outer..., k, n) -> (outer..., m, n)
std::optional<ValueId> contract_batches(Context& c, Mark mark, ValueId x, ValueId y) {
  const Shape sx = c.b.shape(x), sy = c.b.shape(y);
  if (!(sx.back() == sy[sy.size() - 2])) return misfit(c, mark, sx, sy);
  const auto outer = broadcast_shapes(c, mark, {Shape(sx.begin(), sx.end() - 2), Shape(sy.begin(), sy.end() - 2)});
  if (!outer) return std::nullopt;
  const Shape left = joined(*outer, {sx[sx.size() - 2], sx.back()}),
              right = joined(*outer, {sy[sy.size() - 2], sy.back()});
  const Shape result = joined(*outer, {sx[sx.size() - 2], sy.back()});
  if (!check_shape(c, mark, left) || !check_shape(c, mark, right) || !check_shape(c, mark, result)) return std::nullopt;
  return matmul(c.b, broadcast_to(c.b, x, left), broadcast_to(c.b, y, right));
}

// The product of all of x with all of y along one axis of each; what is left of x comes before what is left of y.
Result dot(Call& a) {
  const auto x = a.floats(0), y = a.floats(1);
  if (!x || !y) return std::nullopt;
  if (a.b.shape(*x).empty() || a.b.shape(*y).empty()) return binary_operator(a.c, a.mark, "*", a[0], a[1]);
  const size_t rank = a.b.shape(*y).size();
  Axes perm(rank);
  std::iota(perm.begin(), perm.end(), 0);
  if (rank > 1) std::rotate(perm.begin(), perm.end() - 2, perm.end() - 1);
  const auto result = contract(a.c, a.mark, *x, transpose(a.b, *y, perm));
  return result ? Result(Tensor{*result}) : std::nullopt;
}

ValueId swap_last(Builder& b, ValueId x) {
  Axes perm(b.shape(x).size());
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm.back(), perm[perm.size() - 2]);
  return transpose(b, x, perm);
}

Result matmul_of(Call& a) {
  Value operands[2] = {a[0], a[1]};
  for (size_t i = 0; i < 2 && a.arguments.size() > 2; ++i) {
    const auto turned = a.flag(2 + i);
    const auto x = turned && *turned ? a.floats(i) : std::nullopt;
    if (!turned || (*turned && !x)) return std::nullopt;
    if (!*turned) continue;
    if (a.b.shape(*x).size() < 2) return a.fail("a vector cannot be transposed");
    operands[i] = Tensor{swap_last(a.b, *x)};
  }
  return matmul_values(a.c, a.mark, operands[0], operands[1]);
}

// Moves an axis to the end or behind the batch and joins all others: (B, rest, k) or (B, k, rest).
ValueId with_axis(Builder& b, ValueId x, size_t axis, bool last, Shape* rest) {
  const Shape shape = b.shape(x);
  Axes perm{0};
  if (!last) perm.push_back(static_cast<int64_t>(axis));
  for (size_t i = 1; i < shape.size(); ++i) {
    if (i == axis) continue;
    perm.push_back(static_cast<int64_t>(i));
    rest->push_back(shape[i]);
  }
  if (last) perm.push_back(static_cast<int64_t>(axis));
  const Dim all = element_count(*rest);
  return reshape(b, transpose(b, x, perm),
                 last ? Shape{shape[0], all, shape[axis]} : Shape{shape[0], shape[axis], all});
}

// keras.backend.batch_dot: sample by sample, along one axis of each.
Result batch_dot(Call& a) {
  const auto x = a.floats(0), y = a.floats(1);
  if (!x || !y) return std::nullopt;
  const Shape sx = a.b.shape(*x), sy = a.b.shape(*y);
  if (sx.size() < 2 || sy.size() < 2 || !(sx[0] == sy[0])) return misfit(a.c, a.mark, sx, sy);
  Axes axes{static_cast<int64_t>(sx.size()) - 1, sy.size() == 2 ? 1 : static_cast<int64_t>(sy.size()) - 2};
  if (!a.none(2)) {
    const auto given = a.integers(2);
    if (!given || given->empty() || given->size() > 2) return a.fail("'axes' is not one or two axes");
    axes = {given->front(), given->back()};
  }
  const auto ax = positive_axis(axes[0], sx.size()), ay = positive_axis(axes[1], sy.size());
  if (!ax || !ay || *ax == 0 || *ay == 0 || !(sx[static_cast<size_t>(*ax)] == sy[static_cast<size_t>(*ay)]))
    return misfit(a.c, a.mark, sx, sy);
  Shape left, right;
  const ValueId rows = with_axis(a.b, *x, static_cast<size_t>(*ax), true, &left);
  const ValueId columns = with_axis(a.b, *y, static_cast<size_t>(*ay), false, &right);
  const auto product = contract_batches(a.c, a.mark, rows, columns);
  if (!product) return std::nullopt;
  Shape result = joined(joined({sx[0]}, left), right);
  if (result.size() == 1) result.push_back({});
  return Tensor{reshape(a.b, *product, result)};
}

// An operand whose dimensions are labelled, spread over all labels.
std::optional<ValueId> spread(Call& a, ValueId x, const std::string& labels, const std::string& all,
                              const Shape& shape) {
  Axes perm(labels.size()), dims;
  std::iota(perm.begin(), perm.end(), 0);
  std::sort(perm.begin(), perm.end(), [&](int64_t i, int64_t j) {
    return all.find(labels[static_cast<size_t>(i)]) < all.find(labels[static_cast<size_t>(j)]);
  });
  for (int64_t i : perm) dims.push_back(static_cast<int64_t>(all.find(labels[static_cast<size_t>(i)])));
  return broadcast_in_dims(a.b, transpose(a.b, x, perm), shape, dims);
}

bool distinct_letters(const std::string& labels) {
  for (size_t i = 0; i < labels.size(); ++i)
    if (!std::isalpha(static_cast<unsigned char>(labels[i])) || labels.find(labels[i]) != i) return false;
  return true;
}

// einsum("bij,bjk->bik", x, y): spread over all labels, multiplied, summed over those that the result lacks.
Result einsum(Call& a) {
  auto text = a.text(0);
  const auto operands = text ? a.tensors(1) : std::nullopt;
  if (!operands) return std::nullopt;
  text->erase(std::remove(text->begin(), text->end(), ' '), text->end());
  const size_t arrow = text->find("->"), comma = text->find(',');
  if (arrow == std::string::npos || operands->size() != (comma < arrow ? 2u : 1u))
    return a.fail("expected a form such as 'bij,bjk->bik' and as many tensors");
  std::vector<std::string> inputs{text->substr(0, std::min(comma, arrow))};
  if (comma < arrow) inputs.push_back(text->substr(comma + 1, arrow - comma - 1));
  const std::string result = text->substr(arrow + 2);
  std::string all = result;
  for (const std::string& labels : inputs)
    for (char label : labels)
      if (all.find(label) == std::string::npos) all += label;
  bool fits = distinct_letters(result) && distinct_letters(all);
  Shape shape(all.size());
  std::vector<bool> known(all.size(), false);
  for (size_t k = 0; k < inputs.size() && fits; ++k) {
    const Shape& given = a.b.shape((*operands)[k]);
    fits = distinct_letters(inputs[k]) && given.size() == inputs[k].size();
    for (size_t i = 0; i < given.size() && fits; ++i) {
      const size_t at = all.find(inputs[k][i]);
      fits = !known[at] || shape[at] == given[i];
      shape[at] = given[i];
      known[at] = true;
    }
  }
  fits = fits && std::all_of(known.begin(), known.end(), [](bool k) { return k; });
  if (!fits) return a.fail(fmt::format("'{}' does not fit the tensors", *text));
  if (!check_shape(a.c, a.mark, shape)) return std::nullopt;
  ValueId product = -1;
  for (size_t k = 0; k < inputs.size(); ++k) {
    const auto part = spread(a, cast(a.b, (*operands)[k], DType::kF32), inputs[k], all, shape);
    product = product < 0 ? *part : mul(a.b, product, *part);
  }
  Axes summed;
  for (size_t i = result.size(); i < all.size(); ++i) summed.push_back(static_cast<int64_t>(i));
  return Tensor{reduce_sum(a.b, product, summed)};
}

}  // namespace

Result matmul_values(Context& c, Mark mark, const Value& first, const Value& second) {
  auto x = to_float(c, mark, first), y = to_float(c, mark, second);
  if (!x || !y) return std::nullopt;
  const Shape sx = c.b.shape(*x), sy = c.b.shape(*y);
  if (sx.empty() || sy.empty()) return misfit(c, mark, sx, sy);
  if (sx.size() == 1) x = insert_axis(c.b, *x, 0);
  if (sy.size() == 1) y = insert_axis(c.b, *y, 1);
  const bool plain = c.b.shape(*y).size() == 2;
  const auto product = plain ? contract(c, mark, *x, *y) : contract_batches(c, mark, *x, *y);
  if (!product) return std::nullopt;
  ValueId result = *product;
  if (sx.size() == 1) result = drop_axis(c.b, result, c.b.shape(result).size() - 2);
  if (sy.size() == 1) result = drop_axis(c.b, result, c.b.shape(result).size() - 1);
  return Tensor{result};
}

std::vector<Builtin> product_functions() {
  return {
      {kBackend | kOps | kNp, "dot", "x|x1|a, y|x2|b", dot},
      {kOps | kNp, "matmul", "x1, x2", matmul_of},
      {kTf | kMath, "matmul", "a, b, transpose_a=False, transpose_b=False", matmul_of},
      {kBackend, "batch_dot", "x, y, axes=None", batch_dot},
      {kOps | kNp | kTf, "einsum", "subscripts|equation, *operands", einsum},
  };
}

}  // namespace kcc::python
