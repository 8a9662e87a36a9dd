// A product of matrices that a kernel is built of, and the ways to schedule it; matmul.cpp chooses among them.
//   out[m, n] = epilogue(sum over k of a[m, k] b[k, n])
// Names as in BLAS: NN, NT (b given transposed), TN (a given transposed).
#pragma once

#include <string>

#include "codegen/kernels/family.h"
#include "codegen/kernels/schedule.h"

namespace kcc {

class Product {
 public:
  Product(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);

  Halide::Expr a(const Halide::Expr& m, const Halide::Expr& k);
  Halide::Expr b(const Halide::Expr& k, const Halide::Expr& n);
  // The body's results, the product read from `sum` (n, m).
  Result results(const Halide::Func& sum);
  BuiltKernel finish(const Result& result, std::string schedule);

  // At the batch that schedules are made for.
  int64_t usual_size(const Dim& dim) const { return dim.batched ? options.batch * dim.size : dim.size; }
  // Rows of a register tile, for `vectors` vectors of columns.
  int tile_rows(int vectors) const;
  // Vectors of columns of a tile; `dividing`: preferably such as divide the columns.
  VectorTile pick_tile(bool dividing);
  // Rows of a tile, `usual` or another number that leaves registers for operands; `dividing`: where exactness asks it.
  int pick_rows(int usual, int vectors, bool dividing = true);
  // Vectors along the columns of a Func of (n, m); each element once.
  void vectorize_exactly(Halide::Func f, int lanes) const;

  const Kernel& kernel;
  const MachineTarget& target;
  const ScheduleOptions& options;
  Choices choices;
  Lowering lowering;
  bool transpose_a = false, transpose_b = false;
  Dim rows, columns, depth;
  // Of b where it is given in panels (compiler/ops/panels.h); empty: a matrix.
  Shape packed;
  // Whether each result must be computed once: it may be written over what the epilogue reads.
  bool exact = false;
  Halide::Var m{"m"}, n{"n"}, k{"k"};

 private:
  ValueId a_ = -1, b_ = -1;
};

// Tiles of the result in registers while all of k runs.
BuiltKernel build_tiles(Product& p);
// NN with so long a k that b comes from memory.
bool fills_long_depth(const Product& p);
BuiltKernel build_long_depth(Product& p);
// TN over many steps of many samples, where the steps can be cut into blocks.
bool has_step_blocks(const Product& p);
BuiltKernel build_step_blocks(Product& p);
// Many rows by a b in panels: NN and NT.
bool fills_panels(const Product& p);
BuiltKernel build_panels(Product& p);
// TN whose results take the memory of what the epilogue reads.
bool fills_strips(const Product& p);
BuiltKernel build_strips(Product& p);
// TN of one column: vectors along m.
bool is_single_column(const Product& p);
BuiltKernel build_single_column(Product& p);
// Few rows of NT: a row by a vector of columns.
bool fills_dot_lines(const Product& p);
BuiltKernel build_dot_lines(Product& p);
// Few rows of NT, or a single column: vectors along k.
BuiltKernel build_dot(Product& p);

}  // namespace kcc
