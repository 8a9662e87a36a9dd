#include "frontend/layers/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>

#include "compiler/ops/shape.h"

namespace kcc {

std::vector<Weight> KernelOptions::weights(const std::vector<int64_t>& kernel_shape, int64_t units) const {
  std::vector<Weight> weights{{"kernel", kernel_shape, kernel, true, kernel_penalty, kernel_constraint}};
  if (use_bias) weights.push_back({"bias", {units}, bias, true, bias_penalty, bias_constraint});
  return weights;
}

KernelOptions read_kernel_options(ConfigReader& config) {
  KernelOptions options;
  options.use_bias = config.boolean("use_bias", true);
  options.kernel = read_initializer(config, "kernel_initializer", "glorot_uniform");
  options.bias = read_initializer(config, "bias_initializer", "zeros");
  options.kernel_penalty = read_penalty(config, "kernel_regularizer");
  options.bias_penalty = read_penalty(config, "bias_regularizer");
  options.kernel_constraint = read_constraint(config, "kernel_constraint");
  options.bias_constraint = read_constraint(config, "bias_constraint");
  config.refuse("lora_rank");
  config.ignore({"lora_alpha"});
  return options;
}

WeightOptions read_weight_options(ConfigReader& config, const std::string& name, const std::string& initializer) {
  return {read_initializer(config, name + "_initializer", initializer), read_penalty(config, name + "_regularizer"),
          read_constraint(config, name + "_constraint")};
}

int64_t read_seed(ConfigReader& config) {
  const int64_t seed = config.integer("seed", -1);
  config.note_default("seed", "None");
  return seed;
}

DataFormat read_data_format(ConfigReader& config) {
  const std::string format = config.choice("data_format", "channels_last", {"channels_first", "channels_last"});
  return format == "channels_first" ? DataFormat::kChannelsFirst : DataFormat::kChannelsLast;
}

size_t channel_axis(DataFormat format, size_t rank) {
  return format == DataFormat::kChannelsFirst ? 1 : rank - 1;
}
size_t first_spatial_axis(DataFormat format) {
  return format == DataFormat::kChannelsFirst ? 2 : 1;
}

ValueId to_channels_last(Builder& b, ValueId x, DataFormat format) {
  if (format == DataFormat::kChannelsLast) return x;
  std::vector<int64_t> order{0};
  for (int64_t axis = 2; axis < b.type(x).rank(); ++axis) order.push_back(axis);
  order.push_back(1);
  return transpose(b, x, order);
}

ValueId from_channels_last(Builder& b, ValueId x, DataFormat format) {
  if (format == DataFormat::kChannelsLast) return x;
  std::vector<int64_t> order{0, b.type(x).rank() - 1};
  for (int64_t axis = 1; axis + 1 < b.type(x).rank(); ++axis) order.push_back(axis);
  return transpose(b, x, order);
}

std::vector<int64_t> read_axes(ConfigReader& config, const std::string& key, const std::vector<int64_t>& fallback) {
  config.note_default(key, fallback.empty() ? "None" : fmt::format("{}", fmt::join(fallback, ", ")));
  const json::Value* value = config.find(key);
  if (!value) return fallback;
  if (value->kind == json::Kind::kInteger) return {value->integer};
  const auto is_integer = [](const json::Value& item) { return item.kind == json::Kind::kInteger; };
  if (!value->is_array() || !std::all_of(value->items.begin(), value->items.end(), is_integer)) {
    config.error(key, "an axis or a list of axes");
    return fallback;
  }
  std::vector<int64_t> axes;
  for (const json::Value& item : value->items) axes.push_back(item.integer);
  return axes;
}

std::optional<std::vector<int64_t>> positive_axes(const std::vector<int64_t>& axes, size_t rank) {
  std::vector<int64_t> sorted;
  for (int64_t axis : axes) {
    const auto at = positive_axis(axis, rank);
    if (!at) return std::nullopt;
    sorted.push_back(*at);
  }
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return std::nullopt;
  return sorted;
}

void read_padding(ConfigReader& config, WindowOptions& options, bool may_be_causal) {
  std::string padding = config.text("padding", "valid");
  std::transform(padding.begin(), padding.end(), padding.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  options.same = padding == "same";
  options.causal = may_be_causal && padding == "causal";
  if (options.same || options.causal || padding == "valid") return;
  config.error("padding", may_be_causal ? "'valid', 'same' or 'causal'" : "'valid' or 'same'");
}

WindowOptions read_kernel_window(ConfigReader& config, size_t spatial_rank, bool may_be_causal) {
  const std::vector<int64_t> ones(spatial_rank, 1);
  WindowOptions options;
  options.size = config.sizes("kernel_size", spatial_rank, std::nullopt);
  options.strides = config.sizes("strides", spatial_rank, ones);
  options.dilations = config.sizes("dilation_rate", spatial_rank, ones);
  read_padding(config, options, may_be_causal);
  options.format = read_data_format(config);
  return options;
}

void check_strides(ConfigReader& config, const WindowOptions& options) {
  const auto more_than_one = [](const std::vector<int64_t>& v) { return *std::max_element(v.begin(), v.end()) > 1; };
  if (more_than_one(options.strides) && more_than_one(options.dilations))
    config.error("dilation_rate", "1 where 'strides' are more than 1");
}

bool has_rank(const Shape& shape, size_t rank, const std::string& layer, const Misfit& misfit) {
  if (shape.size() == rank) return true;
  misfit(fmt::format("{} needs an input of rank {}, not {}", layer, rank, keras_shape(shape)));
  return false;
}

int64_t channels_of(const Shape& image, DataFormat format) {
  return image[channel_axis(format, image.size())].size;
}

std::vector<int64_t> spatial_extents(const WindowOptions& options, const Shape& image) {
  std::vector<int64_t> extents;
  for (size_t i = 0; i < options.size.size(); ++i)
    extents.push_back(image[first_spatial_axis(options.format) + i].size);
  return extents;
}

Window padded_window(const WindowOptions& o, const std::vector<int64_t>& extents) {
  const std::vector<int64_t> zeros(extents.size(), 0);
  Window window{o.strides, o.dilations, zeros, zeros};
  for (size_t i = 0; i < extents.size(); ++i) {
    if (o.same) same_padding(extents[i], o.size[i], o.strides[i], o.dilations[i], &window.low[i], &window.high[i]);
    if (o.causal) window.low[i] = (o.size[i] - 1) * o.dilations[i];
  }
  return window;
}

std::optional<std::vector<int64_t>> window_extents(const WindowOptions& o, const Shape& image, const std::string& what,
                                                   const Misfit& misfit) {
  std::vector<int64_t> extents = spatial_extents(o, image);
  const Window window = padded_window(o, extents);
  for (size_t i = 0; i < extents.size(); ++i) {
    extents[i] = window_extent(extents[i], o.size[i], o.strides[i], o.dilations[i], window.low[i], window.high[i]);
    if (extents[i] < 1)
      return misfit(fmt::format("{} ({}) does not fit into the input {}: the output would be empty", what,
                                fmt::join(o.size, ", "), keras_shape(image)),
                    "a smaller window, an earlier layer with less striding, or padding='same' would fit");
  }
  return extents;
}

Shape with_batch_of(const Shape& like, const std::vector<int64_t>& sizes) {
  Shape shape = fixed_shape(sizes);
  shape.insert(shape.begin(), like[0]);
  return shape;
}

Shape image_shape(const Shape& like, DataFormat format, const std::vector<int64_t>& extents, int64_t channels) {
  std::vector<int64_t> sizes = extents;
  sizes.insert(format == DataFormat::kChannelsFirst ? sizes.begin() : sizes.end(), channels);
  return with_batch_of(like, sizes);
}

}  // namespace kcc
