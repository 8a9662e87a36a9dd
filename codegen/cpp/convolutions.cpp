// Convolutions and their gradients.
//   y[n, o, f] = sum over tap k and channel c of x[n, o*stride + k*dilation - low, c] w[k, c, f]
// with zeros outside x; in groups, filter f of group j reads the channels of group j alone. One group in register tiles
// (convolution_tiles.cpp); others, and operands that have to be computed, loop by loop.
#include <fmt/format.h>

#include <algorithm>

#include "codegen/cpp/convolution_tiles.h"
#include "codegen/cpp/families.h"
#include "codegen/cpp/results.h"
#include "codegen/cpp/windows.h"
#include "codegen/kernels/conv.h"

namespace kcc::cpp {
namespace {

// Loop by loop, a vector of the result's last dimension at a time: right for every geometry.
class Loops {
 public:
  explicit Loops(const Kernel& kernel)
      : kernel_(kernel), node_(kernel.body[kernel.anchor]), g_(conv_geometry(kernel.body, node_)), w_(kernel.body) {}

  Statements write() {
    walk(w_, node_.type.shape, [&](const Position& position) {
      const int depth = w_.depth();
      w_.line("Sum<Floats> sum;");
      if (node_.op == OpKind::kConv) forward(position);
      if (node_.op == OpKind::kConvInputGrad) input_gradient(position);
      if (node_.op == OpKind::kConvWeightGrad) weight_gradient(position);
      w_.bind(kernel_.anchor, [depth](const Position&) {
        return Value{"sum.value()", DType::kF32, depth, true, false};
      });
      store_results(w_, position);
    });
    return {w_.text()};
  }

 private:
  int64_t in_group() const { return g_.channels / g_.groups; }
  int64_t out_group() const { return g_.filters / g_.groups; }

  // Where tap `k` of output position `o` reads x.
  Position source(const Position& o, const Position& k) const {
    Position p;
    for (size_t d = 0; d < g_.rank(); ++d)
      p.push_back(o[d] * g_.strides[d] + k[d] * g_.dilations[d] - Index(g_.low[d]));
    return p;
  }

  void add(const Value& a, const Value& b) {
    w_.line(fmt::format("sum.add(All{{}}, {} * {});", w_.named(w_.spread(a)).text, w_.named(w_.spread(b)).text));
  }

  static Position weight(const Position& k, const Index& channel, const Index& filter) {
    Position position = k;
    position.push_back(channel);
    position.push_back(filter);
    return position;
  }

  void forward(const Position& at) {
    const Index& filter = at.back();
    w_.loops(sizes(g_.kernel), [&](const Position& k) {
      const Position p = source(spatial_part(at), k);
      where_inside(w_, p, g_.input, [&] {
        w_.loop({in_group(), 0}, [&](const Index& c) {
          const Index channel = filter / Size{out_group(), 0} * in_group() + c;
          add(w_.at(node_.inputs[0], joined_position(at[0], p, channel)), w_.at(node_.inputs[1], weight(k, c, filter)));
        });
      });
    });
  }

  void input_gradient(const Position& at) {
    w_.loops(sizes(g_.kernel), [&](const Position& k) { window_of(at, k, 0, {}); });
  }

  // Adds what output position o gives where o*stride = at + low - k*dilation in every dimension from `d` on.
  void window_of(const Position& at, const Position& k, size_t d, const Position& o) {
    if (d == g_.rank()) return add_windows(at, k, o);
    const Index start = at[d + 1] + Index(g_.low[d]) - k[d] * g_.dilations[d];
    const std::string name = w_.fresh("from");
    std::string condition = fmt::format("{0} >= 0 && {0} < {1}", start.text(), g_.output[d] * g_.strides[d]);
    if (g_.strides[d] > 1) condition += fmt::format(" && {} % {} == 0", start.factor(), g_.strides[d]);
    w_.guard(condition, [&] {
      const std::string value =
          g_.strides[d] > 1 ? fmt::format("{} / {}", start.factor(), g_.strides[d]) : start.text();
      w_.line(fmt::format("const int64_t {} = {};", name, value));
      Position longer = o;
      longer.push_back(Index(Atom{name, {g_.output[d] - 1, 0}, w_.depth()}));
      window_of(at, k, d + 1, longer);
    });
  }

  void add_windows(const Position& at, const Position& k, const Position& o) {
    const Index& channel = at.back();
    const Index group = channel / Size{in_group(), 0}, inside = channel % Size{in_group(), 0};
    w_.loop({out_group(), 0}, [&](const Index& f) {
      const Index filter = group * out_group() + f;
      add(w_.at(node_.inputs[0], joined_position(at[0], o, filter)), w_.at(node_.inputs[1], weight(k, inside, filter)));
    });
  }

  // at: (taps..., channel in the group, filter)
  void weight_gradient(const Position& at) {
    const Index& filter = at.back();
    const Position k(at.begin(), at.end() - 2);
    const Index channel = filter / Size{out_group(), 0} * in_group() + at[at.size() - 2];
    w_.loop(size_of(kernel_.body[node_.inputs[0]].type.shape[0]), [&](const Index& n) {
      w_.loops(sizes(g_.output), [&](const Position& o) {
        const Position p = source(o, k);
        where_inside(w_, p, g_.input, [&] {
          add(w_.at(node_.inputs[0], joined_position(n, p, channel)),
              w_.at(node_.inputs[1], joined_position(n, o, filter)));
        });
      });
    });
  }

  const Kernel& kernel_;
  const Node& node_;
  const ConvGeometry g_;
  Writer w_;
};

// Results of a bias, whose gradient is the sum of the gradient that the weights' reads.
std::string write_bias(const Kernel& kernel) {
  const Graph& body = kernel.body;
  const Shape channels{body[kernel.anchor].type.shape.back()};
  const auto is_bias = [&](const NamedValue& output) { return body[output.value].type.rank() == 1; };
  if (std::none_of(body.outputs.begin(), body.outputs.end(), is_bias)) return "";
  Writer w(body);
  walk(w, channels, [&](const Position& position) { store_results(w, position); });
  return "{\n" + w.text() + "}\n";
}

}  // namespace

Statements write_convolution(const Kernel& kernel) {
  const std::optional<Statements> tiles = write_convolution_tiles(kernel);
  Statements statements = tiles ? *tiles : Loops(kernel).write();
  statements.text += write_bias(kernel);
  return statements;
}

}  // namespace kcc::cpp
