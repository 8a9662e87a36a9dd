#include "tests/codegen/kernel_runner.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "codegen/lower.h"
#include "compiler/support/check.h"
#include "tests/codegen/kernel_bytes.h"

namespace {
kcc::testing::TaskOrder task_order = kcc::testing::TaskOrder::kForward;
}

// What kernels may need of their surroundings: nothing else, or loading fails.
extern "C" {
__attribute__((visibility("default"))) void* halide_malloc(void*, size_t bytes) {
  return std::aligned_alloc(64, (bytes + 127) / 64 * 64);
}
__attribute__((visibility("default"))) void halide_free(void*, void* block) {
  std::free(block);
}
__attribute__((visibility("default"))) int halide_do_par_for(void* context, int (*task)(void*, int, uint8_t*), int min,
                                                             int size, uint8_t* closure) {
  const bool forward = task_order == kcc::testing::TaskOrder::kForward;
  for (int i = 0; i < size; ++i)
    if (int error = task(context, forward ? min + i : min + size - 1 - i, closure); error != 0) return error;
  return 0;
}
}

namespace kcc::testing {
namespace {

struct Buffer {
  Buffer(const Type& type, int64_t batch, void* memory) : dims(type.shape.size() + 1) {
    int32_t stride = 1;
    for (size_t d = 0; d < type.shape.size(); ++d) {
      const Dim& dim = type.shape[type.shape.size() - 1 - d];
      const int32_t extent = static_cast<int32_t>(dim.batched ? dim.size * batch : dim.size);
      dims[d] = halide_dimension_t(0, extent, stride, 0);
      stride *= extent;
    }
    buffer.host = static_cast<uint8_t*>(memory);
    buffer.type = halide_type(type.dtype);
    buffer.dimensions = static_cast<int32_t>(type.shape.size());
    buffer.dim = dims.data();
  }
  std::vector<halide_dimension_t> dims;
  halide_buffer_t buffer{};
};

}  // namespace

GuardedBytes::GuardedBytes(size_t bytes) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t usable = (bytes + page - 1) / page * page;
  mapped_ = usable + 2 * page;
  mapping_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  KCC_CHECK(mapping_ != MAP_FAILED, "memory");
  char* start = static_cast<char*>(mapping_);
  mprotect(start, page, PROT_NONE);
  mprotect(start + page + usable, page, PROT_NONE);
  data_ = start + page + usable - bytes;
}

GuardedBytes::GuardedBytes(GuardedBytes&& other) noexcept
    : mapping_(other.mapping_), mapped_(other.mapped_), data_(other.data_) {
  other.mapping_ = nullptr;
}

GuardedBytes::~GuardedBytes() {
  if (mapping_) munmap(mapping_, mapped_);
}

Arguments::Arguments(const std::vector<Type>& types, const std::vector<Array>& operands, int64_t batch,
                     const std::vector<int>& in_place)
    : types_(types), operand_count_(operands.size()), batch_(batch) {
  for (size_t i = 0; i < types_.size(); ++i) {
    const size_t bytes = static_cast<size_t>(bytes_of(types_[i], batch));
    const size_t result = i - operand_count_;
    if (i >= operand_count_ && result < in_place.size() && in_place[result] >= 0) {
      pointers_.push_back(pointers_[static_cast<size_t>(in_place[result])]);
      continue;
    }
    memory_.emplace_back(bytes);
    pointers_.push_back(memory_.back().data());
    if (i < operand_count_)
      pack(operands[i], types_[i].dtype, memory_.back().data());
    else
      std::memset(memory_.back().data(), 0xab, bytes);
  }
}

std::vector<Array> Arguments::results() const {
  std::vector<Array> results;
  for (size_t i = operand_count_; i < types_.size(); ++i) results.push_back(unpack(pointers_[i], types_[i], batch_));
  return results;
}

LoadedKernel::LoadedKernel(const Kernel& kernel, const std::string& target_name, const ScheduleOptions& options) {
  Diagnostics diagnostics;
  MachineTarget target;
  KCC_CHECK(parse_target(target_name, &target, diagnostics), "a known target");
  for (const NamedType& input : kernel.body.inputs) types_.push_back(input.type);
  operand_count_ = types_.size();
  for (const NamedValue& output : kernel.body.outputs) types_.push_back(kernel.body[output.value].type);

  static std::atomic<int> count = 0;
  const std::string stem = (std::filesystem::temp_directory_path() /
                            ("kcc_kernel_" + std::to_string(getpid()) + "_" + std::to_string(count++)))
                               .string();
  const auto start = std::chrono::steady_clock::now();
  try {
    BuiltKernel built = build_kernel(kernel, target, options);
    schedule_ = built.schedule;
    Halide::Target machine = target.halide;
    if (built.strict_float) machine.set_feature(Halide::Target::StrictFloat);
    built.pipeline.compile_to_object(stem + ".o", built.arguments, kernel.name, machine);
    if (std::getenv("KCC_KEEP_ASM"))
      built.pipeline.compile_to_assembly(std::string(std::getenv("KCC_KEEP_ASM")) + "/" + kernel.name + ".s",
                                         built.arguments, kernel.name, machine);
    if (std::getenv("KCC_KEEP_ASM"))
      built.pipeline.compile_to_lowered_stmt(std::string(std::getenv("KCC_KEEP_ASM")) + "/" + kernel.name + ".stmt",
                                             built.arguments, Halide::Text, machine);
  } catch (const Halide::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::abort();
  }
  seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  bytes_ = std::filesystem::file_size(stem + ".o");
  KCC_CHECK(std::system(("ld -shared -o " + stem + ".so " + stem + ".o").c_str()) == 0, "the linker");
  library_ = dlopen((stem + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library_) std::fprintf(stderr, "%s\n", dlerror());
  KCC_CHECK(library_, "a kernel that needs only what its surroundings offer");
  function_ = reinterpret_cast<int (*)(void**)>(dlsym(library_, (kernel.name + "_argv").c_str()));
  KCC_CHECK(function_, "the kernel's entry");
  std::filesystem::remove(stem + ".o");
  std::filesystem::remove(stem + ".so");
}

LoadedKernel::~LoadedKernel() {
  dlclose(library_);
}

int LoadedKernel::call(const std::vector<void*>& memory, int64_t batch) const {
  std::vector<Buffer> buffers;
  buffers.reserve(types_.size());
  const void* context = nullptr;
  std::vector<void*> arguments{&context};
  for (size_t i = 0; i < types_.size(); ++i) {
    buffers.emplace_back(types_[i], batch, memory[i]);
    arguments.push_back(&buffers.back().buffer);
  }
  return function_(arguments.data());
}

std::vector<Array> LoadedKernel::run(const std::vector<Array>& operands, int64_t batch, TaskOrder order,
                                     const std::vector<int>& in_place) const {
  KCC_CHECK(operands.size() == operand_count_, "an array for each operand");
  const Arguments arguments(types_, operands, batch, in_place);
  task_order = order;
  KCC_CHECK(call(arguments.pointers(), batch) == 0, "a kernel that succeeds");
  return arguments.results();
}

}  // namespace kcc::testing
