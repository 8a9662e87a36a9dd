// The matrices of Winograd's minimal filtering F(m, r): m results of a filter of r taps out of m + r - 1 products,
//   result = output * ((weights * taps) .* (data * values))
// by Toom and Cook's construction (A. Lavin, S. Gray: Fast Algorithms for Convolutional Neural Networks, 2015). In two
// dimensions each matrix is applied to the columns and then to the rows.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "Halide.h"
#include "codegen/kernels/conv.h"

namespace kcc {

using Matrix = std::vector<std::vector<double>>;  // rows

struct WinogradTransforms {
  Matrix data;     // (m + r - 1) x (m + r - 1)
  Matrix weights;  // (m + r - 1) x r
  Matrix output;   // m x (m + r - 1)
};

// For m + r - 1 of 4 or 6, whose points have small errors.
WinogradTransforms winograd_transforms(int m, int r);

// A matrix times the vector that `value` gives, with sums and differences shared by rows or columns that differ in
// signs only.
std::vector<Halide::Expr> times(const Matrix& matrix, const std::function<Halide::Expr(int)>& value);

// A matrix applied to the rows and then to the columns of small squares: all(args..., x, y), where `value` is the
// square at (y, x) and args[0] the channel.
struct TwoPasses {
  int points = 0;  // rows of the matrix
  Halide::Var x{"px"}, y{"py"};
  Halide::Func first, all;
};
TwoPasses two_passes(const std::string& name, const Matrix& matrix, const Vars& args,
                     const std::function<Halide::Expr(const Halide::Expr& y, int x)>& value);
// The points of a vector of channels at a time: the first pass is on the stack, at loop `at` of `in`, which runs over
// vectors of `channel`. The caller vectorises `all`, with loops over y and then x inside all others.
void unroll_passes(TwoPasses& passes, const Halide::Var& channel, int lanes, Halide::Func in, const Halide::Var& at);

// Images as tiles read them, beginning `offset` from the first pixel. `zeros`: through a copy, which the caller
// schedules, that is zero around them and from image `batch` on. Else pixels past the last repeat it.
struct TileSource {
  bool copied = false;
  Halide::Func copy;
  Access read;  // (n, y, x, c)
};
TileSource tile_source(const Access& read, const Integers& extents, const Integers& offset, const Halide::Expr& batch,
                       bool zeros);
// `images`: the most of them that are copied at a time.
void copy_at(TileSource& source, int lanes, int64_t images, Halide::LoopLevel level);

}  // namespace kcc
