// RandomStream: the host's random numbers (initial weights, shuffling). Philox 4x32-10 counts through a stream that
// seed, purpose and index name, so that no number depends on what was drawn elsewhere or by how many threads.
// Random numbers inside kernels (dropout) are functions of Program::random_key instead: compiler/ops/random.h.
#pragma once

#include <array>
#include <cstdint>

namespace kcc::runtime {

class RandomStream {
 public:
  using Words = std::array<uint32_t, 4>;
  enum class Purpose : uint32_t { kInitialize = 1, kShuffle = 2 };

  RandomStream(uint64_t seed, Purpose purpose, uint64_t index);

  uint32_t word();
  double uniform();                // in (0, 1), 2^32 steps
  double normal();                 // mean 0, deviation 1
  uint64_t below(uint64_t bound);  // in [0, bound), without bias

 private:
  uint64_t word64();

  uint32_t key_[2];
  uint64_t index_;
  uint64_t block_ = 0;
  Words words_{};
  int left_ = 0;  // unused entries at the end of words_
  double spare_normal_ = 0;
  bool has_spare_normal_ = false;
};

}  // namespace kcc::runtime
