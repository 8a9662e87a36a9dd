// Conv2D.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/ops/conv.h"
#include "compiler/ops/elementwise.h"
#include "frontend/activations.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

WindowOptions read_window(ConfigReader& c) {
  WindowOptions o;
  o.size = c.sizes("kernel_size", 2, std::nullopt);
  o.strides = c.sizes("strides", 2, {{1, 1}});
  o.dilations = c.sizes("dilation_rate", 2, {{1, 1}});
  o.same = read_same_padding(c);
  o.format = read_data_format(c);
  const auto more_than_one = [](const std::vector<int64_t>& v) { return *std::max_element(v.begin(), v.end()) > 1; };
  if (more_than_one(o.strides) && more_than_one(o.dilations))
    c.error("dilation_rate", "1 where 'strides' are more than 1");
  return o;
}

Window padded(const WindowOptions& o, const std::vector<int64_t>& extents) {
  Window window{o.strides, o.dilations, {0, 0}, {0, 0}};
  for (size_t i = 0; o.same && i < extents.size(); ++i)
    same_padding(extents[i], o.size[i], o.strides[i], o.dilations[i], &window.low[i], &window.high[i]);
  return window;
}

}  // namespace

// x: (B, H, W, C)  kernel: (kh, kw, C/groups, filters)
LayerBody conv2d(LayerConfig& c) {
  const int64_t filters = c.positive("filters");
  const int64_t groups = c.positive("groups", 1);
  if (filters % groups != 0) c.error("groups", fmt::format("a divisor of the {} filters", filters));
  const WindowOptions window = read_window(c);
  const KernelOptions kernel = read_kernel_options(c);
  const Activation activation = read_activation(c, "activation");
  LayerBody body;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    const Shape& shape = inputs[0];
    if (shape.size() != 4) return misfit(fmt::format("Conv2D needs an input of rank 4, not {}", keras_shape(shape)));
    const int64_t channels = shape[channel_axis(window.format, 4)].size;
    if (channels % groups != 0)
      return misfit(
          fmt::format("{} groups do not divide the {} channels of the input {}", groups, channels, keras_shape(shape)));
    const auto extents = window_extents(window, shape, "kernel_size", misfit);
    return extents ? activation.infer(image_shape(window, *extents, filters)) : std::nullopt;
  };
  body.weights = [=](const Shapes& inputs) {
    const int64_t channels = inputs[0][channel_axis(window.format, 4)].size;
    return kernel.weights({window.size[0], window.size[1], channels / groups, filters}, filters);
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    const Window moved = padded(window, spatial_extents(window, b.shape(inputs[0])));
    ValueId y = conv(b, to_channels_last(b, inputs[0], window.format), scope.weight("kernel"), moved, groups);
    if (kernel.use_bias) y = add(b, y, scope.weight("bias"));
    return activation(b, from_channels_last(b, y, window.format));
  };
  return body;
}

}  // namespace kcc
