// Lowering: from a kernel's body (a small graph) to Halide expressions. Element-wise operations and movement become
// expressions over indices; heavy operations are bound by the kernel family to Funcs of its own.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "Halide.h"
#include "compiler/ir/plan.h"

namespace kcc {

// The value of a node at an index, outermost dimension first.
using Access = std::function<Halide::Expr(const std::vector<Halide::Expr>& index)>;

class Lowering {
 public:
  // Makes an ImageParam for each kInput node. `batch` extents are read from the parameter's own dimensions.
  explicit Lowering(const Graph& body);

  // The value of `node` at `index`; builds element-wise expressions and index maps as needed. Anchors must be bound.
  Halide::Expr at(ValueId node, const std::vector<Halide::Expr>& index);
  // From now on `node` is read through `access`: an anchor's accumulator, a stage kept in registers.
  void bind(ValueId node, Access access);

  // The run-time extent of a dimension: a constant, or size * batch with the batch taken from an operand or result.
  Halide::Expr extent(const Dim& dim);
  std::vector<Halide::Expr> extents(const Shape& shape);

  // Index variables for a shape, outermost first: "i0", "i1", ...
  static std::vector<Halide::Var> vars(const Shape& shape);
  // The same reversed: Halide's order, innermost first.
  template <typename T>
  static std::vector<T> reversed(const std::vector<T>& items) { return std::vector<T>(items.rbegin(), items.rend()); }

  std::vector<Halide::ImageParam>& params() { return params_; }
  const Graph& body() const { return body_; }

 private:
  const Graph& body_;
  std::vector<Halide::ImageParam> params_;
  std::map<ValueId, Access> bound_;
};

}  // namespace kcc
