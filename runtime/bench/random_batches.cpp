#include "runtime/bench/random_batches.h"

#include <algorithm>

#include "runtime/bind_data.h"
#include "runtime/data/indices.h"
#include "runtime/random.h"

namespace kcc::runtime {
namespace {

constexpr int64_t kMostBatches = 8;
constexpr int64_t kMostBytes = int64_t{1} << 28;

// What the values of a column are.
struct Filling {
  TensorInfo tensor;
  int64_t limit = 0;     // whole numbers below it; 0: any in [0, 1)
  bool one_hot = false;  // rows with a single 1 along the last dimension
  bool ones = false;
};

std::vector<Filling> columns_of(const Program& program) {
  std::vector<Filling> columns;
  for (int32_t i = 0; i < program.input_count; ++i)
    columns.push_back({program.inputs[i], program.inputs[i].index_limit});
  for (int32_t i = 0; i < program.target_count; ++i) {
    const TargetInfo& target = program.targets[i];
    const bool one_hot = target.class_indices_allowed && target.tensor.rank > 0;
    columns.push_back({target.tensor, target.is_class_index ? class_count(program, target).value_or(2) : 0, one_hot});
  }
  for (int32_t i = 0; i < program.target_count; ++i) columns.push_back({program.targets[i].weight, 0, false, true});
  // Whole numbers without a limit stay small.
  for (Filling& column : columns)
    if (column.limit == 0 && column.tensor.type != ElementType::kF32) column.limit = 2;
  return columns;
}

template <typename T>
void fill(const Filling& column, int64_t count, RandomStream& random, T* values) {
  if (column.one_hot) {
    const int64_t classes = column.tensor.extents[column.tensor.rank - 1];
    for (int64_t row = 0; row < count; row += classes)
      values[row + static_cast<int64_t>(random.below(static_cast<uint64_t>(classes)))] = T(1);
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    if (column.ones)
      values[i] = T(1);
    else if (column.limit > 0)
      values[i] = static_cast<T>(random.below(static_cast<uint64_t>(column.limit)));
    else
      values[i] = static_cast<T>(random.uniform());
  }
}

void fill(const Filling& column, int64_t count, RandomStream& random, char* data) {
  switch (column.tensor.type) {
    case ElementType::kF32:
      return fill(column, count, random, reinterpret_cast<float*>(data));
    case ElementType::kI32:
      return fill(column, count, random, reinterpret_cast<int32_t*>(data));
    case ElementType::kU32:
      return fill(column, count, random, reinterpret_cast<uint32_t*>(data));
    case ElementType::kBool:
      return fill(column, count, random, reinterpret_cast<uint8_t*>(data));
  }
}

}  // namespace

Result<RandomBatches> RandomBatches::create(const Program& program, int64_t batch, uint64_t seed) {
  const std::vector<Filling> columns = columns_of(program);
  int64_t batch_bytes = 1;
  for (const Filling& column : columns) batch_bytes += batch * column.tensor.elements * size_of(column.tensor.type);
  const int64_t count = std::clamp<int64_t>(kMostBytes / batch_bytes, 1, kMostBatches);
  RandomBatches all;
  all.batches_.resize(static_cast<size_t>(count));
  for (const Filling& column : columns) {
    const int64_t elements = batch * column.tensor.elements, bytes = elements * size_of(column.tensor.type);
    Result<AlignedBuffer> memory = AlignedBuffer::allocate(count * bytes, "made-up data");
    if (!memory) return memory.error();
    RandomStream random(seed, RandomStream::Purpose::kShuffle, all.columns_.size());
    fill(column, count * elements, random, memory->data());
    for (int64_t i = 0; i < count; ++i) all.batches_[static_cast<size_t>(i)].push_back(memory->data() + i * bytes);
    all.columns_.push_back(std::move(*memory));
    all.bytes_ += count * bytes;
  }
  return all;
}

const void* const* RandomBatches::next() {
  next_ = (next_ + 1) % batches_.size();
  return batches_[next_].data();
}

}  // namespace kcc::runtime
