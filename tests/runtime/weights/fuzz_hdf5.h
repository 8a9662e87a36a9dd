// Damages a genuine HDF5 file in many ways (damage.h) and reads all of it.
#pragma once

#include <cstring>
#include <memory>
#include <string>

#include "runtime/weights/hdf5_reader.h"
#include "tests/runtime/damage.h"

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
  cut_off(genuine, rounds, [&counts](std::string cut) {
    read_damaged(cut, counts);
    if (cut.size() < kEndField + 8) return;
    const uint64_t end = cut.size();
    std::memcpy(&cut[kEndField], &end, 8);  // so that the reader goes on beyond its first check
    read_damaged(cut, counts);
  });
  damage(genuine, rounds, [&counts](const std::string& damaged) { read_damaged(damaged, counts); });
  return counts;
}

}  // namespace kcc::runtime
