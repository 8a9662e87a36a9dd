// Convolutions of one group in register tiles (templates/cpp/products.h): the source's elements under a tap are the
// left side of a product, the weights of the taps the right one. Padding makes a copy of the image with its zeros.
#pragma once

#include <optional>

#include "codegen/cpp/families.h"

namespace kcc::cpp {

// Nothing where the tiles do not fit: several groups, weights or gradients that have to be computed.
std::optional<Statements> write_convolution_tiles(const Kernel& kernel);

}  // namespace kcc::cpp
