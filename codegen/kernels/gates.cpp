// Gates of a recurrent cell:
//   out[m, u] = f(sums of a[m, k] b[k, g * units + u] over k, for every gate g)
// A tile of some rows, all gates and a vector of units or two stays in registers while k runs. When some lines of units
// are summed up the gates' functions are computed row by row: results go to memory that no cache holds yet, and one
// line of a row at a time would wait for each. Weights in panels (compiler/ops/panels.h) are read one line after
// another.
#include "codegen/kernels/gates.h"

#include <algorithm>

#include "codegen/kernels/schedule.h"
#include "compiler/ops/panels.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::RDom;
using Halide::Stage;
using Halide::TailStrategy;
using Halide::Var;

// Vectors of units that are finished together.
constexpr int64_t kFinished = 4;

class Gates {
 public:
  Gates(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options)
      : kernel_(kernel), target_(target), options_(options), choices_(options), lowering_(kernel.body) {
    const Node& product = kernel.body[kernel.anchor];
    a_ = product.inputs[0];
    b_ = product.inputs[1];
    panels_ = has_panels(kernel.body, product);
    gates_ = static_cast<int>(gates_of(kernel));
    rows_ = product.type.shape[0];
    units_ = {product.type.shape[1].size / gates_};
    depth_ = kernel.body[a_].type.shape[1];
    KCC_CHECK(!depth_.batched && product.attrs.integer("transpose_a") == 0 && product.attrs.integer("transpose_b") == 0,
              "a state's product with weights");
  }

  BuiltKernel build() {
    Func tile("tile"), sum("sum");
    RDom k(0, lowering_.extent(depth_), "k");
    tile(n_, gate_, m_) = 0.0f;
    tile(n_, gate_, m_) += lowering_.at(a_, {m_, k}) * weight(k, gate_, n_);
    sum(n_, gate_, m_) = tile(n_, gate_, m_);
    lowering_.bind(kernel_.anchor, [this, sum](const Index& index) { return sum(n_, gate_at(index[1]), index[0]); });
    const Vars vars{m_, n_};
    Result result = define_result(Func("result"), strict(lowering_.outputs_at(as_index(vars))), vars,
                                  Shape{rows_, units_}, lowering_);
    tile.bound(gate_, 0, gates_);
    sum.bound(gate_, 0, gates_);
    if (options_.level == 0)
      tile.compute_root();
    else
      schedule(result.func, sum, tile, k);
    BuiltKernel built;
    built.pipeline = Halide::Pipeline(result.func);
    built.arguments = lowering_.arguments();
    built.schedule = schedule_;
    built.choices = choices_.taken();
    return built;
  }

 private:
  Expr weight(const Expr& k, const Expr& gate, const Expr& unit) {
    if (!panels_) return lowering_.at(b_, {k, gate * static_cast<int32_t>(units_.size) + unit});
    const int32_t lanes = static_cast<int32_t>(kernel_.body[b_].type.shape[3].size);
    return lowering_.at(b_, {unit / lanes, k, gate, unit % lanes});
  }

  // The gate whose column of unit n this is.
  int32_t gate_at(const Expr& column) const {
    const auto start = Halide::Internal::as_const_int(Halide::Internal::simplify(column - n_));
    KCC_CHECK(start && *start % units_.size == 0, "a column of a gate");
    return static_cast<int32_t>(*start / units_.size);
  }

  void schedule(Func out, Func sum, Func tile, const RDom& k) {
    const int room = target_.registers == 32 ? 24 : 12;
    const VectorTile vectors = choose_vectors(units_.size, target_.lanes, std::max(1, 4 / gates_), panels_);
    const int width = vectors.width();
    const int64_t most = std::clamp<int64_t>(room / (gates_ * vectors.vectors), 1, 8);
    const int64_t usual = choose_tile(rows_.batched ? options_.batch * rows_.size : rows_.size, (most + 1) / 2, most);
    const auto legal = [&](int64_t n) { return n <= most && (rows_.batched || n <= rows_.size); };
    const int rows = static_cast<int>(choices_.pick("rows", usual, numbers(1, 8, legal)));
    const bool divides = units_.size % width == 0;
    const int64_t tiles = divides ? largest_divisor(units_.size / width, kFinished) : 1;
    Var ni("ni"), mi("mi"), group("group");
    out.split(n_, group, n_, static_cast<int>(tiles) * width, TailStrategy::ShiftInwards).vectorize(n_, vectors.lanes);
    if (rows > 1) {
      Stage full = rows_.batched ? out.specialize(lowering_.extent(rows_) >= rows) : Stage(out);
      full.split(m_, m_, mi, rows, TailStrategy::ShiftInwards).reorder(n_, mi, m_, group).parallel(group);
    }
    if (rows == 1 || rows_.batched) out.reorder(n_, m_, group).parallel(group);
    sum.compute_at(out, m_).store_in(MemoryType::Stack).split(n_, n_, ni, width).reorder(ni, gate_, m_, n_);
    sum.vectorize(ni, vectors.lanes).unroll(ni).unroll(gate_).unroll(m_);
    tile.compute_at(sum, n_).store_in(MemoryType::Stack);
    tile.vectorize(n_, vectors.lanes).unroll(n_).unroll(gate_).unroll(m_);
    tile.update().reorder(n_, gate_, m_, k).vectorize(n_, vectors.lanes).unroll(n_).unroll(gate_).unroll(m_);
    schedule_ = std::to_string(rows) + " x " + std::to_string(gates_) + " gates x " + std::to_string(vectors.vectors) +
                " vectors of " + std::to_string(vectors.lanes) + (panels_ ? ", panels" : "");
  }

  const Kernel& kernel_;
  const MachineTarget& target_;
  const ScheduleOptions& options_;
  Choices choices_;
  Lowering lowering_;
  ValueId a_ = -1, b_ = -1;
  bool panels_ = false;
  int gates_ = 1;
  Dim rows_, units_, depth_;
  std::string schedule_ = "plain loops";
  Var m_{"m"}, n_{"n"}, gate_{"gate"};
};

}  // namespace

int64_t gates_of(const Kernel& product) {
  const Shape& whole = product.body[product.anchor].type.shape;
  return whole.back().size / product.body[product.body.outputs.at(0).value].type.shape.back().size;
}

BuiltKernel build_gates(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options) {
  return Gates(kernel, target, options).build();
}

}  // namespace kcc
