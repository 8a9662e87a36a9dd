// Stands in for the trainer's main in tests of generated programs: predicts on a fixed pattern and prints the bits.
//   program BATCH THREADS
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "runtime/context.h"
#include "runtime/program.h"
#include "runtime/threads.h"

namespace kcc::runtime {
namespace {

// Multiples of 1/8 between -1 and 1, so that sums are exact in any order.
float pattern(int64_t i) {
  return static_cast<float>(i * 7 % 17 - 8) / 8;
}

std::vector<float> rows_of(const TensorInfo& tensor, int batch) {
  std::vector<float> values(static_cast<size_t>(tensor.elements * batch));
  for (size_t i = 0; i < values.size(); ++i) values[i] = pattern(static_cast<int64_t>(i));
  return values;
}

}  // namespace

int trainer_main(const Program& program, int argc, char** argv) {
  const int batch = argc > 1 ? std::atoi(argv[1]) : 1;
  ThreadPool pool(argc > 2 ? std::atoi(argv[2]) : 1);
  Context context(&pool);
  const EntryInfo& entry = program.predict;
  char* state = static_cast<char*>(std::aligned_alloc(64, static_cast<size_t>(program.state_bytes)));
  char* arena =
      static_cast<char*>(std::aligned_alloc(64, static_cast<size_t>(entry.arena_fixed + entry.arena_batch * batch)));
  for (int s = 0; s < program.state_count; ++s) {
    float* values = reinterpret_cast<float*>(state + program.states[s].offset);
    for (int64_t i = 0; i < program.states[s].tensor.elements; ++i) values[i] = pattern(i + s);
  }
  std::vector<std::vector<float>> inputs, outputs;
  for (int i = 0; i < program.input_count; ++i) inputs.push_back(rows_of(program.inputs[i], batch));
  for (int i = 0; i < program.output_count; ++i) outputs.push_back(rows_of(program.outputs[i], batch));
  std::vector<const void*> input_data;
  std::vector<void*> output_data;
  for (std::vector<float>& values : inputs) input_data.push_back(values.data());
  for (std::vector<float>& values : outputs) output_data.push_back(values.data());

  const int error = entry.run({batch, input_data.data(), output_data.data(), state, arena, &context});
  std::printf("%s %d\n", program.name, error);
  for (const std::vector<float>& values : outputs) {
    for (float value : values) std::printf("%a\n", static_cast<double>(value));
  }
  std::free(state);
  std::free(arena);
  return error == 0 ? 0 : 1;
}

}  // namespace kcc::runtime
