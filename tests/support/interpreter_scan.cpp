// Loops over time: the body, step after step.
#include <algorithm>

#include "compiler/ir/scan.h"
#include "compiler/support/check.h"
#include "tests/support/interpreter.h"
#include "tests/support/interpreter_call.h"

namespace kcc::testing {
namespace {

size_t at(int64_t i) {
  return static_cast<size_t>(i);
}

Array element(const Array& sequence, int64_t t) {
  Array step{Index(sequence.extents.begin() + 1, sequence.extents.end()), {}};
  const int64_t count = count_of(step.extents);
  step.values.assign(sequence.values.begin() + t * count, sequence.values.begin() + (t + 1) * count);
  return step;
}

void put(Array& sequence, int64_t t, const Array& step) {
  std::copy(step.values.begin(), step.values.end(),
            sequence.values.begin() + t * static_cast<int64_t>(step.values.size()));
}

}  // namespace

std::vector<Array> run_scan(const Call& c) {
  const ScanLayout layout = layout_of(c.node);
  std::vector<Array> results;
  for (int64_t r = 0; r < layout.results(); ++r)
    results.push_back(zeros(extents_of(result_type(c.node, r).shape, c.batch)));
  std::vector<Array> inputs;
  for (const Array* operand : c.operands) inputs.push_back(*operand);
  for (int64_t k = 0; k < layout.steps; ++k) {
    const int64_t t = layout.reverse ? layout.steps - 1 - k : k;
    for (int64_t s = 0; s < layout.sequences; ++s)
      inputs[at(layout.sequence(s))] = element(c.operand(at(layout.sequence(s))), t);
    const Evaluation step = interpret(*c.node.body, c.batch, inputs);
    for (int64_t i = 0; i < layout.carries; ++i) {
      put(results[at(layout.before(i))], t, inputs[at(i)]);
      inputs[at(i)] = step.outputs[at(i)];
      put(results[at(layout.after(i))], t, inputs[at(i)]);
    }
    for (int64_t p = 0; p < layout.stacked; ++p)
      put(results[at(layout.stack(p))], t, step.outputs[at(layout.carries + p)]);
  }
  for (int64_t i = 0; i < layout.carries; ++i) results[at(i)] = inputs[at(i)];
  return results;
}

}  // namespace kcc::testing
