// The gradient of a 3 x 3 convolution's weights by Winograd: squares of m x m gradients are the filters and the nine
// sums the results of F(3 x 3, m x m). Tiles of a strip of rows (or of several small images) are transformed and their
// products added up for each point; what a group of images sums to is transformed back at the end.
#pragma once

#include <string>

#include "Halide.h"
#include "codegen/kernels/conv.h"
#include "codegen/kernels/winograd_transforms.h"

namespace kcc {

// The m that computes the gradient fastest, or 0: the direct way. `choices` may choose otherwise, but not where
// `options` rule Winograd out.
int choose_winograd_weight_grad(const ConvGeometry& geometry, const MachineTarget& target,
                                const ScheduleOptions& options, Choices& choices);

class WinogradWeightGrad {
 public:
  // `x`, `gradient`: the operands; `dims`: the loops (y, x, channel, filter) of the result; `batch`: number of images.
  WinogradWeightGrad(const ConvGeometry& geometry, const Access& x, const Access& gradient, const Vars& dims,
                     const MachineTarget& target, const ScheduleOptions& options, int m, const Halide::Expr& batch,
                     Choices& choices);
  // (filter, channel, x, y)
  Halide::Func sum() const { return sum_; }
  // `out`, whose loops are `dims`, reads and writes each element once.
  void schedule(Halide::Func out);
  std::string text() const { return text_; }

 private:
  void choose_strip(const ScheduleOptions& options, Choices& choices);
  void define(const Access& x, const Access& gradient, const Halide::Expr& batch);

  const ConvGeometry geometry_;
  const Vars dims_;
  const MachineTarget& target_;
  const int m_, size_;
  const int64_t tiles_y_, tiles_x_;
  VectorTile vectors_;
  int64_t channel_tile_ = 1;
  int64_t rows_ = 1, images_ = 1;  // of a strip
  int64_t group_ = 1;              // images that are added up together
  Halide::Var c_{"c"}, co_{"co"}, ci_{"ci"}, t_{"t"}, strip_{"strip"}, images_at_{"images"}, px_{"px"}, py_{"py"},
      group_at_{"group"};
  Halide::Func part_{"part"}, sums_{"sums"}, total_{"total"}, sum_{"sum"};
  Halide::RDom r_, q_;
  TileSource x_, gradient_;
  TwoPasses data_, filters_, output_;
  std::string text_;
};

}  // namespace kcc
