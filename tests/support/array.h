// Array: what the tests' oracles compute with. Row-major doubles; integers and booleans are held as doubles too.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "compiler/ir/type.h"

namespace kcc::testing {

using Index = std::vector<int64_t>;

struct Array {
  Index extents;
  std::vector<double> values;

  double& at(const Index& index);
  double at(const Index& index) const;
};

Array zeros(const Index& extents);
Array scalar(double value);
// Independent values, uniform in [low, high).
Array random_array(const Index& extents, std::mt19937& generator, double low = -1, double high = 1);
// A shape's extents at a batch size.
Index extents_of(const Shape& shape, int64_t batch);
int64_t count_of(const Index& extents);
// Calls `visit` for every index of `extents` in row-major order; once with an empty index for a scalar.
void for_each_index(const Index& extents, const std::function<void(const Index&)>& visit);

}  // namespace kcc::testing
