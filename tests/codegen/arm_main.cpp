// The program around one kernel that runs on another processor: reads the file "operands", calls the kernel, writes the
// file "results". For each argument (operands, then results): the element's code and bits, the rank, the size in bytes
// and the extents, outermost first, as int32; then the bytes.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "HalideRuntime.h"

extern "C" {

int kernel_argv(void** arguments);

void* halide_malloc(void*, size_t bytes) {
  return std::aligned_alloc(64, (bytes + 127) / 64 * 64);
}
void halide_free(void*, void* block) {
  std::free(block);
}
int halide_do_par_for(void* context, halide_task_t task, int min, int size, uint8_t* closure) {
  for (int i = 0; i < size; ++i)
    if (int error = task(context, min + i, closure)) return error;
  return 0;
}

}  // extern "C"

namespace {

void read(std::FILE* file, void* out, size_t bytes) {
  if (std::fread(out, 1, bytes, file) != bytes) std::abort();
}

struct Argument {
  explicit Argument(std::FILE* file) {
    int32_t head[4];
    read(file, head, sizeof(head));
    std::vector<int32_t> extents(static_cast<size_t>(head[2]));
    read(file, extents.data(), 4 * extents.size());
    bytes.resize(static_cast<size_t>(head[3]));
    read(file, bytes.data(), bytes.size());
    int32_t stride = 1;
    for (size_t d = extents.size(); d-- > 0;) {
      dims.emplace_back(0, extents[d], stride, 0);
      stride *= extents[d];
    }
    buffer.type = halide_type_t(static_cast<halide_type_code_t>(head[0]), static_cast<uint8_t>(head[1]), 1);
    buffer.dimensions = head[2];
  }

  std::vector<char> bytes;
  std::vector<halide_dimension_t> dims;
  halide_buffer_t buffer{};
};

}  // namespace

int main() {
  std::FILE* file = std::fopen("operands", "rb");
  if (file == nullptr) return 1;
  int32_t counts[2];
  read(file, counts, sizeof(counts));
  std::vector<Argument> arguments;
  for (int32_t i = 0; i < counts[1]; ++i) arguments.emplace_back(file);
  std::fclose(file);

  const void* context = nullptr;
  std::vector<void*> pointers{&context};
  for (Argument& argument : arguments) {
    argument.buffer.host = reinterpret_cast<uint8_t*>(argument.bytes.data());
    argument.buffer.dim = argument.dims.data();
    pointers.push_back(&argument.buffer);
  }
  if (const int error = kernel_argv(pointers.data())) return error;

  file = std::fopen("results", "wb");
  for (int32_t i = counts[0]; i < counts[1]; ++i) {
    const std::vector<char>& bytes = arguments[static_cast<size_t>(i)].bytes;
    if (std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size()) return 1;
  }
  return std::fclose(file);
}
