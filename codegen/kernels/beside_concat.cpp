// Element-wise matrices (M, N), and concatenations of several along their columns (M, parts * N): a vector of columns
// of all parts is computed at once, sharing what they share, and stored part by part. What is written beside them is
// computed again in a loop of its own: results of two shapes are two Funcs, and in a cell's gradient little leads to
// it.
#include "codegen/kernels/beside_concat.h"

#include <algorithm>

#include "codegen/kernels/schedule.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;

// Elements of a task in a parallel loop.
constexpr int64_t kTaskElements = 1 << 14;

class BesideConcat {
 public:
  BesideConcat(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options)
      : body_(kernel.body), target_(target), options_(options), lowering_(kernel.body) {
    for (const NamedValue& output : body_.outputs)
      (body_[output.value].op == OpKind::kConcat ? wide_ : narrow_).push_back(output.value);
    KCC_CHECK(!wide_.empty(), "a concatenation");
    for (ValueId concat : wide_)
      for (ValueId part : body_[concat].inputs)
        if (std::find(parts_.begin(), parts_.end(), part) == parts_.end()) parts_.push_back(part);
    shape_ = body_[parts_[0]].type.shape;
  }

  BuiltKernel build() {
    const int32_t columns = static_cast<int32_t>(shape_[1].size);
    const int lanes = static_cast<int>(largest_divisor(columns, target_.lanes));
    std::vector<Func> results;
    if (!narrow_.empty()) {
      results.push_back(define_result(Func("narrow"), values_of(narrow_, {m_, n_}), {m_, n_}, shape_, lowering_).func);
      if (options_.level > 0) tasks(results[0].vectorize(n_, lanes), columns);
    }
    results.push_back(wide(columns, lanes));
    BuiltKernel built;
    built.pipeline = Halide::Pipeline(results);
    built.arguments = lowering_.arguments();
    built.schedule = options_.level > 0
                         ? std::to_string(body_[wide_[0]].inputs.size()) + " parts, vectors of " + std::to_string(lanes)
                         : "plain loops";
    built.strict_float = true;
    return built;
  }

 private:
  std::vector<Expr> values_of(const std::vector<ValueId>& values, const Index& index) {
    std::vector<Expr> exprs;
    for (ValueId v : values) exprs.push_back(lowering_.at(v, index));
    return exprs;
  }

  Func wide(int32_t columns, int lanes) {
    Func parts("parts");
    const std::vector<Expr> values = values_of(parts_, {m_, n_});
    if (values.size() == 1)
      parts(n_, m_) = values[0];
    else
      parts(n_, m_) = Halide::Tuple(values);
    Var column("column"), part("part");
    std::vector<Expr> joined;
    for (ValueId concat : wide_) {
      std::vector<Expr> choices;
      for (ValueId v : body_[concat].inputs) {
        const int which = static_cast<int>(std::find(parts_.begin(), parts_.end(), v) - parts_.begin());
        const Halide::FuncRef all = parts(column % columns, m_);
        choices.push_back(values.size() == 1 ? Expr(all) : all[which]);
      }
      joined.push_back(Halide::mux(column / columns, choices));
    }
    const Shape& shape = body_[wide_[0]].type.shape;
    Func wide = define_result(Func("wide"), joined, {m_, column}, shape, lowering_).func;
    if (options_.level == 0) return wide;
    wide.split(column, part, column, columns).split(column, column, n_, lanes).reorder(n_, part, column, m_);
    wide.vectorize(n_).unroll(part);
    tasks(wide, shape[1].size);
    return wide;
  }

  void tasks(Func f, int64_t columns) {
    Var task("task");
    const int rows = static_cast<int>(std::max<int64_t>(1, kTaskElements / columns));
    f.split(m_, task, m_, rows, TailStrategy::GuardWithIf).parallel(task);
  }

  const Graph& body_;
  const MachineTarget& target_;
  const ScheduleOptions& options_;
  Lowering lowering_;
  std::vector<ValueId> narrow_, wide_, parts_;
  Shape shape_;
  Var m_{"m"}, n_{"n"};
};

}  // namespace

BuiltKernel build_beside_concat(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  return BesideConcat(kernel, target, options).build();
}

}  // namespace kcc
