// Pooling forward: the maximum or mean of each window, with element-wise work on the result. Small windows are written
// out, large ones loop. Padding never wins a maximum and is not counted in a mean.
#include "codegen/kernels/pool.h"

#include <algorithm>
#include <limits>

#include "codegen/kernels/schedule.h"
#include "codegen/math.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

constexpr int64_t kWrittenOut = 16;  // largest window without a loop

class Pool {
 public:
  Pool(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options)
      : kernel_(kernel),
        target_(target),
        options_(options),
        lowering_(kernel.body),
        node_(kernel.body[kernel.anchor]),
        is_max_(node_.op == OpKind::kMaxPool),
        geometry_(pool_geometry(node_, kernel.body[node_.inputs[0]].type.shape, node_.type.shape)),
        vars_(image_vars(geometry_.rank())) {
    KCC_CHECK(is_max_ || node_.op == OpKind::kAvgPool, "a pool");
  }

  BuiltKernel build() {
    const bool loop = geometry_.window_size() > kWrittenOut;
    Func folded("folded");
    if (loop) define_loop(folded);
    lowering_.bind(kernel_.anchor, [&](const Index& index) { return pooled(folded, loop, index); });
    const Vars all = vars_.all();
    Result result =
        define_result(Func("result"), lowering_.outputs_at(as_index(all)), all, node_.type.shape, lowering_);
    const int64_t channels = node_.type.shape.back().size;
    if (options_.level > 0) schedule_images(result.func, vars_, channels, target_.lanes);
    if (loop) schedule_loop(result.func, folded, channels);
    BuiltKernel built;
    built.pipeline = Halide::Pipeline(result.func);
    built.arguments = lowering_.arguments();
    built.schedule = loop ? "windows in a loop" : "windows written out";
    built.strict_float = true;
    return built;
  }

 private:
  Expr identity() const { return is_max_ ? Expr(-std::numeric_limits<float>::infinity()) : Expr(0.0f); }
  Expr combine(const Expr& a, const Expr& b) const { return is_max_ ? math::max(a, b) : a + b; }

  // x under an element of the window at `index`, or what changes nothing.
  Expr element(const Index& index, const Index& offset) {
    const Index window(index.begin() + 1, index.end() - 1);
    const WindowElement e = window_element(geometry_, window, offset);
    Index at{index[0]};
    at.insert(at.end(), e.position.begin(), e.position.end());
    at.push_back(index.back());
    const Expr value = lowering_.at(node_.inputs[0], at);
    return e.inside.defined() ? Halide::select(e.inside, value, identity()) : value;
  }

  Expr pooled(const Func& folded, bool loop, const Index& index) {
    Expr value = loop ? Expr(folded(reversed(index))) : Expr();
    if (!loop) {
      for (const Integers& offsets : window_offsets(geometry_)) {
        const Index offset(offsets.begin(), offsets.end());
        const Expr next = element(index, to_exprs(offsets));
        value = value.defined() ? combine(value, next) : next;
      }
    }
    if (is_max_) return value;
    return value / elements_inside(geometry_, Index(index.begin() + 1, index.end() - 1));
  }

  static Index to_exprs(const Integers& offsets) {
    Index index;
    for (int64_t o : offsets) index.push_back(narrow(o));
    return index;
  }

  void define_loop(Func& folded) {
    const Index all = as_index(vars_.all());
    Halide::Region region;
    for (size_t d = geometry_.rank(); d-- > 0;) region.push_back({0, narrow(geometry_.window[d])});
    RDom r(region, "r");
    Index offset;
    for (size_t d = 0; d < geometry_.rank(); ++d) offset.push_back(r[static_cast<int>(geometry_.rank() - 1 - d)]);
    folded(reversed(all)) = identity();
    folded(reversed(all)) = combine(folded(reversed(all)), element(all, offset));
    window_loop_ = r;
  }

  void schedule_loop(Func& out, Func& folded, int64_t channels) {
    if (options_.level == 0) {
      folded.compute_root();
      return;
    }
    const int vector = static_cast<int>(std::min<int64_t>(target_.lanes, channels));
    folded.compute_at(out, vars_.spatial.back()).store_in(Halide::MemoryType::Stack);
    if (channels > 4096) folded.store_in(Halide::MemoryType::Heap);
    const TailStrategy tail = channels % vector == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf;
    folded.bound(vars_.c, 0, narrow(channels)).vectorize(vars_.c, vector, tail);
    std::vector<Halide::VarOrRVar> order{vars_.c};
    for (int d = 0; d < window_loop_.dimensions(); ++d) order.push_back(window_loop_[d]);
    folded.update().reorder(order).vectorize(vars_.c, vector, tail);
  }

  const Kernel& kernel_;
  const MachineTarget& target_;
  const ScheduleOptions& options_;
  Lowering lowering_;
  const Node& node_;
  const bool is_max_;
  const PoolGeometry geometry_;
  const ImageVars vars_;
  RDom window_loop_;
};

}  // namespace

int64_t PoolGeometry::window_size() const {
  int64_t size = 1;
  for (int64_t w : window) size *= w;
  return size;
}

bool PoolGeometry::is_padded() const {
  for (size_t d = 0; d < rank(); ++d)
    if (low[d] > 0 || (output[d] - 1) * strides[d] - low[d] + window[d] > input[d]) return true;
  return false;
}

bool PoolGeometry::is_disjoint() const {
  for (size_t d = 0; d < rank(); ++d)
    if (low[d] > 0 || strides[d] < window[d]) return false;
  return !is_padded();
}

PoolGeometry pool_geometry(const Node& node, const Shape& x, const Shape& y) {
  PoolGeometry g;
  g.window = node.attrs.integers("window");
  g.strides = node.attrs.integers("strides");
  g.low = node.attrs.integers("low");
  g.high = node.attrs.integers("high");
  for (size_t d = 0; d < g.rank(); ++d) {
    g.input.push_back(x[d + 1].size);
    g.output.push_back(y[d + 1].size);
  }
  return g;
}

std::vector<Integers> window_offsets(const PoolGeometry& g) {
  std::vector<Integers> all{Integers{}};
  for (size_t d = 0; d < g.rank(); ++d) {
    std::vector<Integers> longer;
    for (const Integers& head : all) {
      for (int64_t k = 0; k < g.window[d]; ++k) {
        longer.push_back(head);
        longer.back().push_back(k);
      }
    }
    all = std::move(longer);
  }
  return all;
}

WindowElement window_element(const PoolGeometry& g, const Index& window, const Index& offset) {
  WindowElement e;
  for (size_t d = 0; d < g.rank(); ++d) {
    const Expr p = window[d] * narrow(g.strides[d]) + offset[d] - narrow(g.low[d]);
    const bool reaches_out = g.low[d] > 0 || (g.output[d] - 1) * g.strides[d] - g.low[d] + g.window[d] > g.input[d];
    if (!reaches_out) {
      e.position.push_back(p);
      continue;
    }
    const Expr here = p >= 0 && p < narrow(g.input[d]);
    e.inside = e.inside.defined() ? e.inside && here : here;
    e.position.push_back(Halide::clamp(p, 0, narrow(g.input[d] - 1)));
  }
  return e;
}

Expr elements_inside(const PoolGeometry& g, const Index& window) {
  Expr count = 1;
  for (size_t d = 0; d < g.rank(); ++d) {
    const Expr begin = window[d] * narrow(g.strides[d]) - narrow(g.low[d]);
    const Expr first = g.low[d] > 0 ? Halide::max(begin, 0) : begin;
    const Expr last = begin + narrow(g.window[d]);
    const bool over = (g.output[d] - 1) * g.strides[d] - g.low[d] + g.window[d] > g.input[d];
    count = count * ((over ? Halide::min(last, narrow(g.input[d])) : last) - first);
  }
  return Halide::cast<float>(Halide::Internal::simplify(count));
}

void schedule_images(Func out, const ImageVars& vars, int64_t channels, int lanes) {
  const int vector = static_cast<int>(std::min<int64_t>(lanes, channels));
  if (vector > 1)
    out.vectorize(vars.c, vector, channels % vector == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf);
  if (vars.spatial.size() < 2)
    out.parallel(vars.n);
  else
    parallel_over(out, vars.spatial[0], vars.n);
}

BuiltKernel build_pool(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  return Pool(kernel, target, options).build();
}

}  // namespace kcc
