// Reductions as Funcs, for the families rows and reduction: several reductions of the same elements in one pass (a
// Tuple), vectorised, with sums in blocks so that rounding errors stay small. The order of additions depends on the
// extents alone, never on threads.
#pragma once

#include <vector>

#include "Halide.h"
#include "codegen/kernels/family.h"
#include "codegen/lower.h"

namespace kcc {

class Reduction {
 public:
  // `nodes`: reductions of one shape over the same axes; `kept`: a variable for each dimension of the result. Binds
  // the nodes in `lowering`.
  Reduction(Lowering& lowering, const std::vector<ValueId>& nodes, const Vars& kept, const MachineTarget& target);
  // Plain loops.
  static Reduction plain(Lowering& lowering, const std::vector<ValueId>& nodes, const Vars& kept);

  // Computed as a whole before anything else, in parallel where it is large.
  void compute_root();
  // Computed inside another Func's loop, for the kept indices needed there.
  void compute_at(const Halide::LoopLevel& level);
  // For plain reductions: the same with a vector along the last kept dimension.
  void compute_side_by_side(const Halide::LoopLevel& level, int lanes);

 private:
  // A Func of the chain, with the variable and width it is vectorised along.
  struct Step {
    Halide::Func func;
    Halide::Var column;
    int64_t columns = 1;             // 0: no column
    std::vector<Halide::RVar> rows;  // of update 0
    Halide::RVar tail;               // of update 1: lanes left over
    int64_t tail_extent = 0;         // 0: none, -1: known at run time only
    int inside = -1;                 // index of the step in whose row loop this one is computed
    Halide::Var chunk;               // run in parallel if this step is computed at the root
    bool has_chunk = false;
  };

  Reduction(Lowering& lowering, const std::vector<ValueId>& nodes, const Vars& kept);
  using Values = std::vector<Halide::Expr>;
  Values identity() const;
  Values combine(const Values& a, const Values& b) const;
  Values element(const Index& index);
  Values read(const Halide::Func& func, const std::vector<Halide::Expr>& args) const;
  void define(Halide::Func func, const std::vector<Halide::Expr>& args, const Values& values) const;
  void bind_total(const Halide::Func& total);
  // Sum over `rows` of element_of(column, row) for each column; returns the Func (column, kept...).
  Halide::Func sum_rows(const Halide::Var& column, int64_t columns, const Halide::Expr& rows, int64_t fixed_rows,
                        const std::function<Values(Halide::Expr column, Halide::Expr row)>& element_of);
  void add_tree(Halide::Func lanes, int64_t width);
  void vectorize(Step& step);

  Lowering& lowering_;
  std::vector<ValueId> nodes_;
  Vars kept_;  // outermost first
  Shape domain_;
  std::vector<int64_t> axes_;
  int lanes_ = 1;
  std::vector<Step> steps_;
};

// Groups of reductions that can be computed together, in an order in which each only needs earlier ones: same shape,
// same axes, none depending on another of its group.
std::vector<std::vector<ValueId>> reduction_stages(const Graph& body);

}  // namespace kcc
