#include "runtime/data/convert.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace kcc::runtime {
namespace {

// IEEE binary16; g++ 12 has no such type. 1 sign, 5 exponent, 10 mantissa bits.
struct Half {
  uint16_t bits;
  operator float() const {
    const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
    const uint32_t exponent = (bits >> 10) & 31u, mantissa = bits & 1023u;
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
    if (exponent > 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
    const float subnormal = static_cast<float>(mantissa) * 0x1p-24f;
    return sign ? -subnormal : subnormal;
  }
};

// The upper half of a float.
struct BFloat {
  uint16_t bits;
  operator float() const { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
};

// NumPy's bool: any byte but 0 is true. C++'s own bool must never hold such a byte.
struct Bool {
  uint8_t byte;
  operator int() const { return byte != 0; }
};

// The type to compute with: what the file's type converts to without loss.
template <typename From>
using Number = std::conditional_t<std::is_same_v<From, Half> || std::is_same_v<From, BFloat>, float,
                                  std::conditional_t<std::is_same_v<From, Bool>, int, From>>;

// C++ leaves a float beyond an integer type's range undefined: nearest value, and 0 for NaN.
template <typename To, typename From>
To saturate(From value) {
  if constexpr (std::is_same_v<To, Bool>) {
    return Bool{value != From(0)};
  } else if constexpr (std::is_floating_point_v<To>) {
    return static_cast<To>(value);
  } else {
    constexpr double lowest = std::numeric_limits<To>::min(), highest = std::numeric_limits<To>::max();
    if (value != value) return 0;
    if (static_cast<double>(value) <= lowest) return std::numeric_limits<To>::min();
    if (static_cast<double>(value) >= highest) return std::numeric_limits<To>::max();
    return static_cast<To>(value);
  }
}

template <typename T>
T load(const std::byte* data, int64_t index) {
  T value;
  std::memcpy(&value, data + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

template <typename From, typename To>
void convert(const std::byte* from, int64_t count, std::byte* to) {
  for (int64_t i = 0; i < count; ++i) {
    const To value = saturate<To>(static_cast<Number<From>>(load<From>(from, i)));
    std::memcpy(to + i * static_cast<int64_t>(sizeof(To)), &value, sizeof(To));
  }
}

// Calls action with a null pointer of the C++ type that stands for the file's.
template <typename Action>
auto with_type(DType type, Action action) {
  switch (type) {
    case DType::kBool:
      return action(static_cast<Bool*>(nullptr));
    case DType::kI8:
      return action(static_cast<int8_t*>(nullptr));
    case DType::kU8:
      return action(static_cast<uint8_t*>(nullptr));
    case DType::kI16:
      return action(static_cast<int16_t*>(nullptr));
    case DType::kU16:
      return action(static_cast<uint16_t*>(nullptr));
    case DType::kI32:
      return action(static_cast<int32_t*>(nullptr));
    case DType::kU32:
      return action(static_cast<uint32_t*>(nullptr));
    case DType::kI64:
      return action(static_cast<int64_t*>(nullptr));
    case DType::kU64:
      return action(static_cast<uint64_t*>(nullptr));
    case DType::kF16:
      return action(static_cast<Half*>(nullptr));
    case DType::kBF16:
      return action(static_cast<BFloat*>(nullptr));
    case DType::kF32:
      return action(static_cast<float*>(nullptr));
    case DType::kF64:
      break;
  }
  return action(static_cast<double*>(nullptr));
}

using Converter = void (*)(const std::byte*, int64_t, std::byte*);

Converter converter(DType from, ElementType to) {
  return with_type(from, [to]<typename From>(From*) -> Converter {
    switch (to) {
      case ElementType::kF32:
        return convert<From, float>;
      case ElementType::kI32:
        return convert<From, int32_t>;
      case ElementType::kU32:
        return convert<From, uint32_t>;
      case ElementType::kBool:
        break;
    }
    return convert<From, Bool>;
  });
}

// NumPy's bools may hold other bytes than 0 and 1.
bool same_bits(DType from, ElementType to) {
  return from == dtype_of(to) && to != ElementType::kBool;
}

std::string place_of(const std::vector<int64_t>& shape, int64_t index) {
  std::vector<int64_t> place(shape.size());
  for (size_t axis = shape.size(); axis-- > 0;) {
    place[axis] = index % shape[axis];
    index /= shape[axis];
  }
  std::string text;
  for (int64_t position : place) text += (text.empty() ? "[" : ", ") + std::to_string(position);
  return text.empty() ? text : text + "]";
}

template <typename From>
std::string print_value(Number<From> value) {
  if constexpr (std::is_integral_v<Number<From>>) return std::to_string(value);
  char text[40];
  std::snprintf(text, sizeof(text), "%.9g", static_cast<double>(value));
  return text;
}

template <typename From>
bool is_integral_within(Number<From> value, int64_t lowest, int64_t highest) {
  if constexpr (std::is_integral_v<Number<From>>) {
    return std::cmp_greater_equal(value, lowest) && std::cmp_less_equal(value, highest);
  } else {
    // Beyond 2^53 a double may not tell `highest` from its neighbour; nobody counts so far.
    const double number = static_cast<double>(value);
    return std::trunc(number) == number && number >= static_cast<double>(lowest) &&
           number <= static_cast<double>(highest);
  }
}

}  // namespace

void gather_rows(const Array& array, const int64_t* rows, int64_t count, ElementType to, void* out) {
  const int64_t elements = array.row_elements();
  const int64_t from_bytes = elements * size_of(array.type), to_bytes = elements * size_of(to);
  const Converter convert_row = converter(array.type, to);
  std::byte* row = static_cast<std::byte*>(out);
  const bool copies = same_bits(array.type, to);
  for (int64_t i = 0; i < count; ++i, row += to_bytes) {
    const std::byte* from = array.data + rows[i] * from_bytes;
    if (copies) {
      std::memcpy(row, from, static_cast<size_t>(to_bytes));
    } else {
      convert_row(from, elements, row);
    }
  }
}

void convert_array(const Array& array, ElementType to, void* out) {
  if (array.elements() == 0) return;
  if (same_bits(array.type, to)) {
    std::memcpy(out, array.data, static_cast<size_t>(array.bytes()));
    return;
  }
  converter(array.type, to)(array.data, array.elements(), static_cast<std::byte*>(out));
}

Status check_integral(const std::string& source, const Array& array, const std::byte* elements, int64_t first,
                      int64_t count, int64_t lowest, int64_t highest) {
  return with_type(array.type, [&]<typename From>(From*) -> Status {
    for (int64_t i = 0; i < count; ++i) {
      const Number<From> value = load<From>(elements, i);
      if (is_integral_within<From>(value, lowest, highest)) continue;
      return make_error("%s%s: got %s, expected a whole number from %lld to %lld", source.c_str(),
                        place_of(array.shape, first + i).c_str(), print_value<From>(value).c_str(),
                        static_cast<long long>(lowest), static_cast<long long>(highest));
    }
    return {};
  });
}

}  // namespace kcc::runtime
