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
    return {extents, from.at(static_cast<size_t>(ref.index)).values};
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

 private:
  size_t byte(const TensorRef& ref, size_t element) const {
    const int64_t start = ref.fixed_offset + ref.batch_offset * batch_;
    return static_cast<size_t>(start) + element * static_cast<size_t>(size_of(ref.type.dtype));
  }

  int64_t batch_;
  const std::vector<Array>& inputs_;
  std::vector<double> arena_;  // an element at its first byte
};

}  // namespace

PlanEvaluation interpret(const Plan& plan, const EntryPlan& entry, int64_t batch, const std::vector<Array>& inputs,
                         const std::vector<Array>& states) {
  Memory memory(entry, batch, inputs, states);
  for (const KernelCall& call : entry.calls) {
    std::vector<Array> operands;
    for (const TensorRef& ref : call.inputs) operands.push_back(memory.read(ref));
    const Evaluation results = interpret(plan.kernels.at(static_cast<size_t>(call.kernel)).body, batch, operands);
    for (size_t i = 0; i < call.outputs.size(); ++i) memory.write(call.outputs[i], results.outputs.at(i));
  }
  return std::move(memory.result);
}

}  // namespace kcc::testing
