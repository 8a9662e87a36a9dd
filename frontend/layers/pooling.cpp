// MaxPooling2D, AveragePooling2D, GlobalAveragePooling2D.
#include <fmt/format.h>

#include "compiler/ops/pool.h"
#include "compiler/ops/reduce.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

using Pool = ValueId (*)(Builder&, ValueId, const std::vector<int64_t>&, const Window&);

LayerBody pooling2d(ConfigReader& c, Pool pool) {
  WindowOptions o;
  o.size = c.sizes("pool_size", 2, {{2, 2}});
  o.strides = c.sizes("strides", 2, o.size);
  o.dilations = {1, 1};
  o.same = read_same_padding(c);
  o.format = read_data_format(c);
  LayerBody body;
  body.infer = [=, misfit = Misfit(c), name = c.subject()](const Shapes& inputs) -> std::optional<Shape> {
    const Shape& shape = inputs[0];
    if (shape.size() != 4) return misfit(fmt::format("{} needs an input of rank 4, not {}", name, keras_shape(shape)));
    const auto extents = window_extents(o, shape, "pool_size", misfit);
    if (!extents) return std::nullopt;
    return image_shape(o, *extents, shape[channel_axis(o.format, 4)].size);
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    const std::vector<int64_t> extents = spatial_extents(o, b.shape(inputs[0]));
    Window window{o.strides, o.dilations, {0, 0}, {0, 0}};
    for (size_t i = 0; o.same && i < 2; ++i)
      same_padding(extents[i], o.size[i], o.strides[i], 1, &window.low[i], &window.high[i]);
    return from_channels_last(b, pool(b, to_channels_last(b, inputs[0], o.format), o.size, window), o.format);
  };
  return body;
}

}  // namespace

LayerBody max_pooling2d(LayerConfig& c) {
  return pooling2d(c, max_pool);
}
LayerBody average_pooling2d(LayerConfig& c) {
  return pooling2d(c, avg_pool);
}

LayerBody global_average_pooling2d(LayerConfig& c) {
  const DataFormat format = read_data_format(c);
  const bool keep_dims = c.boolean("keepdims", false);
  const int64_t first = static_cast<int64_t>(first_spatial_axis(format));
  LayerBody body;
  body.infer = [=, misfit = Misfit(c), name = c.subject()](const Shapes& inputs) -> std::optional<Shape> {
    const Shape& shape = inputs[0];
    if (shape.size() != 4) return misfit(fmt::format("{} needs an input of rank 4, not {}", name, keras_shape(shape)));
    const int64_t channels = shape[channel_axis(format, 4)].size;
    if (!keep_dims) return batched_shape({channels});
    return format == DataFormat::kChannelsLast ? batched_shape({1, 1, channels}) : batched_shape({channels, 1, 1});
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    return mean(scope.b, inputs[0], {first, first + 1}, keep_dims);
  };
  return body;
}

}  // namespace kcc
