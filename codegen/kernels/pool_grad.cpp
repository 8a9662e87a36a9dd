// Gradients of pooling. Of a maximum: the first of equal maxima in scan order takes the gradient (a NaN counts as the
// maximum). Where windows are disjoint and small, each element looks at its own window; else the position of each
// window's maximum is found first, and each element adds up the windows that chose it. Of a mean: each element takes
// its share of every window it lies in.
#include <algorithm>
#include <limits>

#include "codegen/kernels/pool.h"
#include "codegen/kernels/schedule.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::is_nan;
using Halide::select;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

// Largest window whose maximum is found in one expression: it grows too fast beyond.
constexpr int64_t kInlineWindow = 4;

class PoolGrad {
 public:
  PoolGrad(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options)
      : kernel_(kernel),
        target_(target),
        options_(options),
        lowering_(kernel.body),
        node_(kernel.body[kernel.anchor]),
        is_max_(node_.op == OpKind::kMaxPoolGrad),
        gradient_(node_.inputs.back()),
        geometry_(pool_geometry(node_, node_.type.shape, kernel.body[gradient_].type.shape)),
        vars_(image_vars(geometry_.rank())) {
    KCC_CHECK(is_max_ || node_.op == OpKind::kAvgPoolGrad, "a gradient of a pool");
  }

  BuiltKernel build() {
    const bool disjoint = geometry_.is_disjoint();
    Func choice("choice");
    const bool first_choose = is_max_ && (!disjoint || geometry_.window_size() > kInlineWindow);
    if (first_choose) define_choice(choice);
    const auto chosen = [&](const Index& index) -> Expr {
      return first_choose ? Expr(choice(reversed(index))[1]) : chosen_of_small(index);
    };
    lowering_.bind(kernel_.anchor, [&](const Index& index) {
      return disjoint ? own_window(index, chosen) : all_windows(index, chosen);
    });
    const Vars all = vars_.all();
    Result result =
        define_result(Func("result"), lowering_.outputs_at(as_index(all)), all, node_.type.shape, lowering_);
    if (first_choose) schedule_choice(result.func, choice);
    if (options_.level > 0) schedule(result.func, disjoint, first_choose);
    BuiltKernel built;
    built.pipeline = Halide::Pipeline(result.func);
    built.arguments = lowering_.arguments();
    built.schedule = disjoint ? "disjoint windows" : "overlapping windows";
    built.strict_float = true;
    return built;
  }

 private:
  static Index spatial(const Index& index) { return Index(index.begin() + 1, index.end() - 1); }

  static Index with(const Index& index, const Index& position) {
    Index all{index[0]};
    all.insert(all.end(), position.begin(), position.end());
    all.push_back(index.back());
    return all;
  }

  // (the maximum, which element of the window it is in scan order), element by element.
  void define_choice(Func& choice) {
    const Index all = as_index(vars_.all());
    Halide::Region region;
    for (size_t d = geometry_.rank(); d-- > 0;) region.push_back({0, narrow(geometry_.window[d])});
    window_loop_ = Halide::RDom(region, "w");
    Index offset;
    Expr number = 0;
    for (size_t d = 0; d < geometry_.rank(); ++d) {
      offset.push_back(window_loop_[static_cast<int>(geometry_.rank() - 1 - d)]);
      number = number * narrow(geometry_.window[d]) + offset.back();
    }
    const WindowElement e = window_element(geometry_, spatial(all), offset);
    const Expr value = lowering_.at(node_.inputs[0], with(all, e.position));
    const std::vector<Expr> args = reversed(all);
    choice(args) = Halide::Tuple(-std::numeric_limits<float>::infinity(), -1);
    const Expr best = choice(args)[0], where = choice(args)[1];
    Expr better = value > best || (is_nan(value) && !is_nan(best)) || where < 0;
    if (e.inside.defined()) better = better && e.inside;
    choice(args) = Halide::Tuple(select(better, value, best), select(better, number, where));
  }

  // The same for small windows inside x, in one expression.
  Expr chosen_of_small(const Index& index) {
    Expr best, where;
    int32_t count = 0;
    for (const Integers& offsets : window_offsets(geometry_)) {
      Index offset;
      for (int64_t o : offsets) offset.push_back(narrow(o));
      const WindowElement e = window_element(geometry_, spatial(index), offset);
      const Expr value = lowering_.at(node_.inputs[0], with(index, e.position));
      if (where.defined()) {
        const Expr better = value > best || (is_nan(value) && !is_nan(best));
        where = select(better, count, where);
        best = select(better, value, best);
      } else {
        where = 0;
        best = value;
      }
      ++count;
    }
    return where;
  }

  Expr share(const Index& window, const Index& index) {
    const Expr g = lowering_.at(gradient_, with(index, window));
    return is_max_ ? g : g / elements_inside(geometry_, window);
  }

  // Disjoint windows: element i lies in window i / stride or in none.
  Expr own_window(const Index& index, const Access& chosen) {
    Index window;
    Expr own = 0, covered;
    for (size_t d = 0; d < geometry_.rank(); ++d) {
      const int64_t stride = geometry_.strides[d], size = geometry_.window[d], count = geometry_.output[d];
      const Expr i = index[d + 1];
      Expr w = stride == 1 ? i : i / narrow(stride);
      const Expr offset = stride == 1 ? Expr(0) : i % narrow(stride);
      own = own * narrow(size) + offset;
      Expr here;
      if (stride > size) here = offset < narrow(size);
      if (count * stride < geometry_.input[d] || stride > size) {
        const Expr exists = w < narrow(count);
        here = here.defined() ? here && exists : exists;
        w = Halide::min(w, narrow(count - 1));
      }
      if (here.defined()) covered = covered.defined() ? covered && here : here;
      window.push_back(w);
    }
    Expr value = share(window, index);
    if (is_max_) value = select(chosen(with(index, window)) == own, value, 0.0f);
    return covered.defined() ? select(covered, value, 0.0f) : value;
  }

  // Any windows: those that hold element i through offset k have window*stride + k - low = i.
  Expr all_windows(const Index& index, const Access& chosen) {
    Expr sum = 0.0f;
    int32_t count = 0;
    for (const Integers& offsets : window_offsets(geometry_)) {
      Index window;
      Expr here;
      for (size_t d = 0; d < geometry_.rank(); ++d) {
        const int32_t stride = narrow(geometry_.strides[d]);
        const Expr start = index[d + 1] + narrow(geometry_.low[d] - offsets[d]);
        const Expr w = stride == 1 ? start : start / stride;
        Expr exists = w >= 0 && w < narrow(geometry_.output[d]);
        if (stride > 1) exists = exists && start % stride == 0;
        here = here.defined() ? here && exists : exists;
        window.push_back(Halide::clamp(w, 0, narrow(geometry_.output[d] - 1)));
      }
      if (is_max_) here = here && chosen(with(index, window)) == count;
      sum = sum + select(here, share(window, index), 0.0f);
      ++count;
    }
    return sum;
  }

  // Found for an image at a time.
  void schedule_choice(Func& out, Func& choice) {
    if (options_.level == 0) {
      choice.compute_root();
      return;
    }
    const int64_t channels = node_.type.shape.back().size;
    const int vector = static_cast<int>(std::min<int64_t>(target_.lanes, channels));
    choice.compute_at(out, vars_.n);
    std::vector<VarOrRVar> order{vars_.c};
    for (int d = 0; d < window_loop_.dimensions(); ++d) order.push_back(window_loop_[d]);
    for (size_t d = geometry_.rank(); d-- > 0;) order.push_back(vars_.spatial[d]);
    choice.update().reorder(order);
    if (vector == 1) return;
    choice.vectorize(vars_.c, vector, TailStrategy::GuardWithIf);
    choice.update().vectorize(vars_.c, vector, TailStrategy::GuardWithIf);
  }

  // With disjoint windows, loops inside a window are unrolled: an element's place in its window is then a constant.
  void schedule(Func& out, bool disjoint, bool image_at_a_time) {
    const int64_t channels = node_.type.shape.back().size;
    if (!disjoint || image_at_a_time) {
      const int vector = static_cast<int>(std::min<int64_t>(target_.lanes, channels));
      if (vector > 1)
        out.vectorize(vars_.c, vector, channels % vector == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf);
      out.parallel(vars_.n);
      return;
    }
    int64_t places = 1;
    for (int64_t s : geometry_.strides) places *= s;
    if (places > 16) return schedule_images(out, vars_, channels, target_.lanes);
    std::vector<VarOrRVar> order{vars_.c};
    for (size_t d = geometry_.rank(); d-- > 0;) {
      const int64_t stride = geometry_.strides[d];
      if (stride == 1) continue;
      Var place(numbered("place", d));
      const bool whole = node_.type.shape[d + 1].size % stride == 0;
      out.split(vars_.spatial[d], vars_.spatial[d], place, narrow(stride),
                whole ? TailStrategy::Auto : TailStrategy::GuardWithIf)
          .unroll(place);
      order.push_back(place);
    }
    for (size_t d = geometry_.rank(); d-- > 0;) order.push_back(vars_.spatial[d]);
    order.push_back(vars_.n);
    out.reorder(order);
    schedule_images(out, vars_, channels, target_.lanes);
  }

  const Kernel& kernel_;
  const MachineTarget& target_;
  const ScheduleOptions& options_;
  Lowering lowering_;
  const Node& node_;
  const bool is_max_;
  const ValueId gradient_;
  const PoolGeometry geometry_;
  const ImageVars vars_;
  Halide::RDom window_loop_;
};

}  // namespace

BuiltKernel build_pool_grad(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  return PoolGrad(kernel, target, options).build();
}

}  // namespace kcc
