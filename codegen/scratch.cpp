#include "codegen/scratch.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>

namespace kcc {
namespace {

using namespace Halide::Internal;
using Halide::Expr;
using Halide::MemoryType;

constexpr int64_t kOnStack = 16 * 1024;  // constant sizes up to this are (Halide's CodeGen_Posix)

// Where the block's size is looked at; a line through these bounds what is between them for every tile size in use.
constexpr int64_t kBatches[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000, 4096};

// The extents of the kernel's buffers at one batch.
class AtBatch : public IRMutator {
 public:
  AtBatch(const Graph& body, int64_t batch) : body_(body), batch_(batch) {}

 private:
  using IRMutator::visit;

  Expr visit(const Call* call) override {
    if (call->name != Call::buffer_get_extent || call->args.size() != 2) return IRMutator::visit(call);
    const Variable* buffer = call->args[0].as<Variable>();
    const IntImm* dimension = call->args[1].as<IntImm>();
    if (buffer == nullptr || dimension == nullptr) return IRMutator::visit(call);
    const Shape& shape = shape_of(buffer->name);
    const size_t from_innermost = static_cast<size_t>(dimension->value) + 1;
    if (from_innermost > shape.size()) return IRMutator::visit(call);
    const Dim& dim = shape[shape.size() - from_innermost];
    return Expr(static_cast<int32_t>(dim.batched ? dim.size * batch_ : dim.size));
  }

  // "in3.buffer" is an operand; results have other names and, where they have the batch at all, one shape.
  const Shape& shape_of(const std::string& name) const {
    if (name.rfind("in", 0) == 0 && name.size() > 2 && name[2] >= '0' && name[2] <= '9') {
      const size_t position = static_cast<size_t>(std::atoi(name.c_str() + 2));
      if (position < body_.inputs.size()) return body_.inputs[position].type.shape;
    }
    return body_[body_.outputs[0].value].type.shape;
  }

  const Graph& body_;
  const int64_t batch_;
};

class ScratchFinder : public IRMutator {
 public:
  ScratchFinder(const Graph& body, std::vector<ScratchBlock>* blocks) : body_(body), blocks_(blocks) {}

 private:
  using IRMutator::visit;

  // A name and what is known of it: a let's value, or a loop's first and number of values.
  struct Binder {
    std::string name;
    Expr value, count;
  };

  Halide::Internal::Stmt visit(const LetStmt* let) override {
    binders_.push_back({let->name, let->value, Expr()});
    Halide::Internal::Stmt same = IRMutator::visit(let);
    binders_.pop_back();
    return same;
  }

  Halide::Internal::Stmt visit(const For* loop) override {
    const bool parallel = loop->for_type == ForType::Parallel;
    parallel_loops_ += parallel ? 1 : 0;
    binders_.push_back({loop->name, loop->min, loop->extent});
    Halide::Internal::Stmt same = IRMutator::visit(loop);
    binders_.pop_back();
    parallel_loops_ -= parallel ? 1 : 0;
    return same;
  }

  Halide::Internal::Stmt visit(const Allocate* block) override {
    note(*block);
    return IRMutator::visit(block);
  }

  void note(const Allocate& block) {
    const int64_t element = block.type.bytes();
    Expr elements = Expr(int64_t{1});
    for (const Expr& extent : block.extents) elements = elements * Halide::cast<int64_t>(extent);
    const Expr bytes = outside(elements * Expr(element));
    if (block.memory_type == MemoryType::Stack || block.memory_type == MemoryType::Register) return;
    const int64_t constant = block.constant_allocation_size() * element;  // 0: it is not
    if (block.memory_type == MemoryType::Auto && constant > 0 && constant <= kOnStack) return;
    const int64_t padding = (block.padding + 3) * element;  // what CodeGen_Posix adds
    std::vector<int64_t> sizes;
    for (int64_t batch : kBatches) {
      const std::optional<int64_t> size = at_batch(bytes, batch);
      if (!size) return;  // the runtime finds memory for it when it is asked
      sizes.push_back(*size + padding);
    }
    int64_t slope = 0;
    for (size_t i = 1; i < sizes.size(); ++i) {
      const int64_t steps = kBatches[i] - kBatches[0];
      slope = std::max(slope, (sizes[i] - sizes[0] + steps - 1) / steps);
    }
    blocks_->push_back({parallel_loops_ > 0, sizes[0] - slope, slope});
  }

  // In terms of the kernel's buffers alone: the largest value over the loops around.
  Expr outside(Expr size) const {
    for (auto binder = binders_.rbegin(); binder != binders_.rend(); ++binder) {
      if (!expr_uses_var(size, binder->name)) continue;
      if (!binder->count.defined()) {
        size = substitute(binder->name, binder->value, size);
        continue;
      }
      Scope<Interval> loop;
      loop.push(binder->name, Interval(binder->value, binder->value + binder->count - 1));
      size = bounds_of_expr_in_scope(size, loop).max;
      if (!size.defined()) return size;
    }
    return size;
  }

  std::optional<int64_t> at_batch(const Expr& bytes, int64_t batch) const {
    if (!bytes.defined()) return std::nullopt;
    const Expr value = simplify(AtBatch(body_, batch).mutate(bytes));
    return as_const_int(value);
  }

  const Graph& body_;
  std::vector<ScratchBlock>* const blocks_;
  std::vector<Binder> binders_;
  int parallel_loops_ = 0;
};

}  // namespace

void find_scratch(Halide::Pipeline& pipeline, const Graph& body, std::vector<ScratchBlock>* blocks) {
  pipeline.add_custom_lowering_pass(new ScratchFinder(body, blocks));
}

}  // namespace kcc
