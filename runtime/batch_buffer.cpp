#include "runtime/batch_buffer.h"

#include <algorithm>

#include "runtime/data/indices.h"
#include "runtime/data/rows.h"

namespace kcc::runtime {
namespace {

bool aligned(const void* data, int64_t bytes) {
  return reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(bytes) == 0;
}

// Rows in order that a kernel may read where they are. Indices are copied: a file that changes after they were checked
// must not lead a kernel astray.
bool handed_on(const Column& column, bool ordered) {
  return !ordered && column.index_limit == 0 && column.array.data != nullptr &&
         column.array.type == dtype_of(column.tensor.type) && aligned(column.array.data, size_of(column.tensor.type));
}

// bind_data has checked every index: only a file that changed since can hold a wrong one.
Status check_indices(const Column& column, const void* values, ElementType type, int64_t count) {
  if (all_indices(values, type, count, column.index_limit)) return {};
  return make_error("%s: the file changed while it was being read: an index is no longer in 0 to %ld",
                    column.label.c_str(), column.index_limit - 1);
}

}  // namespace

BatchBuffer::BatchBuffer(const Dataset& data) {
  for (const Column& column : data.inputs) slots_.push_back({&column, {}});
  for (const Column& column : data.targets) slots_.push_back({&column, {}});
  for (const Column& column : data.weights) slots_.push_back({&column, {}});
  pointers_.resize(slots_.size());
}

Result<BatchBuffer> BatchBuffer::create(const Dataset& data, int64_t largest_batch) {
  BatchBuffer buffer(data);
  for (Slot& slot : buffer.slots_) {
    const TensorInfo& tensor = slot.column->tensor;
    const int64_t bytes = largest_batch * tensor.elements * size_of(tensor.type);
    Result<AlignedBuffer> rows = AlignedBuffer::allocate(bytes, "a batch");
    if (!rows) return rows.error();
    slot.rows = std::move(*rows);
    if (!slot.column->array.has_values())
      std::fill_n(reinterpret_cast<float*>(slot.rows.data()), largest_batch * tensor.elements, 1.0f);
    if (slot.column->one_hot) {
      const int64_t indices = largest_batch * slot.column->array.row_elements();
      buffer.classes_.resize(std::max(buffer.classes_.size(), static_cast<size_t>(indices)));
    }
  }
  return buffer;
}

Status BatchBuffer::fill(const int64_t* order, int64_t first, int64_t count) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    Result<const void*> rows = fill_column(slots_[i], order, first, count);
    if (!rows) return rows.error();
    pointers_[i] = *rows;
  }
  return {};
}

int64_t BatchBuffer::work(bool ordered, int64_t count) const {
  int64_t bytes = 0;
  for (const Slot& slot : slots_) {
    const Column& column = *slot.column;
    if (!column.array.has_values() || handed_on(column, ordered)) continue;
    bytes += count * column.tensor.elements * size_of(column.tensor.type);
    constexpr int64_t kCall = 4096;  // a call of the system costs what copying so many bytes does
    if (column.array.source) bytes += count * kCall;
  }
  return bytes;
}

Status BatchBuffer::fill_one_hot(Slot& slot, const int64_t* order, int64_t first, int64_t count) {
  const Column& column = *slot.column;
  Status status = read_rows(column.array, order, first, count, ElementType::kI32, scratch_, classes_.data());
  const int64_t classes = column.tensor.extents[column.tensor.rank - 1];
  const int64_t indices = count * column.tensor.elements / classes;
  if (status) status = check_indices(column, classes_.data(), ElementType::kI32, indices);
  if (!status) return status;
  float* out = reinterpret_cast<float*>(slot.rows.data());
  std::fill_n(out, count * column.tensor.elements, 0.0f);
  for (int64_t i = 0; i < indices; ++i) out[i * classes + classes_[static_cast<size_t>(i)]] = 1.0f;
  return {};
}

Result<const void*> BatchBuffer::fill_column(Slot& slot, const int64_t* order, int64_t first, int64_t count) {
  const Column& column = *slot.column;
  const ElementType type = column.tensor.type;
  if (!column.array.has_values()) return static_cast<const void*>(slot.rows.data());  // weights of 1
  if (handed_on(column, order != nullptr))
    return static_cast<const void*>(column.array.data + first * column.tensor.elements * size_of(type));
  Status status;
  if (column.one_hot) {
    status = fill_one_hot(slot, order, first, count);
  } else {
    status = read_rows(column.array, order, first, count, type, scratch_, slot.rows.data());
    if (status && column.index_limit > 0)
      status = check_indices(column, slot.rows.data(), type, count * column.tensor.elements);
  }
  if (!status) return status.error();
  return static_cast<const void*>(slot.rows.data());
}

}  // namespace kcc::runtime
