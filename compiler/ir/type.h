// Type: what a value is. A shape is a list of extents, outermost first, each either fixed or a multiple of the
// batch: the batch is the one symbolic dimension in kcc. (B*T, C), say, has the extents {T, batched} and {C}.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kcc {

enum class DType { kF32, kI32, kU32, kBool };  // kBool: a byte, 0 or 1

int64_t size_of(DType dtype);      // bytes of one element
const char* name_of(DType dtype);  // "f32", "i32", "u32", "bool"
bool dtype_from_name(const std::string& name, DType* dtype);

struct Dim {
  int64_t size = 1;      // the extent, or what it is per sample
  bool batched = false;  // extent = size * batch

  bool operator==(const Dim&) const = default;
  bool is_one() const { return size == 1 && !batched; }
};

using Shape = std::vector<Dim>;

Shape fixed_shape(const std::vector<int64_t>& sizes);
// (B, sizes...)
Shape batched_shape(const std::vector<int64_t>& sizes);
// Product of all extents. More than one batched extent is a mistake of ours.
Dim element_count(const Shape& shape);
// "(B, 28, 28, 1)", "(20*B, 4)", "()"
std::string to_string(const Shape& shape);

struct Type {
  DType dtype = DType::kF32;
  Shape shape;

  bool operator==(const Type&) const = default;
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
};

std::string to_string(const Type& type);  // "f32(B, 10)"

}  // namespace kcc
