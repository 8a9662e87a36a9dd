// Conv1D, Conv2D, Conv3D.
#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "frontend/activations.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

// x: (B, spatial..., C)  kernel: (kernel..., C/groups, filters)
LayerBody convolution(LayerConfig& c, size_t spatial_rank) {
  const int64_t filters = c.positive("filters");
  const int64_t groups = c.positive("groups", 1);
  if (filters % groups != 0) c.error("groups", fmt::format("a divisor of the {} filters", filters));
  const WindowOptions window = read_kernel_window(c, spatial_rank, spatial_rank == 1);
  check_strides(c, window);
  const KernelOptions kernel = read_kernel_options(c);
  const Activation activation = read_activation(c, "activation");
  LayerBody body;
  body.activation = activation.name;
  body.infer = [=, misfit = Misfit(c), name = c.subject()](const Shapes& inputs) -> std::optional<Shape> {
    if (!has_rank(inputs[0], window.image_rank(), name, misfit)) return std::nullopt;
    const int64_t channels = channels_of(inputs[0], window.format);
    if (channels % groups != 0)
      return misfit(fmt::format("{} groups do not divide the {} channels of the input {}", groups, channels,
                                keras_shape(inputs[0])));
    const auto extents = window_extents(window, inputs[0], "kernel_size", misfit);
    return extents ? activation.infer(image_shape(inputs[0], window.format, *extents, filters)) : std::nullopt;
  };
  body.weights = [=](const Shapes& inputs) {
    std::vector<int64_t> shape = window.size;
    shape.insert(shape.end(), {channels_of(inputs[0], window.format) / groups, filters});
    return kernel.weights(shape, filters);
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    const Window moved = padded_window(window, spatial_extents(window, b.shape(inputs[0])));
    ValueId y = conv(b, to_channels_last(b, inputs[0], window.format), scope.weight("kernel"), moved, groups);
    if (kernel.use_bias) y = add(b, y, scope.weight("bias"));
    return activation(b, from_channels_last(b, y, window.format));
  };
  return body;
}

}  // namespace

LayerBody conv1d(LayerConfig& c) {
  return convolution(c, 1);
}
LayerBody conv2d(LayerConfig& c) {
  return convolution(c, 2);
}
LayerBody conv3d(LayerConfig& c) {
  return convolution(c, 3);
}

}  // namespace kcc
