// What the kernel families share: results over collapsed or plain dimensions, and choices of vectors and tiles.
#pragma once

#include <vector>

#include "Halide.h"
#include "codegen/kernels/family.h"
#include "codegen/lower.h"

namespace kcc {

// Halide indexes with 32 bits; larger tensors are refused before (build_kernels.cpp).
inline int32_t narrow(int64_t value) {
  return static_cast<int32_t>(value);
}

// A Func whose buffers are results: values at `vars` (outermost first). Where the body was collapsed, `dims` says for
// each variable which dimension of `memory` it runs along; the dimensions it stands for are walked through that one.
struct Result {
  Halide::Func func;
  Vars vars;
};
Result define_result(Halide::Func func, const std::vector<Halide::Expr>& values, const Vars& vars, const Shape& extents,
                     const Shape& memory, const std::vector<int64_t>& dims, const Lowering& lowering);
// Without collapsing.
Result define_result(Halide::Func func, const std::vector<Halide::Expr>& values, const Vars& vars, const Shape& shape,
                     const Lowering& lowering);

// Element-wise work after fast accumulations: comparisons must see NaN there too.
Halide::Expr strict(const Halide::Expr& value);
std::vector<Halide::Expr> strict(std::vector<Halide::Expr> values);

// Whether results may be written over operands while the kernel runs: states are updated in place, and only they
// have a shape without the batch. Their elements must not be computed twice.
bool may_overwrite_operands(const Graph& body);

// How a dimension of `extent` elements is cut into tiles of vectors. `exact`: tiles that divide the extent are
// preferred to wide ones; else the last tile, shifted inwards, may compute up to a tenth again.
struct VectorTile {
  int lanes = 1;
  int vectors = 1;
  int width() const { return lanes * vectors; }
};
VectorTile choose_vectors(int64_t extent, int lanes, int max_vectors, bool exact);

// The same for channels in groups of `group`: a tile lies inside one group.
VectorTile choose_group_vectors(int64_t group, int lanes, int max_vectors);
int64_t largest_divisor(int64_t value, int64_t most);

// The value in [low, high] that covers `extent` with the least waste; the larger of equal ones.
int64_t choose_tile(int64_t extent, int64_t low, int64_t high);

// The choices of one schedule. A family asks for each number where it needs it, with its own default and what else is
// legal there; a tuned number that is not, such as one of an older kcc, is not taken.
class Choices {
 public:
  explicit Choices(const ScheduleOptions& options) : tuning_(options.tuning) {}
  int64_t pick(const std::string& name, int64_t usual, const std::vector<int64_t>& legal);
  const std::vector<Choice>& taken() const { return taken_; }

 private:
  Tuning tuning_;
  std::vector<Choice> taken_;
};

// Of `first` ... `last`, those that `legal` says.
template <typename Legal>
std::vector<int64_t> numbers(int64_t first, int64_t last, Legal legal) {
  std::vector<int64_t> list;
  for (int64_t n = first; n <= last; ++n)
    if (legal(n)) list.push_back(n);
  return list;
}

// How many vectors wide a tile is: as `usual`, or another number of whole vectors. `exact`: only such as divide.
VectorTile pick_vectors(Choices& choices, const VectorTile& usual, int64_t extent, int lanes, int most, bool exact);

// Runs the outermost loops of a stage in parallel: `outer` is the outermost, `inner` the next; either may be unused.
void parallel_over(Halide::Stage stage, const Halide::VarOrRVar& inner, const Halide::VarOrRVar& outer);

}  // namespace kcc
