#include "bench/kernels/shape.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "compiler/ops/conv.h"

namespace kcc::bench {
namespace {

using Sizes = std::vector<int64_t>;

const std::map<std::string, size_t> kCounts = {
    {"bias_grad", 2}, {"conv", 15},     {"conv_input_grad", 15}, {"conv_weight_grad", 15},
    {"dropout", 1},   {"max_pool", 12}, {"max_pool_grad", 12},   {"nn", 3},
    {"nt", 3},        {"rmsprop", 1},   {"softmax", 2},          {"tn", 3},
};

bool is_product(const std::string& kind) {
  return kind == "nn" || kind == "nt" || kind == "tn";
}

double product_of(const Sizes& sizes) {
  double product = 1;
  for (int64_t size : sizes) product *= static_cast<double>(size);
  return product;
}

Sizes two(const Sizes& sizes, size_t first) {
  return {sizes[first], sizes[first + 1]};
}

}  // namespace

int64_t ConvShape::out_height() const {
  return window_extent(height, kernel[0], strides[0], dilations[0], low[0], high[0]);
}
int64_t ConvShape::out_width() const {
  return window_extent(width, kernel[1], strides[1], dilations[1], low[1], high[1]);
}
int64_t PoolShape::out_height() const {
  return window_extent(height, window[0], strides[0], 1, low[0], high[0]);
}
int64_t PoolShape::out_width() const {
  return window_extent(width, window[1], strides[1], 1, low[1], high[1]);
}

ConvShape conv_of(const KernelShape& shape) {
  const Sizes& s = shape.sizes;
  return {s[0], s[1], s[2], s[3], s[4], two(s, 5), two(s, 7), two(s, 9), two(s, 11), two(s, 13)};
}

PoolShape pool_of(const KernelShape& shape) {
  const Sizes& s = shape.sizes;
  return {s[0], s[1], s[2], s[3], two(s, 4), two(s, 6), two(s, 8), two(s, 10)};
}

std::string KernelShape::name() const {
  std::string text = kind + "/";
  const auto joined = [&](const Sizes& all) {
    for (size_t i = 0; i < all.size(); ++i) text += (i > 0 ? "x" : "") + std::to_string(all[i]);
  };
  if (kind.rfind("conv", 0) != 0 && kind.rfind("max_pool", 0) != 0) {
    joined(sizes);
    return text;
  }
  joined({sizes[0], sizes[1], sizes[2], sizes[3]});
  if (kind.rfind("conv", 0) == 0) {
    const ConvShape c = conv_of(*this);
    text += "->" + std::to_string(c.filters) + "_k";
    joined(c.kernel);
    if (c.strides != Sizes{1, 1}) text += "_s", joined(c.strides);
    if (c.dilations != Sizes{1, 1}) text += "_d", joined(c.dilations);
    if (c.low != Sizes{0, 0} || c.high != Sizes{0, 0}) text += "_same";
  } else {
    const PoolShape p = pool_of(*this);
    text += "_k";
    joined(p.window);
    text += "_s";
    joined(p.strides);
  }
  return text;
}

double KernelShape::flops() const {
  if (is_product(kind)) return 2 * product_of(sizes);
  if (kind.rfind("conv", 0) != 0) return 0;
  const ConvShape c = conv_of(*this);
  return 2 * product_of({c.batch, c.out_height(), c.out_width(), c.filters, c.channels}) * product_of(c.kernel);
}

double KernelShape::bytes() const {
  if (is_product(kind)) {
    const Sizes& s = sizes;
    return 4 * (product_of({s[0], s[1]}) + product_of({s[1], s[2]}) + product_of({s[0], s[2]}));
  }
  if (kind.rfind("conv", 0) == 0) {
    const ConvShape c = conv_of(*this);
    return 4 * (product_of({c.batch, c.height, c.width, c.channels}) +
                product_of({c.batch, c.out_height(), c.out_width(), c.filters}) +
                product_of(c.kernel) * product_of({c.channels, c.filters}));
  }
  if (kind.rfind("max_pool", 0) == 0) {
    const PoolShape p = pool_of(*this);
    const double image = product_of({p.batch, p.height, p.width, p.channels});
    const double pooled = product_of({p.batch, p.out_height(), p.out_width(), p.channels});
    // The gradient reads the picture and the pooled gradient, and writes a picture; where the maximum was it sees
    // itself.
    return 4 * (kind == "max_pool" ? image + pooled : 2 * image + pooled);
  }
  if (kind == "softmax") return 4 * (3 * product_of(sizes) + 2 * static_cast<double>(sizes[0]));
  const double accesses = kind == "rmsprop" ? 5 : kind == "dropout" ? 2 : 1;
  return 4 * accesses * product_of(sizes);
}

std::vector<KernelShape> read_shapes(const std::string& path) {
  std::ifstream file(path);
  std::vector<KernelShape> shapes;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    KernelShape shape;
    if (!(words >> shape.kind) || shape.kind[0] == '#') continue;
    for (int64_t size; words >> size;) shape.sizes.push_back(size);
    const auto known = kCounts.find(shape.kind);
    if (known == kCounts.end() || known->second != shape.sizes.size()) {
      std::fprintf(stderr, "bench_kernels: error: %s: not understood: %s\n", path.c_str(), line.c_str());
      std::exit(1);
    }
    shapes.push_back(shape);
  }
  if (shapes.empty()) {
    std::fprintf(stderr, "bench_kernels: error: no shapes in %s\n", path.c_str());
    std::exit(1);
  }
  return shapes;
}

}  // namespace kcc::bench
