#include "runtime/random.h"

#include <cmath>

namespace kcc::runtime {
namespace {

using Words = RandomStream::Words;

// Philox 4x32-10 of Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011). The Random123
// library is the test's oracle; its C++ header would bring the standard streams into every trainer.
Words philox(Words counter, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * counter[0], b = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key0, static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key1, static_cast<uint32_t>(a)};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return counter;
}

uint32_t low(uint64_t value) {
  return static_cast<uint32_t>(value);
}
uint32_t high(uint64_t value) {
  return static_cast<uint32_t>(value >> 32);
}

}  // namespace

// The purpose goes into the key, not the counter: the counter's four words are needed for index and position.
RandomStream::RandomStream(uint64_t seed, Purpose purpose, uint64_t index) : index_(index) {
  const Words derived = philox({static_cast<uint32_t>(purpose), 0, 0, 0}, low(seed), high(seed));
  key_[0] = derived[0];
  key_[1] = derived[1];
}

uint32_t RandomStream::word() {
  if (left_ == 0) {
    words_ = philox({low(block_), high(block_), low(index_), high(index_)}, key_[0], key_[1]);
    ++block_;
    left_ = 4;
  }
  return words_[static_cast<size_t>(4 - left_--)];
}

uint64_t RandomStream::word64() {
  const uint64_t first = word();
  return first | static_cast<uint64_t>(word()) << 32;
}

double RandomStream::uniform() {
  return (word() + 0.5) * 0x1p-32;
}

// Box and Muller: two normals from two uniforms.
double RandomStream::normal() {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2.0 * std::log(uniform()));
  const double angle = 2.0 * M_PI * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_normal_ = true;
  return radius * std::cos(angle);
}

// Lemire, "Fast random integer generation in an interval" (2019).
uint64_t RandomStream::below(uint64_t bound) {
  const uint64_t threshold = -bound % bound;
  while (true) {
    const unsigned __int128 product = static_cast<unsigned __int128>(word64()) * bound;
    if (static_cast<uint64_t>(product) >= threshold) return static_cast<uint64_t>(product >> 64);
  }
}

}  // namespace kcc::runtime
