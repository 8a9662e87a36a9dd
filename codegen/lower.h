// Lowering: from a kernel's body (a small graph) to Halide expressions. Element-wise operations and movement become
// expressions over indices; heavy operations are bound by the kernel family to Funcs of its own.
#pragma once

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "Halide.h"
#include "compiler/ir/plan.h"

namespace kcc {

// Indices are outermost dimension first, as shapes are; Halide's own order is the reverse.
using Index = std::vector<Halide::Expr>;
using Vars = std::vector<Halide::Var>;
// The value of a node at an index.
using Access = std::function<Halide::Expr(const Index&)>;

Halide::Type halide_type(DType dtype);
Halide::Expr float_constant(double value);

// "x3"
std::string numbered(const std::string& prefix, size_t number);

// Index variables, one a dimension of the shape, outermost first.
Vars make_vars(const Shape& shape, const std::string& prefix = "i");
Index as_index(const Vars& vars);

template <typename T>
std::vector<T> reversed(const std::vector<T>& items) {
  return std::vector<T>(items.rbegin(), items.rend());
}

// One read of an operand by position.
struct Read {
  size_t operand;
  Index index;  // innermost last
};

class Lowering {
 public:
  // One ImageParam for each kInput position. kInput nodes of a collapsed body (kernels/collapse.h) see their operand
  // through fewer dimensions than it has.
  explicit Lowering(const Graph& body);

  // The value of `node` at `index`; builds element-wise expressions and index maps as needed. Anchors must be bound.
  // Equal questions get the same expression, so that shared nodes stay shared.
  Halide::Expr at(ValueId node, const Index& index);
  // The graph's outputs at `index`.
  std::vector<Halide::Expr> outputs_at(const Index& index);
  // From now on `node` is read through `access`: an anchor's accumulator, a stage kept in registers.
  void bind(ValueId node, Access access);
  // Forgets what was bound: the next way to compute the same.
  void unbind();

  // The batch, from the extent of an operand; where none is batched, what bind_batch gave.
  Halide::Expr batch() const;
  void bind_batch(Halide::Expr batch) { result_batch_ = std::move(batch); }
  bool has_batched_operand() const;
  Halide::Expr extent(const Dim& dim) const;
  // What is known about a variable: lets `at` choose a part of a concatenation or the inside of a padding for good.
  void assume(const std::string& variable, int64_t min, int64_t extent);

  // What was read of the operands so far.
  const std::vector<Read>& reads() const { return reads_; }
  Halide::ImageParam& operand(size_t position) { return params_[position]; }
  // The blocks of random words read so far: (lane, block) -> four words. Computed inline unless scheduled.
  std::vector<Halide::Func>& random_blocks() { return random_blocks_; }

  std::vector<Halide::Argument> arguments() const;
  const Graph& body() const { return body_; }
  const Node& node(ValueId id) const { return body_[id]; }

 private:
  Halide::Expr lower(ValueId id, const Index& index);
  Halide::Expr lower_elementwise(const Node& node, const Index& index);
  Halide::Expr read_input(const Node& node, const Index& index);
  Halide::Expr reshape(const Node& node, const Index& index);
  Halide::Expr pad(const Node& node, const Index& index);
  Halide::Expr concat(const Node& node, const Index& index);
  Halide::Expr gather(const Node& node, const Index& index);
  Halide::Expr random(const Node& node, const Index& index);
  bool proven(const Halide::Expr& condition) const;

  using MemoKey = std::pair<ValueId, std::vector<const void*>>;
  struct MemoEntry {
    Index index;  // keeps the keys' addresses alive
    Halide::Expr value;
  };

  const Graph& body_;
  std::vector<Halide::ImageParam> params_;
  std::vector<Type> param_types_;
  std::map<ValueId, Access> bound_;
  std::map<MemoKey, MemoEntry> memo_;
  Halide::Expr result_batch_;
  Halide::Internal::Scope<Halide::Internal::Interval> assumptions_;
  std::vector<Read> reads_;
  std::vector<Halide::Func> random_blocks_;
};

// Reshapes as groups of dimensions with equal numbers of elements: result dimensions [to, to + to_count) hold the
// same elements as operand dimensions [from, from + from_count). Extents of 1 belong to no group.
struct ReshapeGroup {
  std::vector<size_t> from, to;
};
std::vector<ReshapeGroup> reshape_groups(const Shape& from, const Shape& to);

// Declares what is true of every operand and result: dense and row-major, starting at zero.
void declare_dense(Halide::OutputImageParam param, const Shape& shape, const Halide::Expr& batch);

}  // namespace kcc
