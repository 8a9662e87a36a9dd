// DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D: each input channel under filters of its own
// (depth_multiplier of them), for the separable ones followed by a convolution of size 1 that mixes the results.
#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/activations.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

// x: (B, spatial..., C)  kernel: (kernel..., C, M)  result: (B, out..., C*M), filter m of channel c at c*M + m
ValueId depthwise_conv(Builder& b, ValueId x, ValueId kernel, const WindowOptions& options) {
  const Shape image = b.shape(x), shape = b.shape(kernel);
  const Dim multiplier = shape.back();
  const int64_t filters = image.back().size * multiplier.size;
  std::vector<int64_t> extents;
  for (size_t i = 1; i + 1 < image.size(); ++i) extents.push_back(image[i].size);
  // Repeated channels keep vectors of channels whole.
  if (multiplier.size > 1) {
    Shape repeated = image;
    repeated.push_back(multiplier);
    std::vector<int64_t> dims;
    for (size_t i = 0; i < image.size(); ++i) dims.push_back(static_cast<int64_t>(i));
    Shape wide = image;
    wide.back().size = filters;
    x = reshape(b, broadcast_in_dims(b, x, repeated, dims), wide);
  }
  Shape flat(shape.begin(), shape.end() - 2);
  flat.insert(flat.end(), {Dim{1, false}, Dim{filters, false}});
  return conv(b, x, reshape(b, kernel, flat), padded_window(options, extents), filters);
}

std::vector<int64_t> depthwise_shape(const WindowOptions& window, int64_t channels, int64_t multiplier) {
  std::vector<int64_t> shape = window.size;
  shape.insert(shape.end(), {channels, multiplier});
  return shape;
}

// The shape of the result before the activation; empty after reporting.
using InferImage = std::function<std::optional<Shape>(const Shape& image, int64_t filters)>;
InferImage infer_image(LayerConfig& c, const WindowOptions& window) {
  return [=, misfit = Misfit(c), name = c.subject()](const Shape& image, int64_t filters) -> std::optional<Shape> {
    if (!has_rank(image, window.image_rank(), name, misfit)) return std::nullopt;
    const auto extents = window_extents(window, image, "kernel_size", misfit);
    if (!extents) return std::nullopt;
    return image_shape(image, window.format, *extents, filters);
  };
}

LayerBody depthwise(LayerConfig& c, size_t spatial_rank) {
  const int64_t multiplier = c.positive("depth_multiplier", 1);
  const WindowOptions window = read_kernel_window(c, spatial_rank);
  const bool use_bias = c.boolean("use_bias", true);
  const WeightOptions kernel = read_weight_options(c, "depthwise", "glorot_uniform");
  const WeightOptions bias = read_weight_options(c, "bias", "zeros");
  const Activation activation = read_activation(c, "activation");
  const InferImage infer = infer_image(c, window);
  LayerBody body;
  body.activation = activation.name;
  body.infer = [=](const Shapes& inputs) -> std::optional<Shape> {
    const bool image = inputs[0].size() == window.image_rank();
    const auto shape = infer(inputs[0], image ? channels_of(inputs[0], window.format) * multiplier : 1);
    return shape ? activation.infer(*shape) : std::nullopt;
  };
  body.weights = [=](const Shapes& inputs) {
    const int64_t channels = channels_of(inputs[0], window.format);
    std::vector<Weight> weights{kernel.weight("kernel", depthwise_shape(window, channels, multiplier))};
    if (use_bias) weights.push_back(bias.weight("bias", {channels * multiplier}));
    return weights;
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    const ValueId x = to_channels_last(b, inputs[0], window.format);
    ValueId y = depthwise_conv(b, x, scope.weight("kernel"), window);
    if (use_bias) y = add(b, y, scope.weight("bias"));
    return activation(b, from_channels_last(b, y, window.format));
  };
  return body;
}

LayerBody separable(LayerConfig& c, size_t spatial_rank) {
  const int64_t filters = c.positive("filters");
  const int64_t multiplier = c.positive("depth_multiplier", 1);
  const WindowOptions window = read_kernel_window(c, spatial_rank);
  const bool use_bias = c.boolean("use_bias", true);
  const WeightOptions depthwise = read_weight_options(c, "depthwise", "glorot_uniform");
  const WeightOptions pointwise = read_weight_options(c, "pointwise", "glorot_uniform");
  const WeightOptions bias = read_weight_options(c, "bias", "zeros");
  const Activation activation = read_activation(c, "activation");
  const InferImage infer = infer_image(c, window);
  const std::vector<int64_t> ones(spatial_rank, 1), zeros(spatial_rank, 0);
  LayerBody body;
  body.activation = activation.name;
  body.infer = [=](const Shapes& inputs) -> std::optional<Shape> {
    const auto shape = infer(inputs[0], filters);
    return shape ? activation.infer(*shape) : std::nullopt;
  };
  body.weights = [=](const Shapes& inputs) {
    const int64_t channels = channels_of(inputs[0], window.format);
    std::vector<int64_t> mix = ones;
    mix.insert(mix.end(), {channels * multiplier, filters});
    std::vector<Weight> weights{depthwise.weight("depthwise_kernel", depthwise_shape(window, channels, multiplier)),
                                pointwise.weight("pointwise_kernel", mix)};
    if (use_bias) weights.push_back(bias.weight("bias", {filters}));
    return weights;
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    const ValueId x = to_channels_last(b, inputs[0], window.format);
    ValueId y = depthwise_conv(b, x, scope.weight("depthwise_kernel"), window);
    y = conv(b, y, scope.weight("pointwise_kernel"), {ones, ones, zeros, zeros});
    if (use_bias) y = add(b, y, scope.weight("bias"));
    return activation(b, from_channels_last(b, y, window.format));
  };
  return body;
}

}  // namespace

LayerBody depthwise_conv1d(LayerConfig& c) {
  return depthwise(c, 1);
}
LayerBody depthwise_conv2d(LayerConfig& c) {
  return depthwise(c, 2);
}
LayerBody separable_conv1d(LayerConfig& c) {
  return separable(c, 1);
}
LayerBody separable_conv2d(LayerConfig& c) {
  return separable(c, 2);
}

}  // namespace kcc
