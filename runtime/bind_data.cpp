#include "runtime/bind_data.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "runtime/data/image_folder.h"
#include "runtime/data/indices.h"
#include "runtime/data/load_array.h"
#include "runtime/data/rows.h"
#include "runtime/format.h"
#include "runtime/named_files.h"

namespace kcc::runtime {
namespace {

std::vector<std::string> input_names(const Program& program) {
  std::vector<std::string> names;
  for (int32_t i = 0; i < program.input_count; ++i) names.push_back(program.inputs[i].name);
  return names;
}

std::vector<std::string> target_names(const Program& program) {
  std::vector<std::string> names;
  for (int32_t i = 0; i < program.target_count; ++i) names.push_back(program.targets[i].tensor.name);
  return names;
}

Slots slots_of(const char* letter, const char* kind, const DataFiles& files, std::vector<std::string> names) {
  const std::string option = files.prefix.empty() ? std::string("-") + letter : std::string("--validation-") + letter;
  return {kind, option, files.prefix + letter, std::move(names)};
}

// Equal, or equal but for a last axis of 1 on one side, which Keras adds and drops, too.
bool same_samples(const std::vector<int64_t>& shape, const int64_t* extents, int32_t rank) {
  std::vector<int64_t> seen(shape.begin() + 1, shape.end());
  std::vector<int64_t> wanted(extents, extents + rank);
  if (seen.size() == wanted.size() + 1 && seen.back() == 1) seen.pop_back();
  if (wanted.size() == seen.size() + 1 && wanted.back() == 1) wanted.pop_back();
  return seen == wanted;
}

Error wrong_shape(const Source& source, const Array& array, const char* kind, const char* name,
                  const std::string& expected) {
  return make_error("%s has shape %s, but %s '%s' takes %s", source.label.c_str(), print_shape(array.shape).c_str(),
                    kind, name, expected.c_str());
}

bool may_exceed_i32(DType type) {
  return type != DType::kBool && type != DType::kI8 && type != DType::kU8 && type != DType::kI16 &&
         type != DType::kU16 && type != DType::kI32;
}

Result<Column> bind_input(const TensorInfo& input, const LoadedSource& loaded) {
  const Array& array = loaded.array;
  if (array.shape.empty() || !same_samples(array.shape, input.extents, input.rank)) {
    return wrong_shape(loaded.source, array, "input", input.name, batched_shape(input.extents, input.rank));
  }
  if (input.type == ElementType::kI32 && may_exceed_i32(array.type)) {
    constexpr auto kLimits = std::numeric_limits<int32_t>();
    if (Status status = check_integral(loaded.source.label, array, kLimits.min(), kLimits.max()); !status) {
      return make_error("%s; input '%s' takes integers", status.error().message.c_str(), input.name);
    }
  }
  if (input.index_limit > 0) {
    if (Status status = check_integral(loaded.source.label, array, 0, input.index_limit - 1); !status) {
      return make_error("%s; input '%s' takes indices from 0 to %ld", status.error().message.c_str(), input.name,
                        input.index_limit - 1);
    }
  }
  return Column{input, array, false, input.index_limit, loaded.source.label};
}

// Class indices, or how they are wrong. No `classes`: any whole number.
Result<Column> bind_classes(const TensorInfo& tensor, const LoadedSource& loaded, std::optional<int64_t> classes,
                            bool one_hot) {
  const int64_t limit = classes ? *classes : std::numeric_limits<int32_t>::max();
  const std::string& label = loaded.source.label;
  const Status status = check_integral(label, loaded.array, 0, limit - 1);
  if (status) return Column{tensor, loaded.array, one_hot, limit, label};
  if (!classes) return status.error();
  return make_error("%s; output '%s' has %ld classes", status.error().message.c_str(), tensor.name, *classes);
}

Result<Column> bind_target(const Program& program, const TargetInfo& target, const LoadedSource& loaded) {
  const TensorInfo& tensor = target.tensor;
  const Array& array = loaded.array;
  const bool has_rows = !array.shape.empty();
  if (has_rows && same_samples(array.shape, tensor.extents, tensor.rank)) {
    if (target.is_class_index) return bind_classes(tensor, loaded, class_count(program, target), false);
    return Column{tensor, array, false, 0, loaded.source.label};
  }
  std::string expected = batched_shape(tensor.extents, tensor.rank);
  if (target.is_class_index) expected = "class indices of shape " + expected;
  if (target.class_indices_allowed && tensor.rank > 0) {
    if (has_rows && same_samples(array.shape, tensor.extents, tensor.rank - 1)) {
      return bind_classes(tensor, loaded, tensor.extents[tensor.rank - 1], true);
    }
    expected += ", or class indices of shape " + batched_shape(tensor.extents, tensor.rank - 1);
  }
  return wrong_shape(loaded.source, array, "output", tensor.name, expected);
}

Status check_counts(const std::vector<const LoadedSource*>& sources, int64_t* samples) {
  const LoadedSource* first = sources.front();
  *samples = first->array.rows();
  if (*samples == 0) return make_error("%s holds no samples", first->source.label.c_str());
  for (const LoadedSource* other : sources) {
    if (other->array.rows() == *samples) continue;
    return make_error("%s has %ld samples, but %s has %ld", first->source.label.c_str(), *samples,
                      other->source.label.c_str(), other->array.rows());
  }
  return {};
}

Status load_into(const std::vector<std::string>& files, const Slots& slots, std::vector<LoadedSource>* sources) {
  Result<std::vector<LoadedSource>> loaded = load_all(files, slots);
  if (!loaded) return loaded.error();
  *sources = std::move(*loaded);
  return {};
}

// x and y out of one CSV file.
Status load_labelled(const DataFiles& files, bool with_targets, const Slots& x_slots, const Slots& y_slots,
                     std::vector<LoadedSource>* x, std::vector<LoadedSource>* y) {
  if (files.x.size() != 1) return make_error("--csv-label takes one %s FILE.csv", x_slots.option.c_str());
  Source source = parse_source(files.x[0], x_slots);
  Result<LabelledArrays> arrays = load_labelled_csv(source.spec, files.csv_label);
  if (!arrays) return arrays.error();
  const std::string label = y_slots.label + " '" + source.spec + "' (column '" + files.csv_label + "')";
  if (with_targets) y->push_back({{"", source.spec, label}, std::move(arrays->y)});
  x->push_back({std::move(source), std::move(arrays->x)});
  return {};
}

// x, and y unless it has files of its own, out of one folder of pictures.
Status load_folder(const Program& program, const DataFiles& files, bool with_targets, const Slots& x_slots,
                   const Slots& y_slots, std::vector<LoadedSource>* x, std::vector<LoadedSource>* y) {
  Source source = parse_source(files.x[0], x_slots);
  if (with_targets && files.y.empty()) {
    Result<ImageFolder> folder = open_image_folder(program, source.spec, files.folder_seed);
    if (!folder) return folder.error();
    const std::string label = y_slots.label + " '" + source.spec + "' (its folders)";
    y->push_back({{"", source.spec, label}, std::move(folder->y)});
    x->push_back({std::move(source), std::move(folder->x)});
    return {};
  }
  Result<Array> images = open_images(program, source.spec);
  if (!images) return images.error();
  x->push_back({std::move(source), std::move(*images)});
  return with_targets ? load_into(files.y, y_slots, y) : Status();
}

Status load_sources(const Program& program, const DataFiles& files, bool with_targets, const Slots& x_slots,
                    const Slots& y_slots, std::vector<LoadedSource>* x, std::vector<LoadedSource>* y) {
  if (!files.csv_label.empty() && files.y.empty()) return load_labelled(files, with_targets, x_slots, y_slots, x, y);
  if (!files.csv_label.empty()) {
    return make_error("--csv-label and %s both give the targets", y_slots.option.c_str());
  }
  if (files.x.size() == 1 && is_folder(parse_source(files.x[0], x_slots).spec))
    return load_folder(program, files, with_targets, x_slots, y_slots, x, y);
  Status status = load_into(files.x, x_slots, x);
  return status && with_targets ? load_into(files.y, y_slots, y) : status;
}

}  // namespace

Result<Dataset> bind_data(const Program& program, const DataFiles& files, bool with_targets) {
  const Slots x_slots = slots_of("x", "input", files, input_names(program));
  const Slots y_slots = slots_of("y", "output", files, target_names(program));
  std::vector<LoadedSource> x, y;
  if (Status status = load_sources(program, files, with_targets, x_slots, y_slots, &x, &y); !status)
    return status.error();

  Result<std::vector<const LoadedSource*>> inputs = match(x_slots, x);
  if (!inputs) return inputs.error();
  std::vector<const LoadedSource*> all = *inputs;
  Dataset data;
  for (size_t i = 0; i < inputs->size(); ++i) {
    Result<Column> column = bind_input(program.inputs[i], *(*inputs)[i]);
    if (!column) return column.error();
    data.inputs.push_back(std::move(*column));
  }
  if (with_targets) {
    Result<std::vector<const LoadedSource*>> targets = match(y_slots, y);
    if (!targets) return targets.error();
    all.insert(all.end(), targets->begin(), targets->end());
    for (size_t i = 0; i < targets->size(); ++i) {
      Result<Column> column = bind_target(program, program.targets[i], *(*targets)[i]);
      if (!column) return column.error();
      data.targets.push_back(std::move(*column));
      data.weights.push_back({program.targets[i].weight, {}});
    }
  }
  if (Status status = check_counts(all, &data.samples); !status) return status.error();
  return data;
}

Dataset split_off(Dataset& data, int64_t split_at) {
  Dataset rest = data;
  for (std::vector<Column>* columns : {&rest.inputs, &rest.targets, &rest.weights}) {
    for (Column& column : *columns) {
      if (column.array.has_values()) column.array = slice_rows(column.array, split_at, data.samples - split_at);
    }
  }
  rest.samples = data.samples - split_at;
  for (std::vector<Column>* columns : {&data.inputs, &data.targets, &data.weights}) {
    for (Column& column : *columns) {
      if (column.array.has_values()) column.array = slice_rows(column.array, 0, split_at);
    }
  }
  data.samples = split_at;
  return rest;
}

}  // namespace kcc::runtime
