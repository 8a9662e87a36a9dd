// Pools: the maximum or mean of each window, with element-wise work on the result, a vector of channels at a time.
// Padding never wins a maximum and is not counted in a mean. Gradients add up an image in scratch memory, window by
// window; of equal maxima the first in scan order takes the gradient.
#include <fmt/format.h>

#include "codegen/cpp/families.h"
#include "codegen/cpp/results.h"
#include "codegen/cpp/windows.h"
#include "codegen/kernels/pool.h"

namespace kcc::cpp {
namespace {

// The place of element `offset` of window `at` in the picture.
Position element_of(const PoolGeometry& g, const Position& at, const Position& offset) {
  Position element;
  for (size_t d = 0; d < g.rank(); ++d) element.push_back(at[d] * g.strides[d] + offset[d] - Index(g.low[d]));
  return element;
}

// How many elements of window `at` lie in the picture.
std::string count_inside(const PoolGeometry& g, const Position& at) {
  std::string count;
  for (size_t d = 0; d < g.rank(); ++d) {
    const Index first = at[d] * g.strides[d] - Index(g.low[d]), end = first + Index(g.window[d]);
    const bool below = is_less(first.least(), {}), above = is_less({g.input[d], 0}, end.largest());
    std::string here = fmt::format("{}", g.window[d]);
    if (below || above) {
      const std::string top = above ? fmt::format("at_most({}, {})", end.text(), g.input[d]) : end.text();
      const std::string bottom = below ? fmt::format("at_least_0({})", first.text()) : first.factor();
      here = fmt::format("({} - {})", top, bottom);
    }
    count += (d == 0 ? "" : " * ") + here;
  }
  return count;
}

// The number of a window's element in scan order.
Index number_of(const PoolGeometry& g, const Position& offset) {
  Index number;
  for (size_t d = 0; d < g.rank(); ++d) number = number * g.window[d] + offset[d];
  return number;
}

}  // namespace

Statements write_pool(const Kernel& kernel) {
  const Graph& body = kernel.body;
  const Node& n = body[kernel.anchor];
  const bool is_max = n.op == OpKind::kMaxPool;
  const PoolGeometry g = pool_geometry(n, body[n.inputs[0]].type.shape, n.type.shape);
  Writer w(body);
  walk(w, n.type.shape, [&](const Position& position) {
    const int depth = w.depth();
    const Position at = spatial_part(position);
    w.line(is_max ? "Maximum<Floats> window(-kInfinity);" : "Sum<Floats> window;");
    w.loops(sizes(g.window), [&](const Position& offset) {
      const Position element = element_of(g, at, offset);
      where_inside(w, element, g.input, [&] {
        const Value x = w.at(n.inputs[0], joined_position(position[0], element, position.back()));
        w.line(fmt::format("window.add(All{{}}, {});", w.spread(x).text));
      });
    });
    w.bind(kernel.anchor, [&, depth](const Position&) {
      if (is_max) return Value{"window.value()", DType::kF32, depth, true, false};
      return Value{fmt::format("window.value() / static_cast<float>({})", count_inside(g, at)),
                   DType::kF32,
                   depth,
                   true,
                   false,
                   true};
    });
    store_results(w, position);
  });
  return {w.text()};
}

Statements write_pool_gradient(const Kernel& kernel) {
  const Graph& body = kernel.body;
  const Node& n = body[kernel.anchor];
  const bool is_max = n.op == OpKind::kMaxPoolGrad;
  const ValueId gradient = n.inputs.back();
  const Shape& windows = body[gradient].type.shape;
  const PoolGeometry g = pool_geometry(n, n.type.shape, windows);
  const Shape image(n.type.shape.begin() + 1, n.type.shape.end());
  const std::vector<Size> strides = strides_of(image);
  const int64_t image_size = element_count(image).size;
  const auto offset_in_image = [&](const Position& spatial, const Index& channel) {
    Index offset = channel;
    for (size_t d = 0; d < spatial.size(); ++d) offset = offset + spatial[d] * strides[d];
    return offset.text();
  };
  Writer w(body);
  w.loop(size_of(n.type.shape[0]), [&](const Index& sample) {
    w.lanes({image_size, 0}, [&](const Index& i) { w.store("scratch", i, {"0.0f", DType::kF32, 0, false, true}); });
    walk(w, Shape(windows.begin() + 1, windows.end()), [&](const Position& inside) {
      const Position at(inside.begin(), inside.end() - 1);
      const Index& channel = inside.back();
      if (is_max) {
        w.line("FirstMaximum<Floats, Ints> first(-kInfinity);");
        w.loops(sizes(g.window), [&](const Position& offset) {
          const Position element = element_of(g, at, offset);
          where_inside(w, element, g.input, [&] {
            const Value x = w.at(n.inputs[0], joined_position(sample, element, channel));
            w.line(fmt::format("first.add(All{{}}, {}, splat(static_cast<int32_t>({})));", w.spread(x).text,
                               number_of(g, offset).text()));
          });
        });
      }
      const Value share = w.named(w.spread(w.at(gradient, joined_position(sample, at, channel))));
      if (!is_max)
        w.line(fmt::format("const Floats part = {} / static_cast<float>({});", share.text, count_inside(g, at)));
      w.loops(sizes(g.window), [&](const Position& offset) {
        const Position element = element_of(g, at, offset);
        where_inside(w, element, g.input, [&] {
          const std::string to = "scratch + " + offset_in_image(element, channel);
          const std::string part =
              is_max ? fmt::format("select(first.value() == static_cast<int32_t>({}), {}, Floats{{}})",
                                   number_of(g, offset).text(), share.text)
                     : "part";
          w.line(fmt::format("store(lanes, {0}, load(lanes, {0}) + {1});", to, part));
        });
      });
    });
    walk(w, image, [&](const Position& inside) {
      w.bind(kernel.anchor, [&](const Position& p) {
        const std::string from = offset_in_image(spatial_part(p), p.back());
        return Value{fmt::format("load(lanes, scratch + {})", from), DType::kF32, w.depth(), true, false};
      });
      Position position{sample};
      position.insert(position.end(), inside.begin(), inside.end());
      store_results(w, position);
    });
  });
  return {w.text(), image_size};
}

}  // namespace kcc::cpp
