// The training loop of a library: the trainer's own (runtime/fit.h) without files, progress bars and ranks. The same
// seed gives the same bits as there.
#include <algorithm>
#include <cstring>
#include <vector>

#include "runtime/cursor.h"
#include "runtime/data/array.h"
#include "runtime/embed/model.h"

namespace kcc::runtime {
namespace {

// Gathers the rows of a batch where they are not already in order.
class RowGatherer {
 public:
  RowGatherer(const Program& program, const ModelData& data) : data_(data) {
    for (int32_t i = 0; i < program.input_count; ++i) add(data.inputs[i], program.inputs[i]);
    inputs_ = columns_.size();
    for (int32_t i = 0; i < program.target_count; ++i) add(data.targets[i], program.targets[i].tensor);
    for (int32_t i = 0; i < program.target_count; ++i)
      add(data.weights == nullptr ? nullptr : data.weights[i], program.targets[i].weight);
    pointers_.resize(columns_.size());
  }

  // Rows order[first], ... of the data, or first, ... where the order is empty; good until the next call.
  Result<ModelData> rows(const std::vector<int64_t>& order, int64_t first, int64_t count) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      Column& column = columns_[i];
      if (column.rows == nullptr || order.empty()) {
        pointers_[i] = column.rows == nullptr ? nullptr : column.rows + first * column.bytes;
        continue;
      }
      if (Status status = column.make_room(count); !status) return status.error();
      char* to = column.gathered.data();
      for (int64_t row = 0; row < count; ++row, to += column.bytes)
        std::memcpy(to, column.rows + order[static_cast<size_t>(first + row)] * column.bytes,
                    static_cast<size_t>(column.bytes));
      pointers_[i] = column.gathered.data();
    }
    const size_t targets = (columns_.size() - inputs_) / 2;
    const void* const* weights = pointers_.data() + inputs_ + targets;
    return ModelData{count, pointers_.data(), pointers_.data() + inputs_,
                     reinterpret_cast<const float* const*>(weights)};
  }

 private:
  struct Column {
    const char* rows;  // null: none were given
    int64_t bytes;     // of a row
    AlignedBuffer gathered;
    int64_t room = 0;

    Status make_room(int64_t count) {
      if (count <= room) return {};
      Result<AlignedBuffer> buffer = AlignedBuffer::allocate(count * bytes, "a batch");
      if (!buffer) return buffer.error();
      gathered = std::move(*buffer);
      room = count;
      return {};
    }
  };

  void add(const void* rows, const TensorInfo& row) {
    columns_.push_back({static_cast<const char*>(rows), row.elements * size_of(row.type), {}});
  }

  const ModelData& data_;
  size_t inputs_ = 0;
  std::vector<Column> columns_;
  std::vector<const void*> pointers_;
};

}  // namespace

class ModelFit {
 public:
  ModelFit(Model& model, const ModelData& data, const ModelFitOptions& options)
      : model_(model),
        options_(options),
        rows_(model.program_, data),
        plan_{options.initial_epoch, std::max<int64_t>(options.epochs, 1),
              plan_steps(data.rows, options.batch_size, options.steps_per_epoch, model.program_.fixed_batch),
              options.shuffle == 1   ? Shuffle::kNone
              : options.shuffle == 2 ? Shuffle::kBatch
                                     : Shuffle::kAll,
              options.seed},
        cursor_(plan_),
        metrics_(static_cast<size_t>(model.program_.metric_count)),
        validation_metrics_(metrics_) {}

  Code run() {
    for (int64_t epoch = plan_.initial_epoch; epoch < plan_.epochs && !stopped_; ++epoch)
      if (Code code = run_epoch(epoch); code != Code::kOk) return code;
    model_.weights_->block.finalize();
    return stopped_ ? Code::kStopped : Code::kOk;
  }

 private:
  Code run_epoch(int64_t epoch) {
    cursor_.go_to({epoch, 0});
    model_.reset_metrics();
    tell(ModelEvent::kEpochBegin, epoch, 0, false);
    for (int64_t step = 0; step < plan_.steps.count && !cursor_.used_up() && !stopped_; ++step) {
      tell(ModelEvent::kBatchBegin, epoch, step, false);
      if (Code code = run_step(); code != Code::kOk) return code;
      if (!wants(ModelEvent::kBatchEnd)) continue;
      if (Status status = model_.executor_.metrics(metrics_.data()); !status)
        return model_.fail(Code::kNoMemory, status.error());
      tell(ModelEvent::kBatchEnd, epoch, step, false);
    }
    if (Status status = model_.executor_.metrics(metrics_.data()); !status)
      return model_.fail(Code::kNoMemory, status.error());
    const bool validates = options_.validation != nullptr;
    if (validates) {
      if (Code code = validate(); code != Code::kOk) return code;
    }
    tell(ModelEvent::kEpochEnd, epoch, 0, validates);
    return Code::kOk;
  }

  Code run_step() {
    const int64_t batch = cursor_.batch();
    const Result<ModelData> rows = rows_.rows(cursor_.order(), cursor_.first_sample(), batch);
    if (!rows) return model_.fail(Code::kNoMemory, rows.error());
    cursor_.advance();
    StateBlock& block = model_.weights_->block;
    block.set_step(plan_.seed, block.iterations(), 0, batch);
    return model_.run_labelled(model_.program_.train, *rows, nullptr);
  }

  Code validate() {
    const int64_t batch = options_.validation_batch_size > 0 ? options_.validation_batch_size : options_.batch_size;
    return evaluate(model_, *options_.validation, batch, options_.validation_steps, validation_metrics_.data());
  }

  bool wants(ModelEvent event) const {
    return options_.callback != nullptr &&
           (options_.events == 0 || (options_.events >> static_cast<int>(event) & 1) != 0);
  }

  void tell(ModelEvent event, int64_t epoch, int64_t step, bool validated) {
    if (!wants(event)) return;
    const bool ended = event == ModelEvent::kEpochEnd || event == ModelEvent::kBatchEnd;
    const ModelProgress progress = {event,
                                    epoch,
                                    step,
                                    plan_.steps.count,
                                    ended ? metrics_.data() : nullptr,
                                    validated ? validation_metrics_.data() : nullptr};
    if (options_.callback(options_.user, &progress) != 0) stopped_ = true;
  }

 public:
  static Code evaluate(Model& model, const ModelData& data, int64_t batch, int64_t limit, float* metrics) {
    const Steps steps = plan_steps(data.rows, batch, limit, model.program_.fixed_batch);
    RowGatherer rows(model.program_, data);
    model.reset_metrics();
    for (int64_t step = 0; step < std::min(steps.count, steps.available); ++step) {
      const Result<ModelData> part = rows.rows({}, step * steps.batch, steps.size(step));
      if (!part) return model.fail(Code::kNoMemory, part.error());
      if (Code code = model.run_labelled(model.program_.evaluate, *part, nullptr); code != Code::kOk) return code;
    }
    const Status status = model.executor_.metrics(metrics);
    return status ? Code::kOk : model.fail(Code::kNoMemory, status.error());
  }

 private:
  Model& model_;
  const ModelFitOptions& options_;
  RowGatherer rows_;
  const FitPlan plan_;
  Cursor cursor_;
  std::vector<float> metrics_, validation_metrics_;
  bool stopped_ = false;
};

// All of it, before the first step changes anything.
Code Model::check_data(const ModelData& data) const {
  if (data.rows <= 0) return fail(Code::kBadArgument, "data without rows");
  if (Code code = check_rows(data.rows); code != Code::kOk) return code;
  if (Code code = check_indices(data.inputs, data.rows); code != Code::kOk) return code;
  return check_targets(data.targets, data.rows);
}

Code Model::fit(const ModelData& data, const ModelFitOptions& options) {
  if (Code code = check_trainable(); code != Code::kOk) return code;
  const struct {
    const char* name;
    int64_t value;
  } numbers[] = {{"epochs", options.epochs},
                 {"initial_epoch", options.initial_epoch},
                 {"batch_size", options.batch_size},
                 {"steps_per_epoch", options.steps_per_epoch},
                 {"validation_steps", options.validation_steps},
                 {"validation_batch_size", options.validation_batch_size}};
  for (const auto& number : numbers)
    if (number.value < 0)
      return fail(Code::kBadArgument, "%s is %lld, expected at least 0", number.name,
                  static_cast<long long>(number.value));
  if (options.shuffle < 0 || options.shuffle > 2)
    return fail(Code::kBadArgument, "shuffle is %d, expected 0, 1 or 2", options.shuffle);
  for (const ModelData* rows : {&data, options.validation}) {
    if (rows == nullptr) continue;
    if (Code code = check_data(*rows); code != Code::kOk) return code;
  }
  return ModelFit(*this, data, options).run();
}

Code Model::evaluate(const ModelData& data, int64_t batch_size, float* metrics) {
  if (Code code = check_trainable(); code != Code::kOk) return code;
  if (batch_size < 0)
    return fail(Code::kBadArgument, "batch_size is %lld, expected at least 0", static_cast<long long>(batch_size));
  if (metrics == nullptr) return fail(Code::kBadArgument, "no memory for the metrics");
  if (Code code = check_data(data); code != Code::kOk) return code;
  return ModelFit::evaluate(*this, data, batch_size, 0, metrics);
}

}  // namespace kcc::runtime
