// The self-check of a library: what --verify-data stored against what this machine computes.
#include <cmath>

#include "runtime/data/array.h"
#include "runtime/embed/model.h"
#include "runtime/self_test.h"

namespace kcc::runtime {

Code Model::self_check(double* worst) {
  if (worst != nullptr) *worst = 0;
  const SelfTest* test = program_.self_test;
  if (test == nullptr)
    return fail(Code::kUnsupported,
                "nothing to check with was stored: compile it again with kcc --verify-data FILE.npz");
  const auto outputs = static_cast<size_t>(program_.output_count);
  std::unique_ptr<AlignedBuffer[]> results(new AlignedBuffer[outputs]);
  std::unique_ptr<OutputDifference[]> differences(new OutputDifference[outputs]);
  std::unique_ptr<void*[]> pointers(new void*[outputs]);
  for (size_t i = 0; i < outputs; ++i) {
    const TensorInfo& output = program_.outputs[i];
    Result<AlignedBuffer> result =
        AlignedBuffer::allocate(test->rows * output.elements * size_of(output.type), "outputs");
    if (!result) return fail(Code::kNoMemory, result.error());
    results[i] = std::move(*result);
    pointers[i] = results[i].data();
    differences[i] = begin_comparison(output, test->rows, test->expected[i]);
  }
  // A stateful model is checked as it begins, and then goes on where it was.
  const std::vector<char> traces = weights_->block.copy_traces();
  weights_->block.clear_memory();
  const Code code = predict(test->rows, test->inputs, pointers.get());
  weights_->block.set_traces(traces);
  if (code != Code::kOk) return code;
  Code verdict = Code::kOk;
  for (size_t i = 0; i < outputs; ++i) {
    const TensorInfo& output = program_.outputs[i];
    OutputDifference& difference = differences[i];
    compare_rows(output, test->expected[i], pointers[i], 0, test->rows, &difference);
    if (worst != nullptr && (difference.largest > *worst || std::isnan(difference.largest)))
      *worst = difference.largest;
    if (difference.good() || verdict != Code::kOk) continue;
    verdict = fail(Code::kMismatch, "output '%s' differs by %.1e, %.1e is allowed: %.9g instead of %.9g", output.name,
                   difference.largest, difference.allowed, difference.got, difference.expected);
  }
  return verdict;
}

}  // namespace kcc::runtime
