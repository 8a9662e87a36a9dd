#include "codegen/cpp/convolution_tiles.h"

#include <fmt/format.h>

#include <algorithm>

#include "codegen/cpp/results.h"
#include "codegen/cpp/windows.h"
#include "codegen/kernels/conv.h"
#include "compiler/support/check.h"

namespace kcc::cpp {
namespace {

// What a tap of one dimension reads for the x-th result: source element x * step + offset.
struct Tap {
  int64_t k = 0, offset = 0;
};

// Results first, first + stride, ... that see the same taps.
struct Phase {
  std::vector<int64_t> first, stride, extents;
  std::vector<std::vector<Tap>> taps;  // by dimension
};

int64_t product(const std::vector<int64_t>& factors) {
  int64_t all = 1;
  for (int64_t f : factors) all *= f;
  return all;
}

// One image of a source, as it lies or with zeros around it.
struct Image {
  std::vector<int64_t> low, extents;  // of what is there: from -low
  std::vector<int64_t> strides;
  bool is_copy = false;
  std::string name;  // of the pointer to its first element
};

class Tiles {
 public:
  explicit Tiles(const Kernel& kernel)
      : kernel_(kernel), node_(kernel.body[kernel.anchor]), g_(conv_geometry(kernel.body, node_)), w_(kernel.body) {}

  bool fits() const {
    if (g_.groups != 1) return false;
    const bool is_weight_gradient = node_.op == OpKind::kConvWeightGrad;
    return is_plain(node_.inputs[1], is_weight_gradient ? 1 : 0);
  }

  Statements write() {
    if (node_.op == OpKind::kConvWeightGrad)
      weight_gradient();
    else
      windows();
    return {w_.text(), scratch_};
  }

 private:
  // Whether `v` is an operand as it lies; its first `outer` dimensions may be anything.
  bool is_plain(ValueId v, size_t outer) const {
    const Node& n = kernel_.body[v];
    return n.op == OpKind::kInput && !n.attrs.has("original") && n.type.shape.size() >= outer;
  }
  std::string operand(ValueId v) const { return fmt::format("in{}", kernel_.body[v].attrs.integer("index")); }

  std::string take_scratch(int64_t floats) {
    const std::string at = scratch_ == 0 ? "scratch" : fmt::format("scratch + {}", scratch_);
    scratch_ += floats;
    return at;
  }

  // The image of `v` from which all these are read: taps and steps of each phase.
  Image image_of(ValueId v, const std::vector<Phase>& phases, const std::vector<int64_t>& step) {
    const Shape& shape = kernel_.body[v].type.shape;
    Image image;
    for (size_t d = 0; d < g_.rank(); ++d) {
      int64_t low = 0, end = shape[d + 1].size;
      for (const Phase& phase : phases) {
        for (const Tap& tap : phase.taps[d]) {
          low = std::max(low, -tap.offset);
          end = std::max(end, (phase.extents[d] - 1) * step[d] + tap.offset + 1);
        }
      }
      image.low.push_back(low);
      image.extents.push_back(low + end);
      image.is_copy = image.is_copy || low > 0 || end > shape[d + 1].size;
    }
    image.is_copy = image.is_copy || !is_plain(v, 1);
    image.strides.assign(g_.rank(), 1);
    int64_t stride = shape.back().size;
    for (size_t d = g_.rank(); d-- > 0; stride *= image.extents[d]) image.strides[d] = stride;
    image.name = w_.fresh("image");
    if (!image.is_copy) return image;
    w_.line(fmt::format("float* const {} = {};", image.name, take_scratch(stride)));
    w_.lanes({stride, 0}, [&](const Index& i) { w_.store(image.name, i, {"0.0f", DType::kF32, 0, false, true}); });
    return image;
  }

  // Makes the image of sample `n`.
  void fetch(const Image& image, ValueId v, const Index& n) {
    const Shape& shape = kernel_.body[v].type.shape;
    const int64_t channels = shape.back().size;
    if (!image.is_copy) {
      int64_t size = channels;
      for (size_t d = 0; d < g_.rank(); ++d) size *= shape[d + 1].size;
      w_.line(fmt::format("const float* const {} = {} + {};", image.name, operand(v), (n * size).text()));
      return;
    }
    const auto place = [&](const Position& at) {
      Index offset;
      for (size_t d = 0; d < g_.rank(); ++d) offset = offset + (at[d] + Index(image.low[d])) * image.strides[d];
      return offset;
    };
    const Shape inner(shape.begin() + 1, shape.end());
    if (is_plain(v, 1)) {  // a row of elements and channels at once
      std::vector<Size> rows;
      for (size_t d = 0; d + 1 < g_.rank(); ++d) rows.push_back(size_of(inner[d]));
      w_.loops(rows, [&](Position at) {
        at.push_back(Index(0));
        const Index to = place(at);
        at.insert(at.begin(), n);
        at.push_back(Index(0));
        w_.line(fmt::format("std::memcpy({} + {}, {} + {}, {});", image.name, to.text(), operand(v),
                            w_.address(w_.node(v), at).text(), 4 * inner[g_.rank() - 1].size * channels));
      });
      return;
    }
    walk(w_, inner, [&](const Position& at) {
      w_.store(image.name, place(at) + at.back(),
               w_.at(v, joined_position(n, Position(at.begin(), at.end() - 1), at.back())));
    });
  }

  // ---- forward and input gradient

  std::vector<Phase> phases() const {
    if (node_.op == OpKind::kConv) {
      Phase phase{std::vector<int64_t>(g_.rank(), 0), std::vector<int64_t>(g_.rank(), 1), g_.output, {}};
      for (size_t d = 0; d < g_.rank(); ++d) {
        phase.taps.emplace_back();
        for (int64_t k = 0; k < g_.kernel[d]; ++k) phase.taps[d].push_back({k, k * g_.dilations[d] - g_.low[d]});
      }
      return {phase};
    }
    std::vector<Phase> all;
    for (int64_t p = 0; p < product(g_.strides); ++p) {
      Phase phase{std::vector<int64_t>(g_.rank()), g_.strides, std::vector<int64_t>(g_.rank()),
                  std::vector<std::vector<Tap>>(g_.rank())};
      bool any = true;
      int64_t rest = p;
      for (size_t d = g_.rank(); d-- > 0; rest /= g_.strides[d]) {
        const int64_t stride = g_.strides[d], first = rest % stride;
        phase.first[d] = first;
        phase.extents[d] = (g_.input[d] - first + stride - 1) / stride;
        any = any && phase.extents[d] > 0;
        // Ascending in the source: the last tap reads the first element.
        for (int64_t k = g_.kernel[d]; k-- > 0;)
          if ((first + g_.low[d] - k * g_.dilations[d]) % stride == 0)
            phase.taps[d].push_back({k, (first + g_.low[d] - k * g_.dilations[d]) / stride});
      }
      if (any) all.push_back(phase);
    }
    return all;
  }

  void windows() {
    const bool is_forward = node_.op == OpKind::kConv;
    const std::vector<Phase> all = phases();
    const std::vector<int64_t> step = is_forward ? g_.strides : std::vector<int64_t>(g_.rank(), 1);
    const ValueId source = node_.inputs[0];
    int64_t columns = 0;
    for (const Phase& phase : all) columns = std::max(columns, phase.extents.back());
    const int64_t results = node_.type.shape.back().size;
    const Image image = image_of(source, all, step);
    const std::string sums = w_.fresh("sums");
    w_.line(fmt::format("float* const {} = {};", sums, take_scratch(columns * results)));
    std::vector<std::string> weights, starts;
    for (const Phase& phase : all) {
      weights.push_back(is_forward ? operand(node_.inputs[1]) : turned_weights(phase));
      starts.push_back(start_table(phase, image));
    }
    w_.loop(size_of(node_.type.shape[0]), [&](const Index& n) {
      fetch(image, source, n);
      for (size_t p = 0; p < all.size(); ++p) phase_rows(all[p], image, step, n, weights[p], starts[p], sums);
    });
  }

  // Taps that lie side by side in the innermost dimension are one run of elements.
  bool is_run(const Phase& phase) const {
    const std::vector<Tap>& taps = phase.taps.back();
    for (size_t t = 1; t < taps.size(); ++t)
      if (taps[t].offset != taps[t - 1].offset + 1) return false;
    return true;
  }
  int64_t source_channels() const { return kernel_.body[node_.inputs[0]].type.shape.back().size; }
  int64_t run_length(const Phase& phase) const {
    return source_channels() * (is_run(phase) ? static_cast<int64_t>(phase.taps.back().size()) : 1);
  }

  // Where the runs of taps begin, from the result's own element; "" where there is no tap.
  std::string start_table(const Phase& phase, const Image& image) {
    std::vector<int64_t> starts{0};
    for (size_t d = 0; d < g_.rank(); ++d) {
      std::vector<int64_t> longer;
      const bool one = d + 1 == g_.rank() && is_run(phase) && !phase.taps[d].empty();
      for (int64_t start : starts)
        for (size_t t = 0; t < (one ? 1 : phase.taps[d].size()); ++t)
          longer.push_back(start + (phase.taps[d][t].offset + image.low[d]) * image.strides[d]);
      starts = std::move(longer);
    }
    if (starts.empty()) return "";
    const std::string name = w_.fresh("starts");
    w_.line(fmt::format("static const int64_t {}[] = {{{}}};", name, fmt::join(starts, ", ")));
    return name;
  }

  // The weights of the phase's taps in their order, each (filters, channels).
  std::string turned_weights(const Phase& phase) {
    std::vector<int64_t> taps{0};
    for (size_t d = 0; d < g_.rank(); ++d) {
      std::vector<int64_t> longer;
      for (int64_t tap : taps)
        for (const Tap& t : phase.taps[d]) longer.push_back(tap * g_.kernel[d] + t.k);
      taps = std::move(longer);
    }
    if (taps.empty()) return "";
    const int64_t size = g_.channels * g_.filters;
    const std::string name = w_.fresh("turned");
    const std::string table = w_.fresh("taps");
    w_.line(fmt::format("float* const {} = {};", name, take_scratch(size * static_cast<int64_t>(taps.size()))));
    w_.line(fmt::format("static const int64_t {}[] = {{{}}};", table, fmt::join(taps, ", ")));
    w_.loop({static_cast<int64_t>(taps.size()), 0}, [&](const Index& t) {
      w_.line(fmt::format("transpose({}, {}, {} + {}[{}] * {}, {}, {} + {});", g_.channels, g_.filters,
                          operand(node_.inputs[1]), table, t.text(), size, g_.filters, name, (t * size).text()));
    });
    return name;
  }

  // A row of results at a time.
  void phase_rows(const Phase& phase, const Image& image, const std::vector<int64_t>& step, const Index& n,
                  const std::string& weights, const std::string& starts, const std::string& sums) {
    const int64_t results = node_.type.shape.back().size, columns = phase.extents.back();
    std::vector<int64_t> outer(phase.extents.begin(), phase.extents.end() - 1);
    int64_t runs = 1;
    for (size_t d = 0; d < g_.rank(); ++d)
      if (d + 1 < g_.rank() || !is_run(phase)) runs *= static_cast<int64_t>(phase.taps[d].size());
    w_.loops(sizes(outer), [&](const Position& row) {
      if (!starts.empty()) {
        Index from;
        for (size_t d = 0; d < row.size(); ++d) from = from + row[d] * (step[d] * image.strides[d]);
        w_.line(fmt::format("multiply({}, {}, {{{} + {}, {}, 1, {}, {}, {}}}, {{{}, {}}}, {}, {});", columns, results,
                            image.name, from.text(), step.back() * source_channels(), starts, runs, run_length(phase),
                            weights, results, sums, results));
      }
      walk(w_, fixed_shape({columns, results}), [&](const Position& inside) {
        const Index sum = inside[0] * results + inside[1];
        w_.bind(kernel_.anchor, [&](const Position&) {
          if (starts.empty()) return Value{"0.0f", DType::kF32, 0, false, true};
          return Value{fmt::format("load(lanes, {} + {})", sums, sum.text()), DType::kF32, w_.depth(), true, false};
        });
        Position at{n};
        for (size_t d = 0; d < g_.rank(); ++d)
          at.push_back((d < row.size() ? row[d] : inside[0]) * phase.stride[d] + Index(phase.first[d]));
        at.push_back(inside[1]);
        store_results(w_, at);
      });
    });
  }

  // ---- weight gradient: dw as rows of (innermost tap, channel) times filters, added up image by image

  void weight_gradient() {
    Phase phase{{}, {}, g_.output, {}};
    for (size_t d = 0; d < g_.rank(); ++d) {
      phase.taps.emplace_back();
      for (int64_t k = 0; k < g_.kernel[d]; ++k) phase.taps[d].push_back({k, k * g_.dilations[d] - g_.low[d]});
    }
    const Image image = image_of(node_.inputs[0], {phase}, g_.strides);
    const bool run = g_.dilations.back() == 1;
    const int64_t rows = g_.channels * (run ? g_.kernel.back() : 1);
    std::vector<int64_t> taps(g_.kernel.begin(), g_.kernel.end() - (run ? 1 : 0));
    const std::string sums = w_.fresh("sums");
    w_.line(fmt::format("float* const {} = {};", sums, take_scratch(product(g_.kernel) * g_.channels * g_.filters)));
    std::vector<int64_t> starts{0};
    for (size_t d = 0; d + 1 < g_.rank(); ++d) {
      std::vector<int64_t> longer;
      for (int64_t start : starts)
        for (int64_t o = 0; o < g_.output[d]; ++o) longer.push_back(start + o * g_.strides[d] * image.strides[d]);
      starts = std::move(longer);
    }
    const std::string table = w_.fresh("starts");
    w_.line(fmt::format("static const int64_t {}[] = {{{}}};", table, fmt::join(starts, ", ")));
    w_.loop(size_of(kernel_.body[node_.inputs[0]].type.shape[0]), [&](const Index& n) {
      fetch(image, node_.inputs[0], n);
      w_.loops(sizes(taps), [&](const Position& k) {
        Index from, to;
        for (size_t d = 0; d < g_.rank(); ++d) {
          const Index tap = d < k.size() ? k[d] : Index(0);
          from = from + (tap * g_.dilations[d] + Index(image.low[d] - g_.low[d])) * image.strides[d];
          to = to * g_.kernel[d] + tap;
        }
        const int64_t gradient = product(g_.output) * g_.filters;
        w_.line(fmt::format("multiply({}, {}, {{{} + {}, 1, {}, {}, {}, {}}}, {{{} + {}, {}}}, {} + {}, {}, {} == 0);",
                            rows, g_.filters, image.name, from.text(), g_.strides.back() * g_.channels, table,
                            starts.size(), g_.output.back(), operand(node_.inputs[1]), (n * gradient).text(),
                            g_.filters, sums, (to * (g_.channels * g_.filters)).text(), g_.filters, n.text()));
      });
    });
    const std::vector<Size> strides = strides_of(node_.type.shape);
    walk(w_, node_.type.shape, [&](const Position& position) {
      w_.bind(kernel_.anchor, [&](const Position& p) {
        Index offset;
        for (size_t d = 0; d < p.size(); ++d) offset = offset + p[d] * strides[d];
        return Value{fmt::format("load(lanes, {} + {})", sums, offset.text()), DType::kF32, w_.depth(), true, false};
      });
      store_results(w_, position);
    });
  }

  const Kernel& kernel_;
  const Node& node_;
  const ConvGeometry g_;
  Writer w_;
  int64_t scratch_ = 0;
};

}  // namespace

std::optional<Statements> write_convolution_tiles(const Kernel& kernel) {
  Tiles tiles(kernel);
  if (!tiles.fits()) return std::nullopt;
  return tiles.write();
}

}  // namespace kcc::cpp
