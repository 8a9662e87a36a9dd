// Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011) as a Func: random words as a function of key and position.
#pragma once

#include "Halide.h"

namespace kcc {

// (lane, block) -> the four words of counter ((first + block)*lanes + lane, stream, step, 0) under the seed;
// key = seed low, seed high, step. What they mean: compiler/ops/random.h.
Halide::Func philox_block(const Halide::Expr key[3], int64_t stream, const Halide::Expr& first, int lanes);

}  // namespace kcc
