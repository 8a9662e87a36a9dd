#include "runtime/initialize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "runtime/random.h"

namespace kcc::runtime {
namespace {

void fill_constant(const TensorInfo& tensor, double value, void* data) {
  switch (tensor.type) {
    case ElementType::kF32:
      std::fill_n(static_cast<float*>(data), tensor.elements, static_cast<float>(value));
      break;
    case ElementType::kI32:
      std::fill_n(static_cast<int32_t*>(data), tensor.elements, static_cast<int32_t>(value));
      break;
    case ElementType::kU32:
      std::fill_n(static_cast<uint32_t*>(data), tensor.elements, static_cast<uint32_t>(value));
      break;
    case ElementType::kBool:
      std::fill_n(static_cast<uint8_t*>(data), tensor.elements, static_cast<uint8_t>(value != 0));
      break;
  }
}

double truncated_normal(RandomStream& random) {
  while (true) {
    const double value = random.normal();
    if (std::fabs(value) <= 2.0) return value;
  }
}

int64_t last_extent(const TensorInfo& tensor) {
  return tensor.rank > 0 ? tensor.extents[tensor.rank - 1] : 1;
}

double dot(const double* a, const double* b, int64_t n) {
  double sums[8] = {};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (int k = 0; k < 8; ++k) sums[k] += a[i + k] * b[i + k];
  }
  for (; i < n; ++i) sums[0] += a[i] * b[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

// Q of the QR factorization with a positive diagonal of R, which is what Keras makes of LAPACK's by its signs.
// `columns`: count vectors of `length` numbers each, one after the other; count <= length.
// Modified Gram-Schmidt in double loses at most the matrix's condition number times 1e-16: far below a float's step.
void orthonormalize(std::vector<double>& columns, int64_t length, int64_t count) {
  for (int64_t j = 0; j < count; ++j) {
    double* column = columns.data() + j * length;
    for (int64_t k = 0; k < j; ++k) {
      const double* done = columns.data() + k * length;
      const double projection = dot(done, column, length);
      for (int64_t i = 0; i < length; ++i) column[i] -= projection * done[i];
    }
    const double scale = 1.0 / std::sqrt(dot(column, column, length));
    for (int64_t i = 0; i < length; ++i) column[i] *= scale;
  }
}

// The tensor as a matrix (product of all extents but the last, last extent): orthonormal rows or columns, whichever
// are fewer.
void fill_orthogonal(const TensorInfo& tensor, double gain, RandomStream& random, float* data) {
  const int64_t cols = last_extent(tensor), rows = tensor.elements / cols;
  const int64_t length = std::max(rows, cols), count = std::min(rows, cols);
  std::vector<double> vectors(static_cast<size_t>(length * count));
  for (double& value : vectors) value = random.normal();
  orthonormalize(vectors, length, count);
  const bool transposed = rows < cols;  // then the vectors are the rows
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < cols; ++c) {
      const int64_t at = transposed ? r * length + c : c * length + r;
      data[r * cols + c] = static_cast<float>(gain * vectors[static_cast<size_t>(at)]);
    }
  }
}

void fill_identity(const TensorInfo& tensor, double gain, float* data) {
  const int64_t cols = last_extent(tensor), rows = tensor.elements / cols;
  std::fill_n(data, tensor.elements, 0.0f);
  for (int64_t i = 0; i < std::min(rows, cols); ++i) data[i * cols + i] = static_cast<float>(gain);
}

}  // namespace

namespace {

void fill(const StateInfo& state, int64_t index, uint64_t run_seed, void* data) {
  const bool own_seed = state.seed >= 0;
  RandomStream random(own_seed ? static_cast<uint64_t>(state.seed) : run_seed, RandomStream::Purpose::kInitialize,
                      own_seed ? 0 : static_cast<uint64_t>(index) + 1);
  const int64_t n = state.tensor.elements;
  const double a = state.a, b = state.b;
  float* values = static_cast<float*>(data);
  switch (state.fill) {
    case Fill::kConstant:
      return fill_constant(state.tensor, a, data);
    case Fill::kUniform:
      for (int64_t i = 0; i < n; ++i) values[i] = static_cast<float>(a + (b - a) * random.uniform());
      return;
    case Fill::kNormal:
      for (int64_t i = 0; i < n; ++i) values[i] = static_cast<float>(a + b * random.normal());
      return;
    case Fill::kTruncatedNormal:
      for (int64_t i = 0; i < n; ++i) values[i] = static_cast<float>(a + b * truncated_normal(random));
      return;
    case Fill::kOrthogonal:
      return fill_orthogonal(state.tensor, a, random, values);
    case Fill::kIdentity:
      return fill_identity(state.tensor, a, values);
    case Fill::kSeed:
      for (int64_t i = 0; i < n; ++i) static_cast<uint32_t*>(data)[i] = random.word();
      return;
  }
}

}  // namespace

void initialize(const StateInfo& state, int64_t index, uint64_t run_seed, void* data) {
  fill(state, index, run_seed, data);
  if (state.ones_count > 0) std::fill_n(static_cast<float*>(data) + state.ones_first, state.ones_count, 1.0f);
}

}  // namespace kcc::runtime
