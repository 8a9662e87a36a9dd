#include "tests/support/array.h"

#include <algorithm>

#include "compiler/support/check.h"

namespace kcc::testing {
namespace {

size_t offset_of(const Index& extents, const Index& index) {
  KCC_CHECK(extents.size() == index.size(), "an index has one entry a dimension");
  int64_t offset = 0;
  for (size_t d = 0; d < extents.size(); ++d) {
    KCC_CHECK(index[d] >= 0 && index[d] < extents[d], "index inside the array");
    offset = offset * extents[d] + index[d];
  }
  return static_cast<size_t>(offset);
}

}  // namespace

double& Array::at(const Index& index) {
  return values[offset_of(extents, index)];
}
double Array::at(const Index& index) const {
  return values[offset_of(extents, index)];
}

int64_t count_of(const Index& extents) {
  int64_t count = 1;
  for (int64_t extent : extents) count *= extent;
  return count;
}

Array zeros(const Index& extents) {
  return Array{extents, std::vector<double>(static_cast<size_t>(count_of(extents)), 0.0)};
}

Array scalar(double value) {
  return Array{{}, {value}};
}

Array random_array(const Index& extents, std::mt19937& generator, double low, double high) {
  std::uniform_real_distribution<double> uniform(low, high);
  Array result = zeros(extents);
  for (double& value : result.values) value = uniform(generator);
  return result;
}

Index extents_of(const Shape& shape, int64_t batch) {
  Index extents;
  for (const Dim& dim : shape) extents.push_back(dim.batched ? dim.size * batch : dim.size);
  return extents;
}

void for_each_index(const Index& extents, const std::function<void(const Index&)>& visit) {
  Index index(extents.size(), 0);
  const int64_t count = count_of(extents);
  for (int64_t n = 0; n < count; ++n) {
    visit(index);
    for (size_t d = extents.size(); d-- > 0;) {
      if (++index[d] < extents[d]) break;
      index[d] = 0;
    }
  }
}

}  // namespace kcc::testing
