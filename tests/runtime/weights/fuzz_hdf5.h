// Damages a genuine HDF5 file in many ways and reads it: any answer will do but a crash, a read out of bounds (under
// the asan preset) or a hang.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "runtime/weights/hdf5_reader.h"

namespace kcc::runtime {

struct FuzzCounts {
  int64_t read = 0, refused = 0;
};

// Reads every byte that the tree points to. The bytes lie in a block of their exact size.
inline void read_damaged(const std::string& bytes, FuzzCounts& counts) {
  auto block = std::make_unique<char[]>(bytes.size());
  std::memcpy(block.get(), bytes.data(), bytes.size());
  const auto tree = parse_hdf5("damaged.h5", reinterpret_cast<const std::byte*>(block.get()),
                               static_cast<int64_t>(bytes.size()), nullptr);
  if (!tree) {
    counts.refused += !tree.error().message.empty();
    return;
  }
  ++counts.read;
  int64_t sum = 0;
  const auto add = [&sum](const Array& array) {
    for (int64_t i = 0; i < array.bytes(); ++i) sum += static_cast<int64_t>(array.data[i]);
  };
  for (const auto& [path, object] : *tree) {
    if (object.dataset) add(*object.dataset);
    for (const auto& [name, attribute] : object.attributes) {
      if (const Array* array = std::get_if<Array>(&attribute)) add(*array);
    }
  }
  [[maybe_unused]] volatile int64_t kept = sum;
}

inline FuzzCounts fuzz_hdf5(const std::string& genuine, int64_t rounds) {
  constexpr size_t kEndField = 40;  // the end of the file, in a superblock of version 0
  FuzzCounts counts;
  const size_t step = std::max<size_t>(1, genuine.size() / static_cast<size_t>(rounds));
  for (size_t length = 0; length < genuine.size(); length += step) {
    std::string cut = genuine.substr(0, length);
    read_damaged(cut, counts);
    if (length < kEndField + 8) continue;
    const uint64_t end = length;
    std::memcpy(&cut[kEndField], &end, 8);  // so that the reader goes on beyond its first check
    read_damaged(cut, counts);
  }
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
    read_damaged(damaged, counts);
  }
  return counts;
}

}  // namespace kcc::runtime
