// Operations that only move elements: ExpandDims, GetItem, Reshape, Stack, Transpose and their like.
#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/layers/operation.h"
#include "frontend/layers/options.h"

namespace kcc {
namespace {

using Axes = std::vector<int64_t>;
using Values = std::vector<ValueId>;

LayerBody reshaping(LayerConfig& c, std::function<std::optional<Shape>(Shape)> to) {
  read_arguments(c, 1);
  return operation(
      c, 1, [=](const Shapes& inputs) { return to(inputs[0]); },
      [=](Builder& b, const Values& v) { return reshape(b, v[0], *to(b.shape(v[0]))); });
}

// ---- several tensors

// The list of tensors that is the only argument.
size_t read_tensor_list(LayerConfig& c) {
  const json::Value* args = raw_arguments(c);
  const bool good = args && args->items.size() == 1 && !args->items[0].items.empty() &&
                    std::all_of(args->items[0].items.begin(), args->items[0].items.end(), is_tensor_argument);
  if (good) return args->items[0].items.size();
  c.error("args", "a list of tensors");
  return 1;
}

std::optional<Shape> joined(const Shapes& parts, int64_t written) {
  const auto axis = positive_axis(written, parts[0].size());
  if (!axis || *axis == 0) return std::nullopt;
  const size_t at = static_cast<size_t>(*axis);
  Shape result = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) {
    Shape other = parts[i];
    if (other.size() != result.size()) return std::nullopt;
    const int64_t more = other[at].size;
    other[at] = result[at];
    if (other != result) return std::nullopt;
    result[at].size += more;
  }
  return result;
}

// Truth values stay what they are if they are alone.
Values alike(Builder& b, const Values& values) {
  const bool same =
      std::all_of(values.begin(), values.end(), [&](ValueId v) { return b.type(v).dtype == b.type(values[0]).dtype; });
  return same ? values : promoted(b, values);
}

std::optional<Shape> with_one(Shape shape, int64_t written) {
  const auto axis = positive_axis(written, shape.size() + 1);
  if (!axis || *axis == 0) return std::nullopt;
  shape.insert(shape.begin() + *axis, Dim{});
  return shape;
}

// ---- x[...]

// What a key of Python's makes of one dimension.
struct Selection {
  enum class Kind { kSlice, kIndex, kNew } kind = Kind::kSlice;
  int64_t start = 0, stop = 0, step = 1;
  bool open_start = true, open_stop = true;
};

struct Key {
  std::vector<Selection> before, after;  // an ellipsis stands between them
};

std::optional<Selection> read_selection(const json::Value& item) {
  Selection s;
  if (item.is_null()) {
    s.kind = Selection::Kind::kNew;
    return s;
  }
  if (item.kind == json::Kind::kInteger) {
    s.kind = Selection::Kind::kIndex;
    s.start = item.integer;
    return s;
  }
  const json::Value *class_name = item.find("class_name"), *config = item.find("config");
  if (!class_name || class_name->text != "__slice__" || !config) return std::nullopt;
  const auto bound = [&](const char* key, int64_t fallback) {
    const json::Value* value = config->find(key);
    return value && value->kind == json::Kind::kInteger ? value->integer : fallback;
  };
  const auto is_open = [&](const char* key) {
    const json::Value* value = config->find(key);
    return !value || value->is_null();
  };
  for (const json::Member& member : config->members)
    if (!member.value.is_null() && member.value.kind != json::Kind::kInteger) return std::nullopt;
  s.open_start = is_open("start");
  s.open_stop = is_open("stop");
  s.start = bound("start", 0);
  s.stop = bound("stop", 0);
  s.step = bound("step", 1);
  return s.step > 0 ? std::optional(s) : std::nullopt;
}

bool is_ellipsis(const json::Value& item) {
  const json::Value* class_name = item.find("class_name");
  return class_name && class_name->text == "__ellipsis__";
}

Key read_key(LayerConfig& c) {
  Key key;
  const json::Value* args = raw_arguments(c);
  if (!args || args->items.size() != 2 || !is_tensor_argument(args->items[0])) {
    c.error("args", "a tensor and its key");
    return key;
  }
  const json::Value& given = args->items[1];
  const std::vector<json::Value> items = given.is_array() ? given.items : std::vector<json::Value>{given};
  bool passed = false;
  for (const json::Value& item : items) {
    if (is_ellipsis(item)) {
      passed = true;
      continue;
    }
    const auto selection = read_selection(item);
    if (!selection) {
      c.error("args", "a key of numbers and slices with positive steps");
      return key;
    }
    (passed ? key.after : key.before).push_back(*selection);
  }
  return key;
}

// The slice that a key takes, and the shape in which it gives the elements.
struct Part {
  Axes starts, sizes, strides;
  Shape shape;
};

int64_t wrapped(int64_t index, int64_t extent) {
  return std::clamp<int64_t>(index < 0 ? index + extent : index, 0, extent);
}

// Empty where an index lies outside, nothing is left, or the batch is not taken whole.
std::optional<Part> part_of(const Key& key, const Shape& shape) {
  std::vector<Selection> selections = key.before;
  const auto takes = [](const Selection& s) { return s.kind != Selection::Kind::kNew; };
  const auto taken = std::count_if(key.before.begin(), key.before.end(), takes) +
                     std::count_if(key.after.begin(), key.after.end(), takes);
  const int64_t rank = static_cast<int64_t>(shape.size());
  if (taken > rank) return std::nullopt;
  selections.insert(selections.end(), static_cast<size_t>(rank - taken), Selection{});
  selections.insert(selections.end(), key.after.begin(), key.after.end());
  Part part;
  size_t axis = 0;
  for (const Selection& s : selections) {
    if (s.kind == Selection::Kind::kNew) {
      part.shape.push_back(Dim{});
      continue;
    }
    const Dim dim = shape[axis++];
    const bool whole = s.kind == Selection::Kind::kSlice && s.open_start && s.open_stop && s.step == 1;
    if (dim.batched && !whole) return std::nullopt;
    int64_t start = s.open_start ? 0 : wrapped(s.start, dim.size),
            stop = s.open_stop ? dim.size : wrapped(s.stop, dim.size);
    if (s.kind == Selection::Kind::kIndex) {
      start = s.start < 0 ? s.start + dim.size : s.start;
      if (start < 0 || start >= dim.size) return std::nullopt;
      stop = start + 1;
    }
    if (stop <= start) return std::nullopt;
    part.starts.push_back(start);
    part.sizes.push_back((stop - start + s.step - 1) / s.step);
    part.strides.push_back(s.step);
    if (s.kind == Selection::Kind::kSlice) part.shape.push_back({part.sizes.back(), dim.batched});
  }
  return part;
}

}  // namespace

LayerBody concatenate_operation(LayerConfig& c) {
  const int64_t axis = c.integer("axis", -1);
  return operation(
      c, read_tensor_list(c), [=](const Shapes& inputs) { return joined(inputs, axis); },
      [=](Builder& b, const Values& v) { return concat(b, alike(b, v), axis); });
}

LayerBody expand_dims_operation(LayerConfig& c) {
  const Axes written = read_axes(c, "axis", {});
  return reshaping(c, [=](Shape shape) -> std::optional<Shape> {
    const auto axes = positive_axes(written, shape.size() + written.size());
    if (!axes) return std::nullopt;
    for (int64_t axis : *axes) shape.insert(shape.begin() + axis, Dim{});
    return shape;
  });
}

LayerBody flip_operation(LayerConfig& c) {
  read_arguments(c, 1);
  const Axes written = read_axes(c, "axis", {});
  return operation(
      c, 1,
      [=](const Shapes& inputs) -> std::optional<Shape> {
        const auto axes = positive_axes(written, inputs[0].size());
        return axes && !axes->empty() && axes->front() > 0 ? std::optional(inputs[0]) : std::nullopt;
      },
      [=](Builder& b, const Values& v) {
        ValueId x = v[0];
        for (int64_t axis : written) x = reverse(b, x, axis);
        return x;
      });
}

LayerBody get_item_operation(LayerConfig& c) {
  const Key key = read_key(c);
  return operation(
      c, 1,
      [=](const Shapes& inputs) -> std::optional<Shape> {
        const auto part = part_of(key, inputs[0]);
        return part ? std::optional(part->shape) : std::nullopt;
      },
      [=](Builder& b, const Values& v) {
        const Part part = *part_of(key, b.shape(v[0]));
        return reshape(b, slice(b, v[0], part.starts, part.sizes, part.strides), part.shape);
      });
}

// The open extent must come out as the batch, in front.
LayerBody reshape_operation(LayerConfig& c) {
  const Axes written = c.shape("newshape").value_or(Axes{});
  return reshaping(c, [=](const Shape& shape) -> std::optional<Shape> {
    const bool open_batch = !written.empty() && written[0] == -1 &&
                            std::all_of(written.begin() + 1, written.end(), [](int64_t extent) { return extent > 0; });
    if (!open_batch) return std::nullopt;
    const Shape result = with_batch_of(shape, Axes(written.begin() + 1, written.end()));
    return element_count(result) == element_count(shape) ? std::optional(result) : std::nullopt;
  });
}

LayerBody squeeze_operation(LayerConfig& c) {
  const bool all = !c.has("axis");
  const Axes written = read_axes(c, "axis", {});
  return reshaping(c, [=](const Shape& shape) -> std::optional<Shape> {
    const auto axes = positive_axes(written, shape.size());
    Shape result;
    for (size_t i = 0; axes && i < shape.size(); ++i) {
      const bool named = std::binary_search(axes->begin(), axes->end(), static_cast<int64_t>(i));
      if (named && !shape[i].is_one()) return std::nullopt;
      if (!named && !(all && shape[i].is_one())) result.push_back(shape[i]);
    }
    return result;
  });
}

LayerBody stack_operation(LayerConfig& c) {
  const int64_t axis = c.integer("axis", 0);
  return operation(
      c, read_tensor_list(c),
      [=](const Shapes& inputs) -> std::optional<Shape> {
        Shapes parts;
        for (const Shape& input : inputs) {
          const auto part = with_one(input, axis);
          if (!part || input != inputs[0]) return std::nullopt;
          parts.push_back(*part);
        }
        return joined(parts, axis);
      },
      [=](Builder& b, const Values& v) {
        Values parts;
        for (ValueId x : alike(b, v)) parts.push_back(reshape(b, x, *with_one(b.shape(x), axis)));
        return concat(b, parts, axis);
      });
}

LayerBody transpose_operation(LayerConfig& c) {
  read_arguments(c, 1);
  const Axes perm = read_axes(c, "axes", {});
  const auto order_for = [=](size_t rank) -> std::optional<Axes> {
    if (perm.size() != rank || !positive_axes(perm, rank)) return std::nullopt;
    Axes order;
    for (int64_t axis : perm) order.push_back(*positive_axis(axis, rank));
    return order;
  };
  return operation(
      c, 1,
      [=](const Shapes& inputs) -> std::optional<Shape> {
        const auto order = order_for(inputs[0].size());
        if (!order) return std::nullopt;
        Shape shape;
        for (int64_t axis : *order) shape.push_back(inputs[0][static_cast<size_t>(axis)]);
        return shape;
      },
      [=](Builder& b, const Values& v) { return transpose(b, v[0], *order_for(b.shape(v[0]).size())); });
}

}  // namespace kcc
