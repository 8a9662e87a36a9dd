#include <cstdio>

#include "runtime/commands/setup.h"
#include "runtime/format.h"
#include "runtime/predict.h"
#include "runtime/self_test.h"

namespace kcc::runtime {
namespace {

// The stored inputs, as if they came from files.
Dataset stored_inputs(const Program& program, const SelfTest& test) {
  Dataset data;
  data.samples = test.rows;
  for (int32_t i = 0; i < program.input_count; ++i) {
    const TensorInfo& input = program.inputs[i];
    std::vector<int64_t> shape(input.extents, input.extents + input.rank);
    shape.insert(shape.begin(), test.rows);
    Column column{input, view_array(input.type, std::move(shape), test.inputs[i])};
    column.label = format("the stored input '%s'", input.name);
    data.inputs.push_back(std::move(column));
  }
  return data;
}

// "[3, 7]": the row, then the place in it.
std::string place_of(const TensorInfo& output, int64_t element) {
  std::string text;
  for (int32_t axis = output.rank - 1; axis >= 0; --axis) {
    text = format(", %ld", element % output.extents[axis]) + text;
    element /= output.extents[axis];
  }
  return format("[%ld", element) + text + "]";
}

std::string line_of(const TensorInfo& output, int64_t rows, const OutputDifference& difference) {
  std::string text =
      format("%s: %ld row%s, largest difference %.1e", output.name, rows, rows == 1 ? "" : "s", difference.largest);
  if (!difference.good()) text += " at " + place_of(output, difference.element);
  text += format(" (allowed %.1e)", difference.allowed);
  if (difference.good()) return text + ": good\n";
  return text + format(", %.9g instead of %.9g: bad\n", difference.got, difference.expected);
}

std::string json_of(const TensorInfo& output, const OutputDifference& difference) {
  std::string text = format("%s: {\"good\": %s, \"largest_difference\": %s, \"allowed\": %s",
                            json_string(output.name).c_str(), difference.good() ? "true" : "false",
                            json_number(difference.largest).c_str(), json_number(difference.allowed).c_str());
  if (difference.element >= 0) {
    text += format(", \"at\": %s, \"got\": %s, \"expected\": %s", place_of(output, difference.element).c_str(),
                   json_number(difference.got).c_str(), json_number(difference.expected).c_str());
  }
  return text + "}";
}

Result<std::vector<OutputDifference>> differences(const Trainer& trainer, const Options& options,
                                                  const SelfTest& test) {
  const Program& program = trainer.program;
  Result<StateBlock> state = make_state(trainer, options, 0);
  if (!state) return state.error();
  Executor executor(program, *state, trainer.ranks.threads(options.threads));
  const Dataset data = stored_inputs(program, test);
  const Steps steps = plan_steps(data.samples, 0, 0, program.fixed_batch);
  Result<BatchReader> reader = open_batches(executor, program.predict, data, steps);
  if (!reader) return reader.error();
  Report silent(program, 0, options.progress);
  Result<std::vector<Array>> outputs = predict(program, executor, *reader, steps, silent);
  if (!outputs) return outputs.error();
  std::vector<OutputDifference> all;
  for (int32_t i = 0; i < program.output_count; ++i) {
    const TensorInfo& output = program.outputs[i];
    all.push_back(begin_comparison(output, test.rows, test.expected[i]));
    compare_rows(output, test.expected[i], (*outputs)[static_cast<size_t>(i)].data, 0, test.rows, &all.back());
  }
  return all;
}

}  // namespace

Result<int> run_verify(const Trainer& trainer, const Options& options) {
  const Program& program = trainer.program;
  if (program.self_test == nullptr)
    return make_error("nothing to verify with was stored: compile it again with kcc --verify-data FILE.npz");
  if (Status status = check_has_weights(program, options); !status) return status.error();
  const int64_t rows = program.self_test->rows;
  const Result<std::vector<OutputDifference>> all = differences(trainer, options, *program.self_test);
  if (!all) return all.error();
  std::string text;
  std::vector<std::string> members, bad;
  for (size_t i = 0; i < all->size(); ++i) {
    const TensorInfo& output = program.outputs[i];
    text += line_of(output, rows, (*all)[i]);
    members.push_back(json_of(output, (*all)[i]));
    if (!(*all)[i].good()) bad.push_back(format("'%s'", output.name));
  }
  if (options.json) {
    text = format("{\"good\": %s, \"rows\": %ld, \"outputs\": {%s}}\n", bad.empty() ? "true" : "false", rows,
                  join(members, ", ").c_str());
  }
  std::fputs(text.c_str(), stdout);
  if (bad.empty()) return 0;
  return make_error("output %s is not what was expected", join(bad, ", ").c_str());
}

}  // namespace kcc::runtime
