#include "runtime/sample_weights.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "runtime/data/rows.h"
#include "runtime/format.h"
#include "runtime/named_files.h"

namespace kcc::runtime {
namespace {

Status check_shape(const TargetInfo& target, const LoadedSource& loaded, int64_t samples) {
  const Array& array = loaded.array;
  const TensorInfo& weight = target.weight;
  std::vector<int64_t> seen(array.shape);
  if (seen.size() == static_cast<size_t>(weight.rank) + 2 && seen.back() == 1) seen.pop_back();
  std::vector<int64_t> wanted(weight.extents, weight.extents + weight.rank);
  wanted.insert(wanted.begin(), samples);
  if (seen == wanted) return {};
  const char* hint =
      weight.rank == 0 && seen.size() == 2 ? "; for one a step, compile with kcc --sample-weight-mode temporal" : "";
  return make_error("%s has shape %s, but output '%s' takes weights of shape %s%s", loaded.source.label.c_str(),
                    print_shape(array.shape).c_str(), target.tensor.name, print_shape(wanted).c_str(), hint);
}

// The class of each sample, as Keras's class_weight_to_sample_weights finds it.
class Classes {
 public:
  explicit Classes(const Column& labels)
      : labels_(labels), width_(std::max<int64_t>(1, labels.array.row_elements())), row_(static_cast<size_t>(width_)) {}

  Result<int64_t> at(int64_t sample) {
    Status status = read_rows(labels_.array, nullptr, sample, 1, ElementType::kF32, scratch_, row_.data());
    if (!status) return status.error();
    if (width_ == 1) return static_cast<int64_t>(std::nearbyint(row_[0]));
    return std::max_element(row_.begin(), row_.end()) - row_.begin();
  }

 private:
  const Column& labels_;
  int64_t width_;
  std::vector<float> row_;
  std::vector<std::byte> scratch_;
};

}  // namespace

Result<ClassWeights> parse_class_weights(const std::string& text) {
  ClassWeights weights;
  const char *at = text.data(), *const end = at + text.size();
  while (true) {
    int64_t label = 0;
    double weight = 0;
    const auto key = std::from_chars(at, end, label);
    if (key.ec != std::errc() || key.ptr == end || *key.ptr != '=') break;
    const auto value = std::from_chars(key.ptr + 1, end, weight);
    if (value.ec != std::errc() || !std::isfinite(weight) || !weights.emplace(label, weight).second) break;
    if (value.ptr == end) return weights;
    if (*value.ptr != ',') break;
    at = value.ptr + 1;
  }
  return make_error("expected CLASS=WEIGHT,..., each class once, received '%s'", text.c_str());
}

Status bind_sample_weights(const Program& program, const std::string& option, const std::vector<std::string>& files,
                           Dataset* data) {
  if (files.empty()) return {};
  Slots slots{"output", option, option.substr(2), {}};
  for (int32_t i = 0; i < program.target_count; ++i) slots.names.push_back(program.targets[i].tensor.name);
  Result<std::vector<LoadedSource>> sources = load_all(files, slots);
  if (!sources) return sources.error();
  Result<std::vector<const LoadedSource*>> matched = match_some(slots, *sources);
  if (!matched) return matched.error();
  for (size_t i = 0; i < matched->size(); ++i) {
    const LoadedSource* loaded = (*matched)[i];
    if (loaded == nullptr) continue;
    if (Status status = check_shape(program.targets[i], *loaded, data->samples); !status) return status;
    data->weights[i].array = loaded->array;
  }
  return {};
}

Status bind_class_weights(const Program& program, const ClassWeights& weights, Dataset* data) {
  if (program.target_count != 1)
    return make_error("--class-weight is for models with one output; this one has %d", program.target_count);
  if (data->weights[0].array.has_values())
    return make_error("--class-weight and --sample-weight cannot be given together");
  if (program.targets[0].weight.rank != 0 || data->targets[0].array.shape.size() > 2)
    return make_error("--class-weight needs labels of one class a sample");
  Result<OwnedArray> array = make_array("--class-weight", DType::kF32, {data->samples});
  if (!array) return array.error();
  float* values = reinterpret_cast<float*>(array->data);
  Classes classes(data->targets[0]);
  for (int64_t i = 0; i < data->samples; ++i) {
    Result<int64_t> label = classes.at(i);
    if (!label) return label.error();
    const auto found = weights.find(*label);
    values[i] = found == weights.end() ? 1.0f : static_cast<float>(found->second);
  }
  data->weights[0].array = array->array;
  return {};
}

}  // namespace kcc::runtime
