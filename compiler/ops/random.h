// Random numbers as a function of (seed, step, stream, element): Philox 4x32-10, so that no result depends on the
// order of evaluation. `key` is the module's random_key state, u32(4).
// Element e of a stream is word (e/16)%4 of the Philox block with counter ((e/64)*16 + e%16, stream, step, 0) and key
// (seed low, seed high): vectors of 16 lanes store all four words densely. Where the shape grows with the batch, e
// counts from the first sample of the whole batch, those before it rounded up to 64 elements.
#pragma once

#include "compiler/ops/builder.h"

namespace kcc {

// f32 in [0, 1), 24 random bits: (word >> 8) * 2^-24.
ValueId random_uniform(Builder& b, ValueId key, const Shape& shape, int64_t stream);

}  // namespace kcc
