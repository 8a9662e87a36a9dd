#include "runtime/batch_reader.h"

#include <algorithm>
#include <cstring>

#include "runtime/data/convert.h"

namespace kcc::runtime {
namespace {

// As gather_rows, but without an order to follow.
void convert_rows(const Array& array, const int64_t* order, int64_t first, int64_t count, ElementType to, void* out) {
  if (order != nullptr)
    gather_rows(array, order + first, count, to, out);
  else
    convert_array(slice_rows(array, first, count), to, out);
}

bool aligned(const void* data, int64_t bytes) {
  return reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(bytes) == 0;
}

}  // namespace

BatchReader::BatchReader(const Dataset& data) : data_(&data) {
  for (const Column& column : data.inputs) slots_.push_back({&column, {}});
  for (const Column& column : data.targets) slots_.push_back({&column, {}});
  for (const Column& column : data.weights) slots_.push_back({&column, {}});
  pointers_.resize(slots_.size());
}

Result<BatchReader> BatchReader::create(const Dataset& data, int64_t largest_batch) {
  BatchReader reader(data);
  for (Slot& slot : reader.slots_) {
    const TensorInfo& tensor = slot.column->tensor;
    const int64_t bytes = largest_batch * tensor.elements * size_of(tensor.type);
    Result<AlignedBuffer> rows = AlignedBuffer::allocate(bytes, "a batch");
    if (!rows) return rows.error();
    slot.rows = std::move(*rows);
    if (slot.column->array.data == nullptr)
      std::fill_n(reinterpret_cast<float*>(slot.rows.data()), largest_batch * tensor.elements, 1.0f);
    if (slot.column->one_hot) {
      const int64_t indices = largest_batch * slot.column->array.row_elements();
      reader.classes_.resize(std::max(reader.classes_.size(), static_cast<size_t>(indices)));
    }
  }
  return reader;
}

const void* const* BatchReader::read(const std::vector<int64_t>& order, int64_t first, int64_t count) {
  const int64_t* rows = order.empty() ? nullptr : order.data();
  for (size_t i = 0; i < slots_.size(); ++i) pointers_[i] = read_column(slots_[i], rows, first, count);
  return pointers_.data();
}

const void* BatchReader::read_column(Slot& slot, const int64_t* order, int64_t first, int64_t count) {
  const Column& column = *slot.column;
  if (column.array.data == nullptr) return slot.rows.data();  // weights of 1
  const ElementType type = column.tensor.type;
  if (column.one_hot) {
    convert_rows(column.array, order, first, count, ElementType::kI32, classes_.data());
    const int64_t classes = column.tensor.extents[column.tensor.rank - 1];
    const int64_t indices = count * column.tensor.elements / classes;
    float* out = reinterpret_cast<float*>(slot.rows.data());
    std::fill_n(out, count * column.tensor.elements, 0.0f);
    for (int64_t i = 0; i < indices; ++i) out[i * classes + classes_[static_cast<size_t>(i)]] = 1.0f;
    return out;
  }
  if (order == nullptr && column.array.type == dtype_of(type)) {
    const std::byte* rows = column.array.data + first * column.tensor.elements * size_of(type);
    if (aligned(rows, size_of(type))) return rows;
  }
  convert_rows(column.array, order, first, count, type, slot.rows.data());
  return slot.rows.data();
}

}  // namespace kcc::runtime
