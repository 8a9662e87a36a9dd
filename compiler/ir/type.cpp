#include "compiler/ir/type.h"

#include <fmt/format.h>

#include "compiler/support/check.h"

namespace kcc {
namespace {

struct DTypeRow {
  DType dtype;
  const char* name;
  int64_t bytes;
};
constexpr DTypeRow kDTypes[] = {
    {DType::kF32, "f32", 4}, {DType::kI32, "i32", 4}, {DType::kU32, "u32", 4}, {DType::kBool, "bool", 1}};

const DTypeRow& row(DType dtype) {
  for (const DTypeRow& r : kDTypes)
    if (r.dtype == dtype) return r;
  check_failed("dtype", __FILE__, __LINE__, "no such dtype");
}

}  // namespace

int64_t size_of(DType dtype) {
  return row(dtype).bytes;
}
const char* name_of(DType dtype) {
  return row(dtype).name;
}

bool dtype_from_name(const std::string& name, DType* dtype) {
  for (const DTypeRow& r : kDTypes) {
    if (name != r.name) continue;
    *dtype = r.dtype;
    return true;
  }
  return false;
}

Shape fixed_shape(const std::vector<int64_t>& sizes) {
  Shape shape;
  for (int64_t size : sizes) shape.push_back({size, false});
  return shape;
}

Shape batched_shape(const std::vector<int64_t>& sizes) {
  Shape shape{{1, true}};
  for (int64_t size : sizes) shape.push_back({size, false});
  return shape;
}

Dim element_count(const Shape& shape) {
  Dim count;
  for (const Dim& dim : shape) {
    KCC_CHECK(!(count.batched && dim.batched), "a shape with two batched dimensions");
    KCC_CHECK(!__builtin_mul_overflow(count.size, dim.size, &count.size), "a shape of more than 2^63 elements");
    count.batched |= dim.batched;
  }
  return count;
}

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    if (!shape[i].batched)
      text += fmt::format("{}", shape[i].size);
    else if (shape[i].size == 1)
      text += "B";
    else
      text += fmt::format("{}*B", shape[i].size);
  }
  return text + ")";
}

std::string to_string(const Type& type) {
  return name_of(type.dtype) + to_string(type.shape);
}

}  // namespace kcc
