// Gradient of a convolution with respect to its input:
//   dx[n, i, ci] = sum over k, co of g[n, o, co] w[k, ci, co] where i = o*stride + k*dilation - low
// With stride 1 it is a convolution of the gradient with the weights turned, in the forward kernel's tiles. With
// strides, positions i of equal remainders see the same taps: each combination of remainders (a phase) is such a
// convolution with its own taps, and the phases interleave. No product with a zero is ever done.
#include <algorithm>
#include <numeric>

#include "codegen/kernels/conv.h"
#include "codegen/kernels/schedule.h"
#include "codegen/kernels/winograd.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

// The taps of one dimension that reach positions p, p + stride, ...: tap k = first + t*step for t < count, and then
// o = x + offset + t*tap_step for the x-th of those positions.
struct PhaseTaps {
  int64_t first = 0, step = 1, count = 0, offset = 0, tap_step = 0;
};

PhaseTaps phase_taps(int64_t p, int64_t kernel, int64_t stride, int64_t dilation, int64_t low) {
  PhaseTaps taps;
  taps.step = stride / std::gcd(stride, dilation);
  while (taps.first < kernel && (p + low - taps.first * dilation) % stride != 0) ++taps.first;
  if (taps.first >= kernel) return taps;
  taps.count = (kernel - taps.first + taps.step - 1) / taps.step;
  taps.offset = (p + low - taps.first * dilation) / stride;
  taps.tap_step = -taps.step * dilation / stride;
  return taps;
}

class InputGrad {
 public:
  InputGrad(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options)
      : kernel_(kernel),
        target_(target),
        lowering_(kernel.body),
        node_(kernel.body[kernel.anchor]),
        geometry_(conv_geometry(kernel.body, node_)),
        vars_(image_vars(geometry_.rank())),
        options_(options),
        choices_(options),
        plain_(options.level == 0 || may_overwrite_operands(kernel.body)) {
    KCC_CHECK(node_.op == OpKind::kConvInputGrad, "an input gradient");
  }

  BuiltKernel build() {
    const bool strided =
        std::any_of(geometry_.strides.begin(), geometry_.strides.end(), [](int64_t s) { return s > 1; });
    const Result result = strided ? phases() : direct();
    BuiltKernel built;
    built.pipeline = Halide::Pipeline(result.func);
    built.arguments = lowering_.arguments();
    built.schedule = text_;
    built.choices = choices_.taken();
    return built;
  }

 private:
  // The weights as the tiles read them, result channels innermost: turned(c, i, tap...)
  Func turned_weights(const std::vector<PhaseTaps>& taps) {
    const int64_t in_group = geometry_.channels / geometry_.groups, out_group = geometry_.filters / geometry_.groups;
    Var c("c"), i("i");
    Vars t;
    Index index;
    for (size_t d = 0; d < taps.size(); ++d) {
      t.emplace_back(numbered("t", d));
      index.push_back(t[d] * narrow(taps[d].step) + narrow(taps[d].first));
    }
    const bool grouped = geometry_.groups > 1;
    index.push_back(grouped ? c % narrow(in_group) : Expr(c));
    index.push_back(grouped ? c / narrow(in_group) * narrow(out_group) + i : Expr(i));
    Func turned("turned");
    Vars args = t;
    args.push_back(i);
    args.push_back(c);
    turned(reversed(args)) = lowering_.at(node_.inputs[1], index);
    // Rows of w lie along i: reading them in order beats writing in order.
    turned.compute_root().bound(c, 0, narrow(geometry_.channels)).reorder(i, c);
    return turned;
  }

  WindowProduct product(const std::vector<PhaseTaps>& taps, const Integers& extents) {
    WindowProduct p;
    p.source_channels = geometry_.filters / geometry_.groups;
    p.channels = geometry_.channels;
    p.groups = geometry_.groups;
    p.extents = extents;
    p.source = geometry_.output;
    p.step = Integers(taps.size(), 1);
    bool any = true;
    for (const PhaseTaps& t : taps) {
      p.taps.push_back(t.count);
      p.tap_step.push_back(t.tap_step);
      p.offset.push_back(t.offset);
      any &= t.count > 0;
    }
    p.read = [this](const Index& index) { return lowering_.at(node_.inputs[0], index); };
    if (any) {
      const Func turned = turned_weights(taps);
      p.weight = [turned](const Expr& i, const Index& tap, const Expr& c) {
        Index index = tap;
        index.push_back(i);
        index.push_back(c);
        return turned(reversed(index));
      };
    }
    return p;
  }

  std::vector<PhaseTaps> taps_of(const Integers& phase) const {
    std::vector<PhaseTaps> taps;
    const ConvGeometry& g = geometry_;
    for (size_t d = 0; d < g.rank(); ++d)
      taps.push_back(phase_taps(phase[d], g.kernel[d], g.strides[d], g.dilations[d], g.low[d]));
    return taps;
  }

  Result results(const Access& gradient) {
    lowering_.bind(kernel_.anchor, gradient);
    const Vars all = vars_.all();
    return define_result(Func("result"), strict(lowering_.outputs_at(as_index(all))), all, node_.type.shape, lowering_);
  }

  Result direct() {
    const WindowProduct window = product(taps_of(Integers(geometry_.rank(), 0)), geometry_.input);
    if (const int m = plain_ ? 0 : choose_winograd(window, target_, options_, choices_)) {
      WinogradProduct winograd(window, vars_, target_, options_, m, lowering_.extent(node_.type.shape[0]), choices_);
      const Func sum = winograd.sum();
      Result result = results([sum](const Index& index) { return sum(reversed(index)); });
      winograd.schedule(result.func);
      text_ = winograd.text();
      return result;
    }
    TiledProduct tiled(window, vars_, target_);
    const Func sum = tiled.sum();
    Result result = results([sum](const Index& index) { return sum(reversed(index)); });
    if (plain_)
      tiled.schedule_plain();
    else
      tiled.schedule(result.func, true, 14, choices_);
    text_ = tiled.text();
    return result;
  }

  Result phases() {
    const ConvGeometry& g = geometry_;
    int64_t count = 1;
    Integers extents;
    for (size_t d = 0; d < g.rank(); ++d) {
      count *= g.strides[d];
      extents.push_back((g.input[d] + g.strides[d] - 1) / g.strides[d]);
    }
    std::vector<Func> parts;
    std::vector<TiledProduct> tiles;
    for (int64_t p = 0; p < count; ++p) {
      Integers phase(g.rank());
      int64_t rest = p;
      for (size_t d = g.rank(); d-- > 0; rest /= g.strides[d]) phase[d] = rest % g.strides[d];
      tiles.emplace_back(product(taps_of(phase), extents), vars_, target_);
      Func part("phase");
      const Index all = as_index(vars_.all());
      part(reversed(all)) = tiles.back().sum()(reversed(all));
      parts.push_back(part);
    }
    Result result = results([&](const Index& index) {
      Index inside = index;
      Expr phase = 0;
      for (size_t d = 0; d < g.rank(); ++d) {
        const int32_t stride = narrow(g.strides[d]);
        inside[d + 1] = index[d + 1] / stride;
        phase = phase * stride + index[d + 1] % stride;
      }
      std::vector<Expr> values;
      for (const Func& part : parts) values.push_back(part(reversed(inside)));
      return Halide::mux(phase, values);
    });
    schedule_phases(result, parts, tiles);
    return result;
  }

  // An image at a time: all phases into scratch, then interleaved with the epilogue.
  void schedule_phases(Result& result, std::vector<Func>& parts, std::vector<TiledProduct>& tiles) {
    text_ = std::to_string(parts.size()) + " phases, plain loops";
    if (plain_) {
      for (TiledProduct& tiled : tiles) tiled.schedule_plain();
      for (Func& part : parts) part.compute_root();
      return;
    }
    // Many phases share the code budget of four.
    const int64_t max_tile = parts.size() <= 4 ? 14 : 4;
    Choices usual({});  // not tuned: each phase would be another choice
    for (size_t p = 0; p < parts.size(); ++p) {
      parts[p].compute_at(result.func, vars_.n);
      tiles[p].schedule(parts[p], false, max_tile, usual);
    }
    text_ = std::to_string(parts.size()) + " phases, " + tiles[0].text();
    Func& out = result.func;
    const int vector = static_cast<int>(std::min<int64_t>(target_.lanes, geometry_.channels));
    const bool divides = geometry_.channels % vector == 0;
    std::vector<VarOrRVar> order{vars_.c}, outer;
    for (size_t d = geometry_.rank(); d-- > 0;) {
      Var rest(numbered("rest", d));
      const int32_t stride = narrow(geometry_.strides[d]);
      const bool whole = geometry_.input[d] % stride == 0;
      out.split(vars_.spatial[d], vars_.spatial[d], rest, stride,
                whole ? TailStrategy::Auto : TailStrategy::GuardWithIf)
          .unroll(rest);
      order.push_back(rest);
      outer.push_back(vars_.spatial[d]);
    }
    order.insert(order.end(), outer.begin(), outer.end());
    order.push_back(vars_.n);
    out.reorder(order).parallel(vars_.n).vectorize(vars_.c, vector,
                                                   divides ? TailStrategy::Auto : TailStrategy::ShiftInwards);
  }

  const Kernel& kernel_;
  const MachineTarget& target_;
  Lowering lowering_;
  const Node& node_;
  const ConvGeometry geometry_;
  const ImageVars vars_;
  const ScheduleOptions& options_;
  Choices choices_;
  const bool plain_;
  std::string text_;
};

}  // namespace

BuiltKernel build_conv_input_grad(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  return InputGrad(kernel, target, options).build();
}

}  // namespace kcc
