// Panels of b: columns side by side, k after k, as tiles read them.
#pragma once

#include <vector>

#include "codegen/kernels/matmul.h"

namespace kcc {

// A copy of b, or of what is b transposed: then square blocks are turned in registers where whole vectors fill them, as
// many vectors as a vector has lanes, interleaved log2(lanes) times.
class Panel {
 public:
  explicit Panel(Product& product);

  Halide::Expr at(const Halide::Expr& n, const Halide::Expr& k) const { return func_(n, k); }
  // The panels of a loop over columns, or all of b at once.
  void compute_at(const Halide::Func& out, const Halide::Var& loop);
  void compute_root();
  const char* text() const { return p_.transpose_b ? "b transposed first, " : "b packed first, "; }

 private:
  void turn_blocks();
  void schedule();

  Product& p_;
  std::vector<Halide::Func> stages_;  // of turned blocks: (element, block along n, block along k)
  Halide::Func func_{"panel"};
  Halide::Var n_{"n"}, k_{"k"}, e_{"e"}, u_{"u"}, v_{"v"};
};

}  // namespace kcc
