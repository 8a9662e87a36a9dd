#include "runtime/callbacks/identity.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "runtime/callbacks/record.h"
#include "runtime/format.h"

namespace kcc::runtime {
namespace {

constexpr int64_t kReadWhole = int64_t{16} << 20;
constexpr int64_t kBlocks = 1024, kBlockBytes = 4096;

class Checksum {
 public:
  void add(const void* data, int64_t bytes) {
    sum_ = crc32_z(sum_, static_cast<const Bytef*>(data), static_cast<size_t>(bytes));
  }
  void add(const std::string& text) { add(text.c_str(), static_cast<int64_t>(text.size()) + 1); }
  void add(const Array& array) {
    add(format("%s %s", name_of(array.type), print_shape(array.shape).c_str()));
    if (array.source) return add_rows(array);
    const int64_t bytes = array.bytes();
    if (bytes <= kReadWhole) return add(array.data, bytes);
    for (int64_t i = 0; i < kBlocks; ++i) {
      add(array.data + (bytes - kBlockBytes) / (kBlocks - 1) * i, kBlockBytes);
    }
  }
  // A row that cannot be read is left out: whoever trains on it says so.
  void add_rows(const Array& array) {
    constexpr int64_t kRows = 64;
    std::vector<std::byte> row(static_cast<size_t>(array.row_elements() * size_of(array.type)));
    const int64_t count = std::min(array.rows(), kRows);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t place = count == 1 ? 0 : (array.rows() - 1) / (count - 1) * i;
      if (array.source->read(array.first_row + place, 1, row.data())) add(row.data(), static_cast<int64_t>(row.size()));
    }
  }
  std::string text() const { return format("%08lx", sum_); }

 private:
  uLong sum_ = crc32_z(0, nullptr, 0);
};

std::string model_checksum(const Program& program) {
  Checksum sum;
  for (const char* text : {program.saved.model, program.saved.optimizer, program.saved.compile}) sum.add(text);
  for (int32_t i = 0; i < program.state_count; ++i) {
    const StateInfo& state = program.states[i];
    const std::vector<int64_t> shape(state.tensor.extents, state.tensor.extents + state.tensor.rank);
    sum.add(format("%s %s %d %s", state.tensor.name, state.file_path, static_cast<int>(state.role),
                   print_shape(shape).c_str()));
  }
  for (int32_t i = 0; i < program.metric_count; ++i) sum.add(program.metrics[i].name);
  return sum.text();
}

std::string data_text(const Dataset& data) {
  Checksum sum;
  for (const std::vector<Column>* columns : {&data.inputs, &data.targets, &data.weights}) {
    for (const Column& column : *columns) {
      sum.add(column.tensor.name);
      if (column.array.has_values()) sum.add(column.array);
    }
  }
  return format("%ld samples with checksum %s", data.samples, sum.text().c_str());
}

const char* name_of(Shuffle shuffle) {
  return shuffle == Shuffle::kNone ? "false" : shuffle == Shuffle::kBatch ? "batch" : "true";
}

}  // namespace

void Identity::exchange(Record& record) {
  record.field("names", &names);
  record.field("values", &values);
}

Identity identify(const Training& training) {
  const FitPlan& plan = training.plan;
  const Options& options = training.options;
  const Validation* validation = training.validation;
  Identity identity;
  const auto add = [&](const char* name, const std::string& value) {
    identity.names.push_back(name);
    identity.values.push_back(value);
  };
  add("the model", "with checksum " + model_checksum(training.program));
  add("the training data", data_text(training.data));
  add("--batch-size", std::to_string(plan.steps.batch));
  add("--steps-per-epoch", std::to_string(plan.steps.count));
  add("--shuffle", name_of(plan.shuffle));
  add("--seed", options.seed ? std::to_string(*options.seed) : "none");
  add("--learning-rate", options.learning_rate ? python_repr(*options.learning_rate) : "none");
  add("the validation data", validation ? data_text(*validation->data) : "none");
  add("--validation-steps", validation ? std::to_string(validation->steps.count) : "none");
  add("the callbacks", join(training.callbacks.names(), ", "));
  return identity;
}

Status compare(const Identity& saved, const Identity& now) {
  for (size_t i = 0; i < std::min(now.names.size(), saved.values.size()); ++i) {
    if (saved.values[i] == now.values[i]) continue;
    return make_error("the run in it had %s %s, this one has %s", now.names[i].c_str(), saved.values[i].c_str(),
                      now.values[i].c_str());
  }
  if (saved.values.size() == now.values.size()) return {};
  return make_error("another version of kcc made it");
}

}  // namespace kcc::runtime
