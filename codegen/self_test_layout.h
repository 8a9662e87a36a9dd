// Where inputs and expected outputs lie in the file "self_test.bin", which generated source takes in: what
// --verify-data stores, for Program::self_test.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kcc {

struct SelfTestLayout {
  int64_t rows = 0;                       // 0: nothing is stored
  std::vector<int64_t> inputs, expected;  // the first byte of each, a multiple of 64
};

// The table kSelfTest; "" where nothing is stored.
std::string emit_self_test(const SelfTestLayout& layout);

}  // namespace kcc
