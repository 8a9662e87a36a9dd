// What the three convolution kernels share: the geometry of an operation, and the product of windows and weights in
// register tiles, which is the forward convolution and, on gradients with the weights turned, the input gradient:
//   sum[n, o, c] = sum over tap t and channel i of source[n, o*step + t*tap_step + offset, i] * weight(i, t, c)
// with zeros outside the source.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "Halide.h"
#include "codegen/kernels/family.h"
#include "codegen/kernels/schedule.h"
#include "codegen/lower.h"

namespace kcc {

using Integers = std::vector<int64_t>;

struct ConvGeometry {
  // One entry a spatial dimension, outermost first.
  Integers kernel, strides, dilations, low, high, input, output;
  int64_t groups = 1;
  int64_t channels = 0, filters = 0;  // of x and y
  size_t rank() const { return kernel.size(); }
};
// Of a kConv, kConvInputGrad or kConvWeightGrad node.
ConvGeometry conv_geometry(const Graph& body, const Node& node);

struct WindowProduct {
  int64_t source_channels = 0, channels = 0;  // channels added up for one result (those of a group); result channels
  int64_t groups = 1;
  Integers taps, extents, step, tap_step, offset, source;
  Access read;  // source at (n, position..., channel)
  std::function<Halide::Expr(const Halide::Expr& channel, const Index& tap, const Halide::Expr& result)> weight;

  // Result channel c reads source channel c alone: vectors of channels stay vectors.
  bool depthwise() const { return groups > 1 && source_channels == 1 && channels == groups; }
  // The first source channel of the group of a result channel.
  Halide::Expr first_source_channel(const Halide::Expr& result) const;
};

// The gradient of a bias that a weight gradient's body may ask for too: the sum of the anchor's second operand over all
// but its channels. -1: none.
ValueId find_bias_sum(const Graph& body, ValueId anchor);
// The results of a weight gradient's body: those over `dims` first, then those over the channels.
std::vector<Result> define_gradient_results(Lowering& lowering, const Vars& dims, const Halide::Var& channel);

// Weight gradients of few channels by few filters have a schedule of their own.
bool has_planar_weight_grad(const ConvGeometry& geometry, const MachineTarget& target);
BuiltKernel build_planar_weight_grad(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);

// The loops of a Func over (n, spatial..., c).
struct ImageVars {
  Halide::Var n{"n"}, c{"c"};
  Vars spatial;      // outermost first
  Vars all() const;  // n, spatial..., c
};
ImageVars image_vars(size_t rank);

class TiledProduct {
 public:
  TiledProduct(const WindowProduct& product, const ImageVars& vars, const MachineTarget& target);
  // (c, x, y, ..., n)
  Halide::Func sum() const { return sum_; }
  // Computes the product in tiles of `out`, whose loops are `vars`. `parallel`: out is run in parallel tasks; else it
  // is computed inside something else that is.
  void schedule(Halide::Func out, bool parallel, int64_t max_tile, Choices& choices);
  void schedule_plain();
  std::string text() const { return text_; }

 private:
  bool needs_padding() const;
  bool is_planar() const;
  void define();
  void define_planes();
  void schedule_planes(Halide::Func out, bool parallel, Choices& choices);
  WindowProduct product_;
  ImageVars vars_;
  const MachineTarget& target_;
  Halide::Func padded_, sum_;
  bool is_padded_ = false, has_taps_ = true, is_planar_ = false;
  Halide::RDom r_, copied_;  // copied_: the source's row in padded_, where that has channels in planes
  std::string text_;
};

}  // namespace kcc
