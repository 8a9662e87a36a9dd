// What pooling and its gradients share: windows over the spatial dimensions of (B, spatial..., C).
#pragma once

#include <vector>

#include "Halide.h"
#include "codegen/kernels/conv.h"

namespace kcc {

struct PoolGeometry {
  Integers window, strides, low, high, input, output;  // one entry a spatial dimension, outermost first
  size_t rank() const { return window.size(); }
  int64_t window_size() const;
  bool is_padded() const;    // some window reaches outside the input
  bool is_disjoint() const;  // no element lies in two windows, and windows begin at multiples of the stride
};
PoolGeometry pool_geometry(const Node& node, const Shape& x, const Shape& y);

// For each element of a window in scan order, its offset in each dimension.
std::vector<Integers> window_offsets(const PoolGeometry& g);

// The position in x of a window's element, and whether it lies inside x: undefined where it always does.
struct WindowElement {
  Index position;  // spatial, clamped into x
  Halide::Expr inside;
};
WindowElement window_element(const PoolGeometry& g, const Index& window, const Index& offset);

// How many elements of a window lie inside x, as f32.
Halide::Expr elements_inside(const PoolGeometry& g, const Index& window);

// Vectors of channels, tasks of images and rows.
void schedule_images(Halide::Func out, const ImageVars& vars, int64_t channels, int lanes);

}  // namespace kcc
