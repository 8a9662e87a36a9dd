// Array: numbers as a file holds them. Readers (npy, npz, csv, HDF5, IDX, images) make arrays; fit, evaluate and
// predict take rows out of them, converted to what the program computes with; weights are copied from and to the state
// block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/files/result.h"
#include "runtime/program.h"

namespace kcc::runtime {

enum class DType : int32_t { kBool, kI8, kU8, kI16, kU16, kI32, kU32, kI64, kU64, kF16, kBF16, kF32, kF64 };

int64_t size_of(DType type);
const char* name_of(DType type);  // NumPy's: "float32"
DType dtype_of(ElementType type);
int64_t size_of(ElementType type);
const char* name_of(ElementType type);

// Rows of an array that stays where it is, a file or a folder, because it is too large for memory or is made as it is
// read. Several threads may read at once.
class RowSource {
 public:
  virtual ~RowSource() = default;
  // Rows first .. first + count, whole and in range, in the array's own type. An Error names the file.
  virtual Status read(int64_t first, int64_t count, std::byte* out) = 0;
};

// C order, this machine's byte order. Copies share the bytes. `data` may be unaligned: it may point into a file.
struct Array {
  DType type = DType::kF32;
  std::vector<int64_t> shape;  // empty: a scalar
  const std::byte* data = nullptr;
  std::shared_ptr<const void> owner;            // keeps data alive; null: the caller does
  std::shared_ptr<RowSource> source = nullptr;  // where an array of samples is instead of in data; see data/rows.h
  int64_t first_row = 0;                        // of the source's, which this array begins with

  bool has_values() const { return data != nullptr || source != nullptr; }
  int64_t elements() const;
  int64_t bytes() const { return elements() * size_of(type); }
  int64_t rows() const { return shape.empty() ? 1 : shape[0]; }
  int64_t row_elements() const;  // of one sample: all axes but the first
};

std::string print_shape(const std::vector<int64_t>& shape);  // NumPy's: "(3, 4)", "(3,)", "()"

// Elements of a shape; an Error (which begins with `source`) if an extent is negative or the bytes exceed 63 bits.
Result<int64_t> checked_elements(const std::string& source, const std::vector<int64_t>& shape, DType type);

// An array with bytes of its own, to be filled through the pointer; an Error if there is no memory for it.
struct OwnedArray {
  Array array;
  std::byte* data;
};
Result<OwnedArray> make_array(const std::string& source, DType type, std::vector<int64_t> shape);

// A view over memory that outlives it: the caller's outputs, the program's states.
Array view_array(ElementType type, std::vector<int64_t> shape, const void* data);

// Rows first .. first + count, sharing the bytes.
Array slice_rows(const Array& array, int64_t first, int64_t count);

}  // namespace kcc::runtime
