// The interpreter's products, convolutions and pooling.
#include <algorithm>
#include <limits>

#include "compiler/support/check.h"
#include "tests/support/interpreter_call.h"

namespace kcc::testing {
namespace {

// Visits every pair of an element of an image x: (B, spatial..., C) and an element of y: (B, out..., anything) that
// lies in its window: visit(batch and spatial index of x, of y, index in the window).
struct Windows {
  Index image, window, out;  // spatial extents
  std::vector<int64_t> strides, dilations, low;

  void visit(int64_t batch, const std::function<void(const Index&, const Index&, const Index&)>& pair) const {
    for (int64_t n = 0; n < batch; ++n) {
      for_each_index(out, [&](const Index& o) {
        for_each_index(window, [&](const Index& k) {
          Index x{n}, y{n};
          for (size_t d = 0; d < out.size(); ++d) {
            x.push_back(o[d] * strides[d] + k[d] * dilations[d] - low[d]);
            if (x.back() < 0 || x.back() >= image[d]) return;
            y.push_back(o[d]);
          }
          pair(x, y, k);
        });
      });
    }
  }
};

Index spatial(const Index& extents) {
  return Index(extents.begin() + 1, extents.end() - 1);
}

Index with(Index index, std::initializer_list<int64_t> more) {
  index.insert(index.end(), more);
  return index;
}

// All three products run over the same terms y[b, o, f] <- x[b, o*stride + k*dilation - low, c] * w[k, c, f].
void for_each_conv_term(const Call& c, const Index& x, const Index& w, const Index& y,
                        const std::function<void(const Index&, const Index&, const Index&)>& term) {
  const Attrs& attrs = c.attrs();
  const Index window(w.begin(), w.end() - 2);
  const Windows windows{
      spatial(x), window, spatial(y), attrs.integers("strides"), attrs.integers("dilations"), attrs.integers("low")};
  const int64_t filters = w.back(), channels = w[w.size() - 2], per_group = filters / attrs.integer("groups");
  windows.visit(x[0], [&](const Index& at_x, const Index& at_y, const Index& k) {
    for (int64_t f = 0; f < filters; ++f) {
      for (int64_t ch = 0; ch < channels; ++ch) {
        term(with(at_x, {f / per_group * channels + ch}), with(k, {ch, f}), with(at_y, {f}));
      }
    }
  });
}

void for_each_pool_pair(const Call& c, const Index& x, const Index& y,
                        const std::function<void(const Index&, const Index&)>& pair) {
  const Attrs& attrs = c.attrs();
  const std::vector<int64_t>& window = attrs.integers("window");
  const Windows windows{
      spatial(x),           window, spatial(y), attrs.integers("strides"), std::vector<int64_t>(window.size(), 1),
      attrs.integers("low")};
  windows.visit(x[0], [&](const Index& at_x, const Index& at_y, const Index&) {
    for (int64_t ch = 0; ch < x.back(); ++ch) pair(with(at_x, {ch}), with(at_y, {ch}));
  });
}

// How many elements of the image each window holds.
Array window_counts(const Call& c, const Index& x, const Index& y) {
  Array counts = zeros(y);
  for_each_pool_pair(c, x, y, [&](const Index&, const Index& at_y) { counts.at(at_y) += 1; });
  return counts;
}

}  // namespace

// compiler/ops/panels.h
static Array matmul_panels(const Array& a, const Array& panels, const std::vector<int64_t>& extents) {
  const int64_t tiles = panels.extents[0], depth = panels.extents[1], lanes = panels.extents[3];
  return fill(extents, [&](const Index& i) {
    double sum = 0;
    for (int64_t k = 0; k < depth; ++k)
      sum += a.at({i[0], k}) * panels.at({i[1] / lanes % tiles, k, i[1] / (lanes * tiles), i[1] % lanes});
    return sum;
  });
}

Array matmul(const Call& c) {
  if (c.operand(1).extents.size() > c.operand(0).extents.size())
    return matmul_panels(c.operand(0), c.operand(1), c.extents);
  const bool ta = c.attrs().integer("transpose_a") != 0, tb = c.attrs().integer("transpose_b") != 0;
  const Array &a = c.operand(0), &b = c.operand(1);
  const size_t outer = a.extents.size() - 2;
  const int64_t depth = a.extents[outer + (ta ? 0 : 1)];
  KCC_CHECK(depth == b.extents[outer + (tb ? 1 : 0)], "inner extents agree");
  return fill(c.extents, [&](const Index& i) {
    Index at_a = i, at_b = i;
    double sum = 0;
    for (int64_t k = 0; k < depth; ++k) {
      at_a[outer] = ta ? k : i[outer];
      at_a[outer + 1] = ta ? i[outer] : k;
      at_b[outer] = tb ? i[outer + 1] : k;
      at_b[outer + 1] = tb ? k : i[outer + 1];
      sum += a.at(at_a) * b.at(at_b);
    }
    return sum;
  });
}

Array conv(const Call& c) {
  const Array &x = c.operand(0), &w = c.operand(1);
  Array y = zeros(c.extents);
  for_each_conv_term(c, x.extents, w.extents, y.extents, [&](const Index& at_x, const Index& at_w, const Index& at_y) {
    y.at(at_y) += x.at(at_x) * w.at(at_w);
  });
  return y;
}

Array conv_input_grad(const Call& c) {
  const Array &g = c.operand(0), &w = c.operand(1);
  Array x = zeros(c.extents);
  for_each_conv_term(c, x.extents, w.extents, g.extents, [&](const Index& at_x, const Index& at_w, const Index& at_y) {
    x.at(at_x) += g.at(at_y) * w.at(at_w);
  });
  return x;
}

Array conv_weight_grad(const Call& c) {
  const Array &x = c.operand(0), &g = c.operand(1);
  Array w = zeros(c.extents);
  for_each_conv_term(c, x.extents, w.extents, g.extents, [&](const Index& at_x, const Index& at_w, const Index& at_y) {
    w.at(at_w) += x.at(at_x) * g.at(at_y);
  });
  return w;
}

Array max_pool(const Call& c) {
  const Array& x = c.operand(0);
  Array y = zeros(c.extents);
  std::fill(y.values.begin(), y.values.end(), -std::numeric_limits<double>::infinity());
  for_each_pool_pair(c, x.extents, y.extents,
                     [&](const Index& at_x, const Index& at_y) { y.at(at_y) = larger(y.at(at_y), x.at(at_x)); });
  return y;
}

Array max_pool_grad(const Call& c) {
  const Array &x = c.operand(0), &y = c.operand(1), &g = c.operand(2);
  Array result = zeros(c.extents), taken = zeros(y.extents);
  for_each_pool_pair(c, x.extents, y.extents, [&](const Index& at_x, const Index& at_y) {
    if (taken.at(at_y) != 0 || x.at(at_x) != y.at(at_y)) return;
    taken.at(at_y) = 1;
    result.at(at_x) += g.at(at_y);
  });
  return result;
}

Array avg_pool(const Call& c) {
  const Array& x = c.operand(0);
  const Array counts = window_counts(c, x.extents, c.extents);
  Array y = zeros(c.extents);
  for_each_pool_pair(c, x.extents, y.extents,
                     [&](const Index& at_x, const Index& at_y) { y.at(at_y) += x.at(at_x) / counts.at(at_y); });
  return y;
}

Array avg_pool_grad(const Call& c) {
  const Array& g = c.operand(0);
  const Array counts = window_counts(c, c.extents, g.extents);
  Array x = zeros(c.extents);
  for_each_pool_pair(c, x.extents, g.extents,
                     [&](const Index& at_x, const Index& at_y) { x.at(at_x) += g.at(at_y) / counts.at(at_y); });
  return x;
}

}  // namespace kcc::testing
