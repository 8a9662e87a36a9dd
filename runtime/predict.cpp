#include "runtime/predict.h"

#include <string>

namespace kcc::runtime {

Result<std::vector<Array>> predict(const Program& program, Executor& executor, BatchReader& reader, const Steps& steps,
                                   Report& report) {
  std::vector<Array> arrays;
  std::vector<std::byte*> rows;
  for (int32_t i = 0; i < program.output_count; ++i) {
    const TensorInfo& output = program.outputs[i];
    std::vector<int64_t> shape(output.extents, output.extents + output.rank);
    shape.insert(shape.begin(), steps.samples);
    Result<OwnedArray> owned = make_array(std::string("output '") + output.name + "'", dtype_of(output.type), shape);
    if (!owned) return owned.error();
    arrays.push_back(std::move(owned->array));
    rows.push_back(owned->data);
  }
  report.begin(steps.count);
  std::vector<void*> outputs(rows.size());
  for (int64_t step = 0; step < steps.available; ++step) {
    const int64_t batch = steps.size(step), first = step * steps.batch;
    for (size_t i = 0; i < rows.size(); ++i) {
      outputs[i] = rows[i] + first * arrays[i].row_elements() * size_of(arrays[i].type);
    }
    Result<const void* const*> inputs = reader.read({}, first, batch);
    if (!inputs) return inputs.error();
    if (step + 1 < steps.available) reader.read_ahead({}, first + batch, steps.size(step + 1));
    if (Status status = executor.run(program.predict, *inputs, outputs.data(), batch); !status) return status.error();
    if (Status status = report.step(step + 1, nullptr); !status) return status.error();
  }
  report.finish({});
  return arrays;
}

}  // namespace kcc::runtime
