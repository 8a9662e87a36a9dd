// Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011): random numbers as a function of key and position.
#pragma once

#include "functions.h"

namespace {

// The words behind 64 elements at a time, from Lanes counters. key = seed low, seed high, step, first sample;
// `sample_elements`: elements of a sample, or 0 where they are not of a batch.
template <uint32_t Lanes>
class RandomWords {
 public:
  RandomWords(const uint32_t* key, uint32_t stream, uint32_t sample_elements)
      : key_{key[0], key[1], key[2]}, stream_(stream), first_((sample_elements * key[3] + 63) / 64) {}

 protected:
  // Calls each(w, c, word) for word w of counter c, if the block is not the one at hand.
  template <typename Each>
  KERNEL_INLINE void fetch(int64_t block, Each&& each) {
    if (block == block_) return;
    block_ = block;
    for (uint32_t c = 0; c < Lanes; ++c) {
      uint32_t x[4] = {(static_cast<uint32_t>(block) + first_) * Lanes + c, stream_, key_[2], 0};
      uint32_t k0 = key_[0], k1 = key_[1];
      for (int round = 0; round < 10; ++round) {
        const uint64_t p0 = uint64_t{x[0]} * 0xD2511F53u, p1 = uint64_t{x[2]} * 0xCD9E8D57u;
        const uint32_t n0 = static_cast<uint32_t>(p1 >> 32) ^ x[1] ^ k0,
                       n2 = static_cast<uint32_t>(p0 >> 32) ^ x[3] ^ k1;
        x[0] = n0, x[1] = static_cast<uint32_t>(p1), x[2] = n2, x[3] = static_cast<uint32_t>(p0);
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
      }
      for (uint32_t w = 0; w < 4; ++w) each(w, c, x[w]);
    }
  }

 private:
  const uint32_t key_[3], stream_, first_;
  int64_t block_ = -1;
};

// Numbers in [0, 1): word w of counter c is number w * 16 + c of the block.
class Uniform : public RandomWords<16> {
 public:
  using RandomWords::RandomWords;

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
    RandomWords::fetch(block, [&](uint32_t w, uint32_t c, uint32_t word) {
      numbers_[w * 16 + c] = static_cast<float>(word >> 8) * 0x1p-24f;
    });
  }
  float numbers_[64];
};

// True with probability below / 65536: the low half of word w of counter c decides element w * 8 + c of the block, the
// high half the one 32 further.
class Bernoulli : public RandomWords<8> {
 public:
  Bernoulli(const uint32_t* key, uint32_t stream, uint32_t sample_elements, uint32_t below)
      : RandomWords(key, stream, sample_elements), below_(below) {}

  Ints at(All, int64_t element) {
    const int64_t place = element % 64;
    if (place + kLanes > 64) return pick(All{}, element, [&](int64_t i) { return at(i); });
    fetch(element / 64);
    return load(All{}, mask_ + place);
  }
  Ints at(Some lanes, int64_t element) {
    return pick(lanes, element, [&](int64_t i) { return at(i); });
  }
  bool at(int64_t element) {
    fetch(element / 64);
    return mask_[element % 64];
  }

 private:
  void fetch(int64_t block) {
    RandomWords::fetch(block, [&](uint32_t w, uint32_t c, uint32_t word) {
      mask_[w * 8 + c] = (word & 0xffff) < below_;
      mask_[w * 8 + c + 32] = (word >> 16) < below_;
    });
  }
  const uint32_t below_;
  bool mask_[64];
};

}  // namespace
