// Options that many layers share.
#pragma once

#include <string>
#include <vector>

#include "frontend/layer.h"

namespace kcc {

// "kernel_initializer", "use_bias", "bias_regularizer" and the like of layers with a kernel and a bias.
struct KernelOptions {
  bool use_bias = true;
  InitializerSpec kernel, bias;
  Penalty kernel_penalty, bias_penalty;
  Constraint kernel_constraint, bias_constraint;

  // The weights "kernel" and, if there is one, "bias".
  std::vector<Weight> weights(const std::vector<int64_t>& kernel_shape, int64_t units) const;
};
KernelOptions read_kernel_options(ConfigReader& config);

enum class DataFormat { kChannelsLast, kChannelsFirst };
DataFormat read_data_format(ConfigReader& config);
// Positions of the channels and of the first spatial dimension.
size_t channel_axis(DataFormat format, size_t rank);
size_t first_spatial_axis(DataFormat format);
// (B, C, spatial...) <-> (B, spatial..., C); nothing to do for channels-last.
ValueId to_channels_last(Builder& b, ValueId x, DataFormat format);
ValueId from_channels_last(Builder& b, ValueId x, DataFormat format);

// One axis or a list of them, as written.
std::vector<int64_t> read_axes(ConfigReader& config, const std::string& key, const std::vector<int64_t>& fallback);
// The axes counted from the front and sorted. Empty where one does not exist or is there twice.
std::optional<std::vector<int64_t>> positive_axes(const std::vector<int64_t>& axes, size_t rank);

// "valid" or "same", in any case.
bool read_same_padding(ConfigReader& config);

// A window moved over spatial dimensions: of convolutions and pooling.
struct WindowOptions {
  std::vector<int64_t> size, strides, dilations;
  bool same = false;
  DataFormat format = DataFormat::kChannelsLast;
};
// The spatial extents of an image batch `shape`, channels aside.
std::vector<int64_t> spatial_extents(const WindowOptions& options, const Shape& shape);
// Output extents; empty after reporting that the window does not fit. `what` names the window: "kernel_size".
std::optional<std::vector<int64_t>> window_extents(const WindowOptions& options, const Shape& shape,
                                                   const std::string& what, const Misfit& misfit);
// `shape` with other spatial extents and channels.
Shape image_shape(const WindowOptions& options, const std::vector<int64_t>& extents, int64_t channels);

}  // namespace kcc
