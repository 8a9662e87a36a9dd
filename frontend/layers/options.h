// Options that many layers share.
#pragma once

#include <string>
#include <vector>

#include "compiler/ops/conv.h"
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

// "<name>_initializer", "<name>_regularizer" and "<name>_constraint" of one weight.
struct WeightOptions {
  InitializerSpec initializer;
  Penalty penalty;
  Constraint constraint;

  Weight weight(const std::string& name, const std::vector<int64_t>& shape) const {
    return {name, shape, initializer, true, penalty, constraint};
  }
};
WeightOptions read_weight_options(ConfigReader& config, const std::string& name, const std::string& initializer);

enum class DataFormat { kChannelsLast, kChannelsFirst };
// "seed": a number; -1 where there is none.
int64_t read_seed(ConfigReader& config);
DataFormat read_data_format(ConfigReader& config);
// Positions of the channels and of the first spatial dimension.
size_t channel_axis(DataFormat format, size_t rank);
size_t first_spatial_axis(DataFormat format);
// (B, C, spatial...) <-> (B, spatial..., C); nothing to do for channels-last.
ValueId to_channels_last(Builder& b, ValueId x, DataFormat format);
ValueId from_channels_last(Builder& b, ValueId x, DataFormat format);

// (B, sizes...), the batch being that of `like`: inside TimeDistributed it holds steps too, (B T, ...).
Shape with_batch_of(const Shape& like, const std::vector<int64_t>& sizes);

// One axis or a list of them, as written.
std::vector<int64_t> read_axes(ConfigReader& config, const std::string& key, const std::vector<int64_t>& fallback);
// The axes counted from the front and sorted. Empty where one does not exist or is there twice.
std::optional<std::vector<int64_t>> positive_axes(const std::vector<int64_t>& axes, size_t rank);

// A window moved over spatial dimensions: of convolutions and pooling.
struct WindowOptions {
  std::vector<int64_t> size, strides, dilations;  // one entry a spatial dimension
  bool same = false, causal = false;              // else "valid"
  DataFormat format = DataFormat::kChannelsLast;

  size_t image_rank() const { return size.size() + 2; }
};
// "valid" or "same", in any case; "causal" where the layer knows it.
void read_padding(ConfigReader& config, WindowOptions& options, bool may_be_causal = false);
// kernel_size, strides, padding, data_format, dilation_rate of a convolution of that many spatial dimensions.
WindowOptions read_kernel_window(ConfigReader& config, size_t spatial_rank, bool may_be_causal = false);
// Convolutions other than the depthwise ones have strides or dilations, not both.
void check_strides(ConfigReader& config, const WindowOptions& options);

// Reports where an input does not have the rank that the layer wants.
bool has_rank(const Shape& shape, size_t rank, const std::string& layer, const Misfit& misfit);
int64_t channels_of(const Shape& image, DataFormat format);
// The spatial extents of an image batch, channels aside.
std::vector<int64_t> spatial_extents(const WindowOptions& options, const Shape& image);
// Zeros around an image of these extents, as Keras's padding modes define them.
Window padded_window(const WindowOptions& options, const std::vector<int64_t>& extents);
// Output extents; empty after reporting that the window does not fit. `what` names the window: "kernel_size".
std::optional<std::vector<int64_t>> window_extents(const WindowOptions& options, const Shape& image,
                                                   const std::string& what, const Misfit& misfit);
// A batch of images.
Shape image_shape(const Shape& like, DataFormat format, const std::vector<int64_t>& extents, int64_t channels);

}  // namespace kcc
