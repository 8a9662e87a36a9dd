// Arrays of doubles as the bytes that kernels read and write.
#pragma once

#include <cstdint>

#include "compiler/ir/type.h"
#include "tests/support/array.h"

namespace kcc::testing {

int64_t bytes_of(const Type& type, int64_t batch);
void pack(const Array& array, DType dtype, void* memory);
Array unpack(const void* memory, const Type& type, int64_t batch);

}  // namespace kcc::testing
