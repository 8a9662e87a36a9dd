#include "runtime/data/array.h"

#include <new>

namespace kcc::runtime {

int64_t size_of(DType type) {
  switch (type) {
    case DType::kBool:
    case DType::kI8:
    case DType::kU8:
      return 1;
    case DType::kI16:
    case DType::kU16:
    case DType::kF16:
    case DType::kBF16:
      return 2;
    case DType::kI32:
    case DType::kU32:
    case DType::kF32:
      return 4;
    case DType::kI64:
    case DType::kU64:
    case DType::kF64:
      return 8;
  }
  return 0;
}

const char* name_of(DType type) {
  static const char* const kNames[] = {"bool",  "int8",   "uint8",   "int16",    "uint16",  "int32",  "uint32",
                                       "int64", "uint64", "float16", "bfloat16", "float32", "float64"};
  return kNames[static_cast<int>(type)];
}

DType dtype_of(ElementType type) {
  switch (type) {
    case ElementType::kF32:
      return DType::kF32;
    case ElementType::kI32:
      return DType::kI32;
    case ElementType::kU32:
      return DType::kU32;
    case ElementType::kBool:
      return DType::kBool;
  }
  return DType::kF32;
}

int64_t size_of(ElementType type) {
  return size_of(dtype_of(type));
}
const char* name_of(ElementType type) {
  return name_of(dtype_of(type));
}

int64_t Array::row_elements() const {
  int64_t count = 1;
  for (size_t axis = 1; axis < shape.size(); ++axis) count *= shape[axis];
  return count;
}

int64_t Array::elements() const {
  return rows() * row_elements();
}

std::string print_shape(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (size_t axis = 0; axis < shape.size(); ++axis) text += (axis ? ", " : "") + std::to_string(shape[axis]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

Result<int64_t> checked_elements(const std::string& source, const std::vector<int64_t>& shape, DType type) {
  // A zero extent must not hide the overflow of the others: views multiply them too.
  int64_t nonzero = size_of(type);
  int64_t elements = 1;
  for (int64_t extent : shape) {
    if (extent < 0) return make_error("%s: negative extent in shape %s", source.c_str(), print_shape(shape).c_str());
    if (extent > 0 && __builtin_mul_overflow(nonzero, extent, &nonzero)) {
      return make_error("%s: shape %s is too large", source.c_str(), print_shape(shape).c_str());
    }
    elements *= extent;
  }
  return elements;
}

Result<OwnedArray> make_array(const std::string& source, DType type, std::vector<int64_t> shape) {
  Result<int64_t> elements = checked_elements(source, shape, type);
  if (!elements) return elements.error();
  const int64_t bytes = *elements * size_of(type);
  std::byte* data = new (std::nothrow) std::byte[static_cast<size_t>(bytes > 0 ? bytes : 1)];
  if (!data) {
    return make_error("%s: not enough memory for shape %s of %s (%lld bytes)", source.c_str(),
                      print_shape(shape).c_str(), name_of(type), static_cast<long long>(bytes));
  }
  std::shared_ptr<const void> owner(data, [](const std::byte* owned) { delete[] owned; });
  return OwnedArray{Array{type, std::move(shape), data, std::move(owner)}, data};
}

Array view_array(ElementType type, std::vector<int64_t> shape, const void* data) {
  return Array{dtype_of(type), std::move(shape), static_cast<const std::byte*>(data), nullptr};
}

Array slice_rows(const Array& array, int64_t first, int64_t count) {
  Array slice = array;
  slice.shape[0] = count;
  slice.first_row += first;
  if (array.data != nullptr) slice.data += first * array.row_elements() * size_of(array.type);
  return slice;
}

}  // namespace kcc::runtime
