// Winograd's fast convolution, for the product of windows and weights that conv.h describes: a tile of m x m results
// out of (m + r - 1)^2 products a channel instead of m^2 r^2. Tiles of a strip of rows (or of several small images)
// are transformed, multiplied with the transformed weights as one matrix product a point, and transformed back.
#pragma once

#include <string>

#include "Halide.h"
#include "codegen/kernels/conv.h"
#include "codegen/kernels/winograd_transforms.h"

namespace kcc {

// The m of F(m x m, r x r) that computes the product fastest within the error that kcc allows, or 0: the direct way.
// `choices` may choose otherwise, but not where `options` rule Winograd out.
int choose_winograd(const WindowProduct& product, const MachineTarget& target, const ScheduleOptions& options,
                    Choices& choices);

class WinogradProduct {
 public:
  // `m`: what choose_winograd said; `batch`: the number of images.
  WinogradProduct(const WindowProduct& product, const ImageVars& vars, const MachineTarget& target,
                  const ScheduleOptions& options, int m, const Halide::Expr& batch, Choices& choices);
  // (c, x, y, n)
  Halide::Func sum() const { return sum_; }
  // Computes the product in strips of `out`, whose loops are the variables.
  void schedule(Halide::Func out);
  std::string text() const { return text_; }

 private:
  // How the results are cut.
  struct Strip {
    int64_t rows = 1, images = 1;  // of tiles; several images only whole
    int64_t columns = 1;           // tiles in a register tile
    int64_t storage = 1;           // tiles that a plane has room for
  };

  void choose_strip(const ScheduleOptions& options, Choices& choices);
  bool whole_images() const { return strip_.images > 1; }
  void define(const Halide::Expr& batch);

  WindowProduct product_;
  const ImageVars vars_;
  const MachineTarget& target_;
  const int m_, size_;  // of a tile's results, of its data
  const int64_t tiles_y_, tiles_x_;
  VectorTile vectors_;
  Strip strip_;
  // Tile, over an image or over all; image, where tiles do not count over all; point (x, y). Of weights: source channel
  // and panel of result channels.
  Halide::Var t_{"t"}, image_{"image"}, px_{"px"}, py_{"py"}, channel_{"channel"}, panel_{"panel"};
  Halide::Func partial_{"partial"}, products_{"products"}, sum_{"sum"};
  Halide::RDom r_;
  TileSource source_;
  TwoPasses weights_, data_, output_;
  std::string text_;
};

}  // namespace kcc
