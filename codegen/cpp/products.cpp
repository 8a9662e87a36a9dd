// Products of matrices, one or one a sample: out[..., m, n] = finish(sum over k of a[..., m, k] b[..., k, n]). Where
// both sides are operands as they lie, or moved, in register tiles (templates/cpp/products.h); else loop by loop.
// Weights in panels (compiler/ops/panels.h) are a product each. Results may be as wide as one gate of the product.
#include <fmt/format.h>

#include "codegen/cpp/families.h"
#include "codegen/cpp/results.h"
#include "compiler/ops/panels.h"
#include "compiler/support/check.h"

namespace kcc::cpp {
namespace {

// Floats of sums that stay in the first cache beside what they are made of.
constexpr int64_t kSums = 4096;

class Product {
 public:
  explicit Product(const Kernel& kernel)
      : kernel_(kernel), node_(kernel.body[kernel.anchor]), w_(kernel.body), shape_(node_.type.shape) {
    KCC_CHECK(node_.op == OpKind::kMatMul, "a product");
    transpose_a_ = node_.attrs.integer("transpose_a") != 0;
    transpose_b_ = node_.attrs.integer("transpose_b") != 0;
    const Shape& a = kernel.body[node_.inputs[0]].type.shape;
    depth_ = size_of(a[a.size() - (transpose_a_ ? 2 : 1)]);
    rows_ = size_of(shape_[shape_.size() - 2]);
    columns_ = size_of(shape_.back());
    width_ = size_of(kernel.body[kernel.body.outputs.at(0).value].type.shape.back());
  }

  Statements write() {
    if (has_panels(kernel_.body, node_)) {
      write_panels();
      return {w_.text(), scratch_};
    }
    std::vector<Size> outer;
    for (size_t d = 0; d + 2 < shape_.size(); ++d) outer.push_back(size_of(shape_[d]));
    w_.loops(outer, [&](const Position& sample) {
      if (!write_tiles(sample)) write_loops(sample);
    });
    return {w_.text(), scratch_};
  }

 private:
  static Position with(Position sample, bool transposed, const Index& row, const Index& column) {
    sample.push_back(transposed ? column : row);
    sample.push_back(transposed ? row : column);
    return sample;
  }

  bool write_tiles(const Position& sample) {
    if (columns_.batched != 0) return false;
    const Index m(Atom{"m", rows_ - Size{1, 0}}), n(Atom{"n", columns_ - Size{1, 0}}),
        k(Atom{"k", depth_ - Size{1, 0}});
    const Writer::Place a = w_.place_of(node_.inputs[0], with(sample, transpose_a_, m, k));
    const Writer::Place b = w_.place_of(node_.inputs[1], with(sample, transpose_b_, k, n));
    if (a.base.empty() || b.base.empty() || !a.offset.is_sum_of_names() || !b.offset.is_sum_of_names()) return false;
    const bool turned = b.offset.factor_of("n") != Size{1, 0};
    if (turned && (b.offset.factor_of("k") != Size{1, 0} || depth_.batched != 0)) return false;

    const int64_t block = std::max<int64_t>(24, kSums / columns_.fixed / 24 * 24);
    const int64_t sums = block * columns_.fixed;
    scratch_ = sums + (turned ? depth_.fixed * columns_.fixed : 0);
    const auto pointer = [](const Writer::Place& place, const std::vector<std::string>& gone) {
      const Index rest = place.offset.without(gone);
      return rest.text() == "0" ? place.base : place.base + " + " + rest.text();
    };
    std::string right = pointer(b, {"k", "n"}), right_row = to_string(b.offset.factor_of("k"));
    if (turned) {
      w_.line(fmt::format("float* const turned = scratch + {};", sums));
      w_.line(fmt::format("transpose({}, {}, {}, {}, turned);", columns_.fixed, depth_.fixed, right,
                          to_string(b.offset.factor_of("n"))));
      right = "turned";
      right_row = fmt::format("{}", columns_.fixed);
    }
    w_.line("const int64_t start = 0;");
    w_.line(fmt::format("const Left left{{{}, {}, {}, &start, 1, {}}};", pointer(a, {"m", "k"}),
                        to_string(a.offset.factor_of("m")), to_string(a.offset.factor_of("k")), to_string(depth_)));
    w_.line(fmt::format("const Right right{{{}, {}}};", right, right_row));
    const std::string row = w_.fresh("row"), sum = w_.fresh("sums");
    w_.function(
        fmt::format("multiply_in_blocks({}, {}, left, right, scratch, {}, [&](int64_t {}, const float* {}) {{",
                    to_string(rows_), columns_.fixed, block, row, sum),
        {{row, rows_ - Size{1, 0}}},
        [&](const Position& position) {
          w_.lanes(width_, [&](const Index& column) {
            w_.bind(kernel_.anchor, [this, sum](const Position& p) {
              return Value{fmt::format("load(lanes, {} + {})", sum, p.back().text()), DType::kF32, w_.depth(), true,
                           false};
            });
            Position all = sample;
            all.push_back(position[0]);
            all.push_back(column);
            store_results(w_, all);
          });
        },
        "});");
    return true;
  }

  // Panel by panel: the sums of its columns, gate after gate.
  void write_panels() {
    const Shape& panels = kernel_.body[node_.inputs[1]].type.shape;
    const int64_t tiles = panels[0].size, gates = panels[2].size, lanes = panels[3].size, units = tiles * lanes;
    const int64_t block = std::max<int64_t>(24, kSums / (gates * lanes) / 24 * 24);
    scratch_ = block * gates * lanes;
    w_.line("const int64_t start = 0;");
    w_.loop({tiles, 0}, [&](const Index& tile) {
      const Index m(Atom{"m", rows_ - Size{1, 0}});
      const Writer::Place a = w_.place_of(node_.inputs[0], {m, Index(0)});
      const Writer::Place b = w_.place_of(node_.inputs[1], {tile, Index(0), Index(0), Index(0)});
      KCC_CHECK(!a.base.empty() && !b.base.empty(), "a product of operands as they lie");
      w_.line(fmt::format("const Left left{{{}, {}, 1, &start, 1, {}}};", a.base, to_string(a.offset.factor_of("m")),
                          to_string(depth_)));
      w_.line(fmt::format("const Right right{{{} + {}, {}}};", b.base, b.offset.text(), gates * lanes));
      const std::string row = w_.fresh("row"), sum = w_.fresh("sums");
      w_.function(
          fmt::format("multiply_in_blocks({}, {}, left, right, scratch, {}, [&](int64_t {}, const float* {}) {{",
                      to_string(rows_), gates * lanes, block, row, sum),
          {{row, rows_ - Size{1, 0}}},
          [&](const Position& position) { finish_panel(position[0], tile * lanes, sum, lanes, units); }, "});");
    });
  }

  // Stores what a row's sums over the units from `first` on make: one result a unit, or one a gate and unit.
  void finish_panel(const Index& row, const Index& first, const std::string& sum, int64_t lanes, int64_t units) {
    for (int64_t gate = 0; gate * units < width_.fixed; ++gate) {
      w_.lanes({lanes, 0}, [&](const Index& lane) {
        const Index unit = first + lane;
        w_.bind(kernel_.anchor, [this, sum, unit, lane, lanes, units](const Position& p) {
          const Index from_unit = p.back() - unit;
          KCC_CHECK(from_unit.is_constant(), "a gate of the unit");
          const Index at = lane + Index(from_unit.least().fixed / units * lanes);
          return Value{fmt::format("load(lanes, {} + {})", sum, at.text()), DType::kF32, w_.depth(), true, false};
        });
        store_results(w_, {row, unit + Index(gate * units)});
      });
    }
  }

  void write_loops(const Position& sample) {
    KCC_CHECK(width_ == columns_, "gates of operands as they lie");
    w_.loop(rows_, [&](const Index& row) {
      w_.lanes(columns_, [&](const Index& column) {
        const int depth = w_.depth();
        w_.line("Sum<Floats> sum;");
        w_.loop(depth_, [&](const Index& k) {
          const Value a = w_.at(node_.inputs[0], with(sample, transpose_a_, row, k));
          const Value b = w_.at(node_.inputs[1], with(sample, transpose_b_, k, column));
          w_.line(fmt::format("sum.add(All{{}}, {} * {});", w_.named(a).text, w_.named(w_.spread(b)).text));
        });
        w_.bind(kernel_.anchor, [depth](const Position&) {
          return Value{"sum.value()", DType::kF32, depth, true, false};
        });
        Position all = sample;
        all.push_back(row);
        all.push_back(column);
        store_results(w_, all);
      });
    });
  }

  const Kernel& kernel_;
  const Node& node_;
  Writer w_;
  const Shape& shape_;
  bool transpose_a_ = false, transpose_b_ = false;
  Size rows_, columns_, depth_;
  Size width_;  // of the results: all columns, or a gate's
  int64_t scratch_ = 0;
};

}  // namespace

Statements write_product(const Kernel& kernel) {
  return Product(kernel).write();
}

}  // namespace kcc::cpp
