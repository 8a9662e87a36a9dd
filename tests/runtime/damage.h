// Damages a genuine file in many ways, the same on every machine: any answer of its reader will do but a crash, a read
// out of bounds (under the asan preset) or a hang.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <random>
#include <string>

namespace kcc::runtime {

// Calls read with so many damaged copies: bits turned, numbers replaced by ones that parsers trip over.
template <typename Read>
void damage(const std::string& genuine, int64_t rounds, Read read) {
  std::mt19937 random(1);
  const uint64_t interesting[] = {0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, ~uint64_t{0}, genuine.size(), 96};
  for (int64_t round = 0; round < rounds; ++round) {
    std::string damaged = genuine;
    for (uint32_t i = random() % 4 + 1; i > 0; --i) {
      const size_t at = random() % damaged.size();
      if (random() % 2) {
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
      } else {
        const uint64_t value = interesting[random() % std::size(interesting)];
        const size_t aligned = at / 8 * 8, width = size_t{1} << random() % 4;
        std::memcpy(&damaged[aligned], &value, std::min(width, damaged.size() - aligned));
      }
    }
    read(damaged);
  }
}

// Calls read with about so many beginnings of the file.
template <typename Read>
void cut_off(const std::string& genuine, int64_t rounds, Read read) {
  const size_t step = std::max<size_t>(1, genuine.size() / static_cast<size_t>(rounds));
  for (size_t length = 0; length < genuine.size(); length += step) read(genuine.substr(0, length));
}

}  // namespace kcc::runtime
