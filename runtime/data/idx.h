// IDX, the format of the MNIST files: two zero bytes, a type, a rank, big-endian extents, then the values.
// https://yann.lecun.org/exdb/mnist/
#pragma once

#include <string>

#include "runtime/data/array.h"

namespace kcc::runtime {

// Whether a file begins as IDX or, where its name ends in .gz, as gzip does; false where it cannot be read.
bool looks_like_idx(const std::string& path);

// Mapped, or left in the file where it is large; FILE.gz is unpacked into memory.
Result<Array> read_idx(const std::string& path);

}  // namespace kcc::runtime
