// Cropping1D/2D/3D, ZeroPadding1D/2D/3D, UpSampling1D/2D/3D.
#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

using Integers = std::vector<int64_t>;

// Elements cut off or added before and after each spatial dimension.
struct Margins {
  Integers before, after;
};

bool is_margin(const json::Value& v) {
  return v.kind == json::Kind::kInteger && v.integer >= 0 && v.integer < int64_t{1} << 31;
}

// 2, or [1, 2]: both ends of one dimension
bool read_ends(const json::Value& value, Margins& margins) {
  const bool pair =
      value.is_array() && value.items.size() == 2 && is_margin(value.items[0]) && is_margin(value.items[1]);
  if (!pair && !is_margin(value)) return false;
  margins.before.push_back(pair ? value.items[0].integer : value.integer);
  margins.after.push_back(pair ? value.items[1].integer : value.integer);
  return true;
}

// An integer for all; or one entry a dimension, itself an integer or a pair. A single dimension is written as its pair.
Margins read_margins(LayerConfig& c, const std::string& key, size_t spatial_rank) {
  const Margins one{Integers(spatial_rank, 1), Integers(spatial_rank, 1)};
  const json::Value* value = c.find(key);
  if (!value) return one;
  Margins margins;
  bool good = true;
  if (spatial_rank == 1 || !value->is_array()) {
    for (size_t d = 0; d < spatial_rank; ++d) good = good && read_ends(*value, margins);
  } else {
    for (const json::Value& item : value->items) good = good && read_ends(item, margins);
  }
  if (good && margins.before.size() == spatial_rank) return margins;
  c.error(key, spatial_rank == 1
                   ? "an integer of 0 or more, or a pair of them"
                   : fmt::format("an integer of 0 or more, or a list of {} integers or pairs of them", spatial_rank));
  return one;
}

// The margins as entries for each dimension of an image.
Integers spread(const Integers& margins, DataFormat format, size_t rank) {
  Integers all(rank, 0);
  for (size_t d = 0; d < margins.size(); ++d) all[first_spatial_axis(format) + d] = margins[d];
  return all;
}

DataFormat read_format(LayerConfig& c, bool has_format) {
  return has_format ? read_data_format(c) : DataFormat::kChannelsLast;
}

LayerBody cropping(LayerConfig& c, size_t spatial_rank) {
  const Margins margins = read_margins(c, "cropping", spatial_rank);
  const DataFormat format = read_format(c, spatial_rank > 1);
  LayerBody body;
  body.takes_integers = true;
  body.infer = [=, misfit = Misfit(c), name = c.subject()](const Shapes& inputs) -> std::optional<Shape> {
    Shape shape = inputs[0];
    if (!has_rank(shape, spatial_rank + 2, name, misfit)) return std::nullopt;
    for (size_t d = 0; d < spatial_rank; ++d) {
      int64_t& extent = shape[first_spatial_axis(format) + d].size;
      extent -= margins.before[d] + margins.after[d];
      if (extent < 1) return misfit(fmt::format("{} leaves nothing of the input {}", name, keras_shape(inputs[0])));
    }
    return shape;
  };
  body.call = [infer = body.infer, margins, format](CallScope& scope, const std::vector<ValueId>& inputs) {
    const Shape result = *infer({scope.b.shape(inputs[0])});
    Integers sizes;
    for (const Dim& dim : result) sizes.push_back(dim.size);
    const Integers starts = spread(margins.before, format, sizes.size());
    return slice(scope.b, inputs[0], starts, sizes, Integers(sizes.size(), 1));
  };
  return body;
}

LayerBody zero_padding(LayerConfig& c, size_t spatial_rank) {
  const Margins margins = read_margins(c, "padding", spatial_rank);
  const DataFormat format = read_data_format(c);
  LayerBody body;
  body.takes_integers = true;
  body.infer = [=, misfit = Misfit(c), name = c.subject()](const Shapes& inputs) -> std::optional<Shape> {
    Shape shape = inputs[0];
    if (!has_rank(shape, spatial_rank + 2, name, misfit)) return std::nullopt;
    for (size_t d = 0; d < spatial_rank; ++d)
      shape[first_spatial_axis(format) + d].size += margins.before[d] + margins.after[d];
    return shape;
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    const size_t rank = spatial_rank + 2;
    return pad(scope.b, inputs[0], spread(margins.before, format, rank), spread(margins.after, format, rank), 0);
  };
  return body;
}

// ---- upsampling

// x: (..., n, ...) -> (..., n, size, ...), each element `size` times; `axis` is that of n.
ValueId repeat_beside(Builder& b, ValueId x, size_t axis, int64_t size) {
  Shape shape = b.shape(x);
  Integers dims;
  for (size_t d = 0; d < shape.size(); ++d) dims.push_back(static_cast<int64_t>(d > axis ? d + 1 : d));
  shape.insert(shape.begin() + static_cast<int64_t>(axis) + 1, Dim{size, false});
  return broadcast_in_dims(b, x, shape, dims);
}

// Every element of an image batch (B, spatial..., C) size[d] times along each dimension.
ValueId repeat_nearest(Builder& b, ValueId x, const Integers& size) {
  Shape result = b.shape(x);
  for (size_t d = 0; d < size.size(); ++d) result[d + 1].size *= size[d];
  for (size_t d = size.size(); d-- > 0;)
    if (size[d] > 1) x = repeat_beside(b, x, d + 1, size[d]);
  return reshape(b, x, result);
}

// x moved by `step` (-1 or 1) along an axis, the element at the border repeated: neighbour(x)[i] = x[i + step].
ValueId neighbour(Builder& b, ValueId x, size_t axis, int64_t step) {
  const Shape shape = b.shape(x);
  if (shape[axis].size == 1) return x;
  Integers sizes, ones(shape.size(), 1);
  for (const Dim& dim : shape) sizes.push_back(dim.size);
  const auto part = [&](int64_t start, int64_t size) {
    Integers starts(shape.size(), 0), extents = sizes;
    starts[axis] = start;
    extents[axis] = size;
    return slice(b, x, starts, extents, ones);
  };
  const int64_t n = sizes[axis];
  if (step < 0) return concat(b, {part(0, 1), part(0, n - 1)}, static_cast<int64_t>(axis));
  return concat(b, {part(1, n - 1), part(n - 1, 1)}, static_cast<int64_t>(axis));
}

// Linear interpolation along one axis. Elements are points in the middle of their cells, so that copy j of `size` lies
// at t = (j + 1/2) / size - 1/2 from its element: between it and the one before where t < 0, else the one after.
ValueId interpolate(Builder& b, ValueId x, size_t axis, int64_t size) {
  if (size == 1) return x;
  Shape result = b.shape(x);
  result[axis].size *= size;
  const ValueId own = repeat_beside(b, x, axis, size);
  const ValueId before = repeat_beside(b, neighbour(b, x, axis, -1), axis, size);
  const ValueId after = repeat_beside(b, neighbour(b, x, axis, 1), axis, size);
  const Shape shape = b.shape(own);
  const ValueId copy = cast(b, iota(b, shape, static_cast<int64_t>(axis) + 1), DType::kF32);
  const ValueId t = sub(b, div(b, add(b, copy, 0.5), static_cast<double>(size)), 0.5);
  ValueId y = mul(b, own, sub(b, 1.0, unary(b, OpKind::kAbs, t)));
  y = add(b, y, mul(b, before, relu(b, neg(b, t))));
  y = add(b, y, mul(b, after, relu(b, t)));
  return reshape(b, y, result);
}

LayerBody upsampling(LayerConfig& c, size_t spatial_rank) {
  const Integers size = c.sizes("size", spatial_rank, Integers(spatial_rank, 2));
  const DataFormat format = read_format(c, spatial_rank > 1);
  bool linear = false;
  if (spatial_rank == 2) {
    const std::string kind =
        c.choice("interpolation", "nearest", {"bicubic", "bilinear", "lanczos3", "lanczos5", "nearest"});
    linear = kind == "bilinear";
    if (kind != "nearest" && kind != "bilinear")
      c.refuse("interpolation", "is not supported yet; 'nearest' and 'bilinear' are");
    c.note_limit("interpolation", "'bicubic', 'lanczos3' and 'lanczos5' are not supported yet");
  }
  LayerBody body;
  body.takes_integers = !linear;
  body.infer = [=, misfit = Misfit(c), name = c.subject()](const Shapes& inputs) -> std::optional<Shape> {
    Shape shape = inputs[0];
    if (!has_rank(shape, spatial_rank + 2, name, misfit)) return std::nullopt;
    for (size_t d = 0; d < spatial_rank; ++d)
      if (__builtin_mul_overflow(shape[first_spatial_axis(format) + d].size, size[d],
                                 &shape[first_spatial_axis(format) + d].size))
        return misfit(fmt::format("the output of {} for the input {} is too large", name, keras_shape(inputs[0])));
    return shape;
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    ValueId x = to_channels_last(b, inputs[0], format);
    if (linear)
      x = interpolate(b, interpolate(b, x, 1, size[0]), 2, size[1]);
    else
      x = repeat_nearest(b, x, size);
    return from_channels_last(b, x, format);
  };
  return body;
}

}  // namespace

LayerBody cropping1d(LayerConfig& c) {
  return cropping(c, 1);
}
LayerBody cropping2d(LayerConfig& c) {
  return cropping(c, 2);
}
LayerBody cropping3d(LayerConfig& c) {
  return cropping(c, 3);
}
LayerBody up_sampling1d(LayerConfig& c) {
  return upsampling(c, 1);
}
LayerBody up_sampling2d(LayerConfig& c) {
  return upsampling(c, 2);
}
LayerBody up_sampling3d(LayerConfig& c) {
  return upsampling(c, 3);
}
LayerBody zero_padding1d(LayerConfig& c) {
  return zero_padding(c, 1);
}
LayerBody zero_padding2d(LayerConfig& c) {
  return zero_padding(c, 2);
}
LayerBody zero_padding3d(LayerConfig& c) {
  return zero_padding(c, 3);
}

}  // namespace kcc
