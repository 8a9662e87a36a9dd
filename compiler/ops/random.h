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

// random_uniform with the attribute `below`: bool, true with probability below / 65536, for which 16 random bits an
// element decide: those of element e are a half of word (e/8)%4 of the block with counter (e/64)*8 + e%8, the low one
// where e/32 is even, the high one where it is odd.
ValueId random_bernoulli(Builder& b, ValueId key, const Shape& shape, int64_t below, int64_t stream);
// `below` for a probability: rounded, which moves the probability by at most 2^-17; 0 where that would move it, or what
// it leaves to 1, by more than a thousandth of itself.
int64_t bernoulli_bound(double probability);

}  // namespace kcc
