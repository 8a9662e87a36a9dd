// Convolutions (cross-correlations, as in Keras) over any number of spatial dimensions.
// x: (B, spatial..., C)  w: (kernel..., C/groups, F)  result: (B, out..., F)
//   y[b, o, f] = sum over k, c of x[b, o*stride + k*dilation - low, c] * w[k, c, f], elements outside x being 0
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

// One entry a spatial dimension; low and high are the zeros before and after.
struct Window {
  std::vector<int64_t> strides, dilations, low, high;
};

// Zeros that "same" padding adds, and the output extent, as TensorFlow and Keras define them.
void same_padding(int64_t extent, int64_t kernel, int64_t stride, int64_t dilation, int64_t* low, int64_t* high);
// floor((extent + low + high - ((kernel - 1) * dilation + 1)) / stride) + 1, 0 or less if the window does not fit.
int64_t window_extent(int64_t extent, int64_t kernel, int64_t stride, int64_t dilation, int64_t low, int64_t high);

ValueId conv(Builder& b, ValueId x, ValueId w, const Window& window, int64_t groups = 1);
// The transposed convolution, the gradient of conv with respect to x: y is an image of the shape that conv's result
// has, the result one of `shape`. `high` may be less than 0: elements after all windows.
ValueId conv_transpose(Builder& b, ValueId y, ValueId w, const Window& window, const Shape& shape);

}  // namespace kcc
