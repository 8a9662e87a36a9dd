// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11), written from the paper so that
// the tests do not lean on the library that the product uses.
#pragma once

#include <array>
#include <cstdint>

namespace kcc::testing {

std::array<uint32_t, 4> philox_block(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

}  // namespace kcc::testing
