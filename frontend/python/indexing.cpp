#include "frontend/python/indexing.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/layer.h"
#include "frontend/python/tensors.h"

namespace kcc::python {
namespace {

// The elements start, start + step, ... of a dimension.
struct Range {
  int64_t start = 0, count = 0, step = 1;
};

// Python's rules: negative positions count from the end, positions outside are moved to the ends.
std::optional<Range> range_of(Context& c, Mark mark, const Slice& slice, int64_t extent) {
  std::optional<int64_t> given[3];
  for (size_t i = 0; i < 3; ++i) {
    const Value& part = slice.parts->values[i];
    if (const int64_t* position = part.get<int64_t>())
      given[i] = *position;
    else if (!part.is_none())
      return c.fail(mark, fmt::format("a slice from {}, expected whole numbers", c.describe(part)));
  }
  const int64_t step = given[2].value_or(1);
  if (step == 0 || step == INT64_MIN) return c.fail(mark, "a slice needs a step other than 0");
  const int64_t lowest = step > 0 ? 0 : -1, highest = step > 0 ? extent : extent - 1;
  const auto place = [&](std::optional<int64_t> position, int64_t fallback) {
    if (!position) return fallback;
    return *position < 0 ? std::max(lowest, *position < -extent ? lowest : *position + extent)
                         : std::min(*position, highest);
  };
  const int64_t start = place(given[0], step > 0 ? lowest : highest);
  const int64_t stop = place(given[1], step > 0 ? highest : lowest);
  const int64_t way = step > 0 ? stop - start : start - stop;
  return Range{start, way <= 0 ? 0 : (way - 1) / std::abs(step) + 1, step};
}

std::optional<int64_t> position_of(Context& c, Mark mark, const Value& index, int64_t extent) {
  const int64_t* position = index.get<int64_t>();
  if (!position) return c.fail(mark, fmt::format("found {} as an index, expected a whole number", c.describe(index)));
  if (*position >= -extent && *position < extent) return *position < 0 ? *position + extent : *position;
  return c.fail(mark, fmt::format("the index {} lies outside the extent {}", *position, extent));
}

Result sequence_subscript(Context& c, Mark mark, const Value& object, const Value& index) {
  const std::vector<Value>& items = items_of(object);
  const int64_t size = static_cast<int64_t>(items.size());
  if (const Slice* slice = index.get<Slice>()) {
    const auto range = range_of(c, mark, *slice, size);
    if (!range) return std::nullopt;
    std::vector<Value> part;
    for (int64_t i = 0; i < range->count; ++i)
      part.push_back(items[static_cast<size_t>(range->start + i * range->step)]);
    return c.sequence(mark, std::move(part), object.get<Sequence>()->is_list);
  }
  const auto position = position_of(c, mark, index, size);
  if (!position) return std::nullopt;
  return items[static_cast<size_t>(*position)];
}

// Replaces '...' by whole slices, so that there is an index for each dimension.
std::optional<std::vector<Value>> complete(Context& c, Mark mark, const Value& index, size_t rank) {
  std::vector<Value> given = index.is<Sequence>() ? items_of(index) : std::vector<Value>{index};
  const Value whole = Slice{make_tuple({None{}, None{}, None{}}).get<Sequence>()->items};
  size_t used = 0, ellipses = 0;
  for (const Value& part : given) {
    used += !part.is_none() && !part.is<Ellipsis>();
    ellipses += part.is<Ellipsis>();
  }
  if (used > rank || ellipses > 1) return c.fail(mark, fmt::format("{} indices for a tensor of rank {}", used, rank));
  if (ellipses == 0) given.push_back(Ellipsis{});
  std::vector<Value> all;
  for (const Value& part : given) {
    if (part.is<Ellipsis>())
      all.insert(all.end(), rank - used, whole);
    else
      all.push_back(part);
  }
  return all;
}

Result tensor_subscript(Context& c, Mark mark, ValueId x, const Value& index) {
  if (index.is<Sequence>() && index.get<Sequence>()->is_list)
    return c.fail(mark, "a list as an index is not supported", "take elements with ops.take(x, indices, axis)");
  const auto parts = complete(c, mark, index, c.b.shape(x).size());
  if (!parts) return std::nullopt;
  size_t axis = 0;
  for (const Value& part : *parts) {
    if (!c.spend(mark, 1)) return std::nullopt;
    if (part.is_none()) {
      x = insert_axis(c.b, x, axis++);
      if (!check_shape(c, mark, c.b.shape(x))) return std::nullopt;
      continue;
    }
    const Dim dim = c.b.shape(x)[axis];
    const Slice* slice = part.get<Slice>();
    std::optional<Range> range;
    if (slice) {
      range = range_of(c, mark, *slice, dim.size);
    } else if (part.is<Tensor>()) {
      return c.fail(mark, "a tensor as an index is not supported",
                    "multiply with ops.one_hot, or use an Embedding layer");
    } else if (dim.batched) {
      return c.fail(mark, fmt::format("one sample of the batch is taken of {}", keras_shape(c.b.shape(x))),
                    "functions see the whole batch: write x[:, ...]");
    } else if (const auto position = position_of(c, mark, part, dim.size)) {
      range = Range{*position, 1, 1};
    }
    if (!range) return std::nullopt;
    // Of the batch only [:] is known to be the whole.
    const bool open = slice && std::all_of(slice->parts->values.begin(), slice->parts->values.end(),
                                           [](const Value& v) { return v.is_none(); });
    if (dim.batched && !open) range->count = dim.size + 1;
    const auto taken = take_range(c, mark, x, axis, range->start, range->count, range->step);
    if (!taken) return std::nullopt;
    x = slice ? *taken : drop_axis(c.b, *taken, axis);
    axis += slice != nullptr;
  }
  return Tensor{x};
}

}  // namespace

Result subscript(Context& c, Mark mark, const Value& object, const Value& index) {
  if (object.is<Sequence>()) return sequence_subscript(c, mark, object, index);
  if (const Tensor* tensor = object.get<Tensor>()) return tensor_subscript(c, mark, tensor->id, index);
  return c.fail(mark, fmt::format("{} has no elements to take", c.describe(object)));
}

bool assign_element(Context& c, Mark mark, const Value& object, const Value& index, const Value& value) {
  const Sequence* list = object.get<Sequence>();
  if (!list || !list->is_list || list->items->inside) {
    c.fail(mark, fmt::format("elements of {} cannot be assigned to", c.describe(object)),
           object.is<Tensor>() ? "build a new tensor: slice, then ops.concatenate" : "");
    return false;
  }
  const auto position = position_of(c, mark, index, static_cast<int64_t>(items_of(object).size()));
  if (!position) return false;
  if (value.is<Sequence>()) {
    c.fail(mark, "a list cannot be put into a list here", "build a new list");
    return false;
  }
  Items& items = *list->items;
  const Sequence* before = items.values[static_cast<size_t>(*position)].get<Sequence>();
  items.leaves += 1 - (before ? before->items->leaves : 1);
  items.values[static_cast<size_t>(*position)] = value;
  return true;
}

}  // namespace kcc::python
