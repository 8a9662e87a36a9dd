// Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011): random numbers as a function of key and position, so that a
// dropout's mask is computed again in the backward pass.
#pragma once

#include "functions.h"

namespace {

// Numbers in [0, 1) by position, which ask for blocks of 64. key = seed low, seed high, step, first sample;
// `sample_elements`: elements of a sample, or 0 where the numbers are not of a batch.
class Uniform {
 public:
  Uniform(const uint32_t* key, uint32_t stream, uint32_t sample_elements)
      : key_{key[0], key[1], key[2]}, stream_(stream), first_((sample_elements * key[3] + 63) / 64) {}

  Floats at(All, int64_t element) {
    const int64_t place = element % 64;
    if (place + kLanes > 64) return pick(All{}, element, [&](int64_t i) { return at(i); });
    fetch(element / 64);
    return load(All{}, numbers_ + place);
  }
  Floats at(Some lanes, int64_t element) {
    return pick(lanes, element, [&](int64_t i) { return at(i); });
  }
  float at(int64_t element) {
    fetch(element / 64);
    return numbers_[element % 64];
  }

 private:
  void fetch(int64_t block) {
    if (block == block_) return;
    block_ = block;
    // Word w of counter c is number w * 16 + c of the block.
    for (uint32_t c = 0; c < 16; ++c) {
      uint32_t x[4] = {(static_cast<uint32_t>(block) + first_) * 16 + c, stream_, key_[2], 0};
      uint32_t k0 = key_[0], k1 = key_[1];
      for (int round = 0; round < 10; ++round) {
        const uint64_t p0 = uint64_t{x[0]} * 0xD2511F53u, p1 = uint64_t{x[2]} * 0xCD9E8D57u;
        const uint32_t n0 = static_cast<uint32_t>(p1 >> 32) ^ x[1] ^ k0,
                       n2 = static_cast<uint32_t>(p0 >> 32) ^ x[3] ^ k1;
        x[0] = n0, x[1] = static_cast<uint32_t>(p1), x[2] = n2, x[3] = static_cast<uint32_t>(p0);
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
      }
      for (uint32_t w = 0; w < 4; ++w) numbers_[w * 16 + c] = static_cast<float>(x[w] >> 8) * 0x1p-24f;
    }
  }
  const uint32_t key_[3], stream_, first_;
  int64_t block_ = -1;
  float numbers_[64];
};

}  // namespace
