#include "runtime/data/rows.h"

#include <algorithm>

#include "runtime/data/convert.h"

namespace kcc::runtime {
namespace {

int64_t row_bytes(const Array& array) {
  return array.row_elements() * size_of(array.type);
}

// As the file has them. Neighbours are read at once: a file in order costs one call a batch.
Status read_raw(const Array& array, const int64_t* order, int64_t first, int64_t count, std::byte* out) {
  if (order == nullptr) return array.source->read(array.first_row + first, count, out);
  for (int64_t i = 0, run = 0; i < count; i += run) {
    const int64_t row = order[first + i];
    for (run = 1; i + run < count && order[first + i + run] == row + run;) ++run;
    if (Status status = array.source->read(array.first_row + row, run, out + i * row_bytes(array)); !status)
      return status;
  }
  return {};
}

Array block_of(const Array& array, int64_t count, const std::byte* data) {
  Array block{array.type, array.shape, data, nullptr};
  block.shape[0] = count;
  return block;
}

}  // namespace

Status read_rows(const Array& array, const int64_t* order, int64_t first, int64_t count, ElementType to,
                 std::vector<std::byte>& scratch, void* out) {
  if (!array.source) {
    if (order != nullptr) {
      gather_rows(array, order + first, count, to, out);
    } else {
      convert_array(slice_rows(array, first, count), to, out);
    }
    return {};
  }
  if (array.type == dtype_of(to) && to != ElementType::kBool)
    return read_raw(array, order, first, count, static_cast<std::byte*>(out));
  scratch.resize(std::max(scratch.size(), static_cast<size_t>(count * row_bytes(array))));
  if (Status status = read_raw(array, order, first, count, scratch.data()); !status) return status;
  convert_array(block_of(array, count, scratch.data()), to, out);
  return {};
}

Status check_integral(const std::string& source, const Array& array, int64_t lowest, int64_t highest) {
  const int64_t width = array.row_elements();
  if (!array.source) return check_integral(source, array, array.data, 0, array.elements(), lowest, highest);
  constexpr int64_t kBlockBytes = 4 << 20;
  const int64_t block = std::clamp<int64_t>(kBlockBytes / std::max<int64_t>(1, row_bytes(array)), 1, array.rows());
  std::vector<std::byte> values(static_cast<size_t>(block * row_bytes(array)));
  for (int64_t first = 0; first < array.rows(); first += block) {
    const int64_t count = std::min(block, array.rows() - first);
    Status status = read_raw(array, nullptr, first, count, values.data());
    if (status) status = check_integral(source, array, values.data(), first * width, count * width, lowest, highest);
    if (!status) return status;
  }
  return {};
}

Result<Array> read_array(const std::string& source, const Array& array) {
  if (!array.source) return array;
  Result<OwnedArray> copy = make_array(source, array.type, array.shape);
  if (!copy) return copy.error();
  if (Status status = read_raw(array, nullptr, 0, array.rows(), copy->data); !status) return status.error();
  return copy->array;
}

}  // namespace kcc::runtime
