#include "tests/support/plan_interpreter.h"

#include <limits>

#include "compiler/support/check.h"
#include "tests/support/interpreter.h"

namespace kcc::testing {
namespace {

class Memory {
 public:
  Memory(const EntryPlan& entry, int64_t batch, const std::vector<Array>& inputs, const std::vector<Array>& states)
      : batch_(batch),
        inputs_(inputs),
        arena_(static_cast<size_t>(entry.arena_fixed + entry.arena_batch * batch),
               std::numeric_limits<double>::quiet_NaN()) {
    result.states = states;
    for (const NamedType& output : entry.outputs) result.outputs.push_back(zeros(extents_of(output.type.shape, batch)));
  }

  Array read(const TensorRef& ref) const {
    const Index extents = extents_of(ref.type.shape, batch_);
    if (ref.space == Space::kArena) {
      Array array = zeros(extents);
      for (size_t i = 0; i < array.values.size(); ++i) array.values[i] = arena_.at(byte(ref, i));
      return array;
    }
    const std::vector<Array>& from = ref.space == Space::kInput   ? inputs_
                                     : ref.space == Space::kState ? result.states
                                                                  : result.outputs;
    const std::vector<double>& values = from.at(static_cast<size_t>(ref.index)).values;
    const auto first = values.begin() + moved(ref) / size_of(ref.type.dtype);
    return {extents, {first, first + count_of(extents)}};
  }

  void write(const TensorRef& ref, const Array& array) {
    KCC_CHECK(ref.space != Space::kInput, "a write to an input");
    if (ref.space == Space::kArena) {
      for (size_t i = 0; i < array.values.size(); ++i) arena_.at(byte(ref, i)) = array.values[i];
      return;
    }
    std::vector<Array>& to = ref.space == Space::kState ? result.states : result.outputs;
    to.at(static_cast<size_t>(ref.index)).values = array.values;
  }

  PlanEvaluation result;
  int64_t t = 0;  // of the loop that runs

 private:
  // Bytes by which the operand has moved in step t.
  int64_t moved(const TensorRef& ref) const {
    const int64_t slot = ref.stride.ring == 0 ? t : (t + ref.stride.shift) % ref.stride.ring;
    return (ref.stride.fixed + ref.stride.batch * batch_) * slot;
  }

  size_t byte(const TensorRef& ref, size_t element) const {
    const int64_t start = ref.fixed_offset + ref.batch_offset * batch_ + moved(ref);
    return static_cast<size_t>(start) + element * static_cast<size_t>(size_of(ref.type.dtype));
  }

  int64_t batch_;
  const std::vector<Array>& inputs_;
  std::vector<double> arena_;  // an element at its first byte
};

void run(const Plan& plan, const KernelCall& call, int64_t batch, Memory& memory) {
  std::vector<Array> operands;
  for (const TensorRef& ref : call.inputs) operands.push_back(memory.read(ref));
  const Evaluation results = interpret(plan.kernels.at(static_cast<size_t>(call.kernel)).body, batch, operands);
  for (size_t i = 0; i < call.outputs.size(); ++i) memory.write(call.outputs[i], results.outputs.at(i));
}

bool is_idle(const Loop& loop, const Memory& memory) {
  if (!loop.mask) return false;
  for (double m : memory.read(*loop.mask).values)
    if (m != 0) return false;
  return true;
}

void run(const Plan& plan, const Loop& loop, int64_t batch, Memory& memory) {
  for (int64_t k = 0; k < loop.steps; ++k) {
    memory.t = loop.reverse ? loop.steps - 1 - k : k;
    for (const KernelCall& call : is_idle(loop, memory) ? loop.idle_calls : loop.calls) run(plan, call, batch, memory);
  }
  memory.t = 0;
}

// One rank alone.
void run(const Plan&, const Exchange& exchange, int64_t, Memory& memory) {
  for (const Exchange::Sum& sum : exchange.sums) memory.write(sum.target, memory.read(sum.source));
}
void run(const Plan&, const Await&, int64_t, Memory&) {}

}  // namespace

PlanEvaluation interpret(const Plan& plan, const EntryPlan& entry, int64_t batch, const std::vector<Array>& inputs,
                         const std::vector<Array>& states) {
  Memory memory(entry, batch, inputs, states);
  for (const PlanStep& step : entry.steps) std::visit([&](const auto& s) { run(plan, s, batch, memory); }, step);
  return std::move(memory.result);
}

}  // namespace kcc::testing
