// Conv1DTranspose, Conv2DTranspose, Conv3DTranspose: the gradient of a convolution with respect to its input, as a
// layer. Element i of x reaches elements i*stride + k*dilation - low of y.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "frontend/activations.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

struct TransposedWindow {
  WindowOptions window;
  std::vector<int64_t> output_padding;  // empty: Keras's default
};

// Where the windows of one dimension come to lie in y.
struct Reach {
  int64_t low, high, extent;
};

// Keras places y so that its size is, with k the dilated kernel and p the output padding:
//   valid: (n - 1) s + k + p, where p is max(k, s) - k by default
//   same:  (n - 1) s + k % 2 + p, or n s by default; what is left over is cut off, the larger half at the end
Reach reach(const TransposedWindow& t, size_t d, int64_t n) {
  const WindowOptions& o = t.window;
  const int64_t stride = o.strides[d], k = (o.size[d] - 1) * o.dilations[d] + 1;
  const bool given = !t.output_padding.empty();
  int64_t before = k - 1, after = k - 1;  // as if x, its elements `stride` apart, were padded so and convolved
  if (o.same) {
    const int64_t total = given ? k + k % 2 - 2 + t.output_padding[d] : stride + k - 2;
    before = std::min(total / 2 + total % 2, k - 1);
    after = total - before;
  } else {
    after += given ? t.output_padding[d] : std::max(k, stride) - k;
  }
  return {k - 1 - before, k - 1 - after, (n - 1) * stride + 2 - k + before + after};
}

std::vector<int64_t> read_output_padding(LayerConfig& c, const WindowOptions& o) {
  std::vector<int64_t> padding;
  const json::Value* value = c.find("output_padding");
  if (!value) return padding;
  if (value->kind == json::Kind::kInteger) padding.assign(o.size.size(), value->integer);
  for (const json::Value& item : value->items) padding.push_back(item.integer);
  bool good = padding.size() == o.size.size();
  for (size_t d = 0; good && d < padding.size(); ++d) good = padding[d] >= 0 && padding[d] < o.strides[d];
  if (!good) c.error("output_padding", "an integer from 0 to below the stride, or a list of one a dimension");
  return good ? padding : std::vector<int64_t>{};
}

// x: (B, spatial..., C)  kernel: (kernel..., filters, C)
LayerBody transposed(LayerConfig& c, size_t spatial_rank) {
  const int64_t filters = c.positive("filters");
  TransposedWindow t{read_kernel_window(c, spatial_rank), {}};
  check_strides(c, t.window);
  t.output_padding = read_output_padding(c, t.window);
  const KernelOptions kernel = read_kernel_options(c);
  const Activation activation = read_activation(c, "activation");
  const DataFormat format = t.window.format;
  LayerBody body;
  body.activation = activation.name;
  body.infer = [=, misfit = Misfit(c), name = c.subject()](const Shapes& inputs) -> std::optional<Shape> {
    if (!has_rank(inputs[0], t.window.image_rank(), name, misfit)) return std::nullopt;
    std::vector<int64_t> extents = spatial_extents(t.window, inputs[0]);
    for (size_t d = 0; d < extents.size(); ++d) {
      extents[d] = reach(t, d, extents[d]).extent;
      if (extents[d] < 1)
        return misfit(fmt::format("the output of {} for the input {} would be empty", name, keras_shape(inputs[0])));
    }
    return activation.infer(image_shape(inputs[0], format, extents, filters));
  };
  body.weights = [=](const Shapes& inputs) {
    std::vector<int64_t> shape = t.window.size;
    shape.insert(shape.end(), {filters, channels_of(inputs[0], format)});
    return kernel.weights(shape, filters);
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    std::vector<int64_t> extents = spatial_extents(t.window, b.shape(inputs[0]));
    Window window{t.window.strides, t.window.dilations, {}, {}};
    for (size_t d = 0; d < extents.size(); ++d) {
      const Reach r = reach(t, d, extents[d]);
      window.low.push_back(r.low);
      window.high.push_back(r.high);
      extents[d] = r.extent;
    }
    const Shape image = image_shape(b.shape(inputs[0]), DataFormat::kChannelsLast, extents, filters);
    ValueId y = conv_transpose(b, to_channels_last(b, inputs[0], format), scope.weight("kernel"), window, image);
    if (kernel.use_bias) y = add(b, y, scope.weight("bias"));
    return activation(b, from_channels_last(b, y, format));
  };
  return body;
}

}  // namespace

LayerBody conv1d_transpose(LayerConfig& c) {
  return transposed(c, 1);
}
LayerBody conv2d_transpose(LayerConfig& c) {
  return transposed(c, 2);
}
LayerBody conv3d_transpose(LayerConfig& c) {
  return transposed(c, 3);
}

}  // namespace kcc
