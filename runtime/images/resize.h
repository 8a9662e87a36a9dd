// Resizing as tf.image.resize does by default: bilinear, half-pixel centres, no antialiasing.
#pragma once

#include "runtime/images/picture.h"

namespace kcc::runtime {

// `out` has the shape (height, width, picture.channels). With s = in / out along an axis, output i lies at
// (i + 0.5) s - 0.5 in the input and mixes its two neighbours, the border's taken twice.
void resize_picture(const Picture& picture, int64_t height, int64_t width, float* out);

}  // namespace kcc::runtime
