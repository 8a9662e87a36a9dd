#include "tests/codegen/kernel_bytes.h"

namespace kcc::testing {

int64_t bytes_of(const Type& type, int64_t batch) {
  return count_of(extents_of(type.shape, batch)) * size_of(type.dtype);
}

void pack(const Array& array, DType dtype, void* memory) {
  for (size_t i = 0; i < array.values.size(); ++i) {
    switch (dtype) {
      case DType::kF32:
        static_cast<float*>(memory)[i] = static_cast<float>(array.values[i]);
        break;
      case DType::kI32:
        static_cast<int32_t*>(memory)[i] = static_cast<int32_t>(array.values[i]);
        break;
      case DType::kU32:
        static_cast<uint32_t*>(memory)[i] = static_cast<uint32_t>(array.values[i]);
        break;
      case DType::kBool:
        static_cast<uint8_t*>(memory)[i] = array.values[i] != 0;
        break;
    }
  }
}

Array unpack(const void* memory, const Type& type, int64_t batch) {
  Array array = zeros(extents_of(type.shape, batch));
  for (size_t i = 0; i < array.values.size(); ++i) {
    switch (type.dtype) {
      case DType::kF32:
        array.values[i] = static_cast<const float*>(memory)[i];
        break;
      case DType::kI32:
        array.values[i] = static_cast<const int32_t*>(memory)[i];
        break;
      case DType::kU32:
        array.values[i] = static_cast<const uint32_t*>(memory)[i];
        break;
      case DType::kBool:
        array.values[i] = static_cast<const uint8_t*>(memory)[i];
        break;
    }
  }
  return array;
}

}  // namespace kcc::testing
