// Max- and AveragePooling1D/2D/3D, GlobalMax- and GlobalAveragePooling1D/2D/3D.
#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/pool.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

using Pool = ValueId (*)(Builder&, ValueId, const std::vector<int64_t>&, const Window&);

LayerBody pooling(LayerConfig& c, Pool pool, size_t spatial_rank) {
  WindowOptions o;
  o.size = c.sizes("pool_size", spatial_rank, std::vector<int64_t>(spatial_rank, 2));
  o.strides = c.sizes("strides", spatial_rank, o.size);
  c.note_default("strides", "None");
  o.dilations.assign(spatial_rank, 1);
  read_padding(c, o);
  o.format = read_data_format(c);
  LayerBody body;
  body.infer = [=, misfit = Misfit(c), name = c.subject()](const Shapes& inputs) -> std::optional<Shape> {
    if (!has_rank(inputs[0], o.image_rank(), name, misfit)) return std::nullopt;
    const auto extents = window_extents(o, inputs[0], "pool_size", misfit);
    if (!extents) return std::nullopt;
    return image_shape(inputs[0], o.format, *extents, channels_of(inputs[0], o.format));
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    const Window window = padded_window(o, spatial_extents(o, b.shape(inputs[0])));
    return from_channels_last(b, pool(b, to_channels_last(b, inputs[0], o.format), o.size, window), o.format);
  };
  return body;
}

using Summary = ValueId (*)(Builder&, ValueId, const std::vector<int64_t>& axes, bool keep_dims);

struct GlobalPool {
  DataFormat format;
  bool keep_dims;
  std::vector<int64_t> axes;  // the spatial ones
};

GlobalPool read_global_pool(LayerConfig& c, size_t spatial_rank) {
  GlobalPool o{read_data_format(c), c.boolean("keepdims", false), {}};
  for (size_t i = 0; i < spatial_rank; ++i) o.axes.push_back(static_cast<int64_t>(first_spatial_axis(o.format) + i));
  return o;
}

LayerBody global_pooling(LayerConfig& c, Summary summary, size_t spatial_rank) {
  const GlobalPool o = read_global_pool(c, spatial_rank);
  LayerBody body;
  body.infer = [=, misfit = Misfit(c), name = c.subject()](const Shapes& inputs) -> std::optional<Shape> {
    if (!has_rank(inputs[0], spatial_rank + 2, name, misfit)) return std::nullopt;
    const int64_t channels = channels_of(inputs[0], o.format);
    if (!o.keep_dims) return with_batch_of(inputs[0], {channels});
    return image_shape(inputs[0], o.format, std::vector<int64_t>(spatial_rank, 1), channels);
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    return summary(scope.b, inputs[0], o.axes, o.keep_dims);
  };
  return body;
}

// Mean over the steps that the mask (B, T) lets count. No step at all gives NaN, as in Keras.
ValueId masked_mean(Builder& b, ValueId x, ValueId mask, const GlobalPool& o) {
  const int64_t steps = o.axes[0];
  const Shape shape = b.shape(x);
  const ValueId counts = broadcast_in_dims(b, mask, shape, {0, steps});
  const ValueId zeros = broadcast_to(b, constant(b, 0.0), shape);
  const ValueId sum = reduce_sum(b, select(b, counts, x, zeros), {steps}, o.keep_dims);
  const ValueId number = reduce_sum(b, cast(b, mask, DType::kF32), {1});
  return div(b, sum, broadcast_in_dims(b, number, Shape(b.shape(sum)), {0}));
}

}  // namespace

LayerBody average_pooling1d(LayerConfig& c) {
  return pooling(c, avg_pool, 1);
}
LayerBody average_pooling2d(LayerConfig& c) {
  return pooling(c, avg_pool, 2);
}
LayerBody average_pooling3d(LayerConfig& c) {
  return pooling(c, avg_pool, 3);
}
LayerBody max_pooling1d(LayerConfig& c) {
  return pooling(c, max_pool, 1);
}
LayerBody max_pooling2d(LayerConfig& c) {
  return pooling(c, max_pool, 2);
}
LayerBody max_pooling3d(LayerConfig& c) {
  return pooling(c, max_pool, 3);
}

// The one pooling layer that looks at masks; it hands none on.
LayerBody global_average_pooling1d(LayerConfig& c) {
  LayerBody body = global_pooling(c, mean, 1);
  const GlobalPool o = read_global_pool(c, 1);
  body.call_all = [=, misfit = Misfit(c)](CallScope& scope, const Tensors& inputs) {
    Builder& b = scope.b;
    const ValueId x = inputs[0].value, mask = inputs[0].mask;
    if (mask < 0) return Tensors{{mean(b, x, o.axes, o.keep_dims), -1}};
    const Shape image = b.shape(x), counted = b.shape(mask);
    if (counted.size() == 2 && counted[1] == image[static_cast<size_t>(o.axes[0])])
      return Tensors{{masked_mean(b, x, mask, o), -1}};
    misfit(fmt::format("a mask {} does not fit the steps of the input {}", keras_shape(counted), keras_shape(image)));
    return Tensors{{mean(b, x, o.axes, o.keep_dims), -1}};
  };
  return body;
}
LayerBody global_average_pooling2d(LayerConfig& c) {
  return global_pooling(c, mean, 2);
}
LayerBody global_average_pooling3d(LayerConfig& c) {
  return global_pooling(c, mean, 3);
}
LayerBody global_max_pooling1d(LayerConfig& c) {
  return global_pooling(c, reduce_max, 1);
}
LayerBody global_max_pooling2d(LayerConfig& c) {
  return global_pooling(c, reduce_max, 2);
}
LayerBody global_max_pooling3d(LayerConfig& c) {
  return global_pooling(c, reduce_max, 3);
}

}  // namespace kcc
