// What convolutions and pools share: windows over the spatial dimensions of (B, spatial..., C).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "codegen/cpp/writer.h"

namespace kcc::cpp {

// Runs `inside` where `position` lies in [0, extent) in each dimension; asks only where it may not.
void where_inside(Writer& w, const Position& position, const std::vector<int64_t>& extents,
                  const std::function<void()>& inside);

// (first, spatial..., last)
Position joined_position(const Index& first, const Position& spatial, const Index& last);
Position spatial_part(const Position& position);
std::vector<Size> sizes(const std::vector<int64_t>& extents);

}  // namespace kcc::cpp
