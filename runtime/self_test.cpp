#include "runtime/self_test.h"

namespace kcc::runtime {
namespace {

constexpr double kRelative = 1e-4, kAbsolute = 1e-6;

double value_at(ElementType type, const void* data, int64_t i) {
  switch (type) {
    case ElementType::kF32:
      return static_cast<double>(static_cast<const float*>(data)[i]);
    case ElementType::kI32:
      return static_cast<const int32_t*>(data)[i];
    case ElementType::kU32:
      return static_cast<const uint32_t*>(data)[i];
    case ElementType::kBool:
      return static_cast<const uint8_t*>(data)[i] != 0;
  }
  return 0;
}

bool is_finite(double value) {
  return value - value == 0;
}

double distance(double got, double expected) {
  if (got == expected || (got != got && expected != expected)) return 0;
  if (!is_finite(got) || !is_finite(expected)) return __builtin_inf();
  return __builtin_fabs(got - expected);
}

}  // namespace

OutputDifference begin_comparison(const TensorInfo& output, int64_t rows, const void* expected) {
  OutputDifference difference;
  if (output.type != ElementType::kF32) return difference;
  double largest = 0;
  for (int64_t i = 0; i < rows * output.elements; ++i) {
    const double magnitude = __builtin_fabs(value_at(output.type, expected, i));
    if (is_finite(magnitude) && magnitude > largest) largest = magnitude;
  }
  difference.allowed = kRelative * largest + kAbsolute;
  return difference;
}

void compare_rows(const TensorInfo& output, const void* expected, const void* got, int64_t first, int64_t count,
                  OutputDifference* difference) {
  const int64_t begin = first * output.elements;
  for (int64_t i = 0; i < count * output.elements; ++i) {
    const double is = value_at(output.type, got, i), should = value_at(output.type, expected, begin + i);
    const double apart = distance(is, should);
    if (!(apart > difference->largest)) continue;
    difference->largest = apart;
    difference->element = begin + i;
    difference->got = is;
    difference->expected = should;
  }
}

}  // namespace kcc::runtime
