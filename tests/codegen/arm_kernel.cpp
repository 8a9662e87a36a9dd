#include "tests/codegen/arm_kernel.h"

#include <cstdio>
#include <fstream>
#include <iterator>

#include "codegen/cross_compiler.h"
#include "codegen/lower.h"
#include "compiler/support/check.h"
#include "compiler/support/subprocess.h"
#include "tests/codegen/kernel_bytes.h"

namespace kcc::testing {
namespace {

constexpr char kQemu[] = "qemu-aarch64";

MachineTarget arm() {
  Diagnostics diagnostics;
  MachineTarget target;
  KCC_CHECK(parse_target("arm-64-linux", &target, diagnostics), "a known target");
  return target;
}

void expect_success(const std::vector<std::string>& command, const std::filesystem::path& folder) {
  const Outcome outcome = run_command(command, folder);
  if (!outcome.good())
    std::fprintf(stderr, "%s: %s\n%s\n", command[0].c_str(), outcome.why().c_str(), outcome.messages.c_str());
  KCC_CHECK(outcome.good(), "a command that succeeds");
}

// As arm_main.cpp reads it.
void write_argument(std::ofstream& file, const Type& type, int64_t batch, const std::vector<char>& bytes) {
  const halide_type_t element = halide_type(type.dtype);
  const Index extents = extents_of(type.shape, batch);
  std::vector<int32_t> head = {element.code, element.bits, static_cast<int32_t>(extents.size()),
                               static_cast<int32_t>(bytes.size())};
  head.insert(head.end(), extents.begin(), extents.end());
  file.write(reinterpret_cast<const char*>(head.data()), static_cast<std::streamsize>(4 * head.size()));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

std::string ArmKernel::missing_tool() {
  Diagnostics diagnostics;
  if (find_compiler_for(arm(), "aarch64-linux-gnu-g++", diagnostics).empty())
    return "aarch64-linux-gnu-g++ is not installed (Debian: g++-aarch64-linux-gnu)";
  return is_command(kQemu) ? "" : "qemu-aarch64 is not installed (Debian: qemu-user)";
}

ArmKernel::ArmKernel(const Kernel& kernel, const ScheduleOptions& options)
    : folder_(std::filesystem::temp_directory_path()) {
  for (const NamedType& input : kernel.body.inputs) types_.push_back(input.type);
  for (const NamedValue& output : kernel.body.outputs) types_.push_back(kernel.body[output.value].type);
  KCC_CHECK(kernel.name == "kernel", "the name that arm_main.cpp calls");
  const MachineTarget target = arm();
  BuiltKernel built = build_kernel(kernel, target, options);
  Halide::Target machine = target.halide;
  if (built.strict_float) machine.set_feature(Halide::Target::StrictFloat);
  built.pipeline.compile_to_object((folder_.path() / "kernel.o").string(), built.arguments, kernel.name, machine);
  expect_success({"aarch64-linux-gnu-g++", "-std=c++17", "-O1", "-static", "-isystem", HALIDE_INCLUDE, ARM_MAIN,
                  "kernel.o", "-o", "program"},
                 folder_.path());
}

std::vector<Array> ArmKernel::run(const std::vector<Array>& operands, int64_t batch) const {
  {
    std::ofstream file(folder_.path() / "operands", std::ios::binary);
    const int32_t counts[] = {static_cast<int32_t>(operands.size()), static_cast<int32_t>(types_.size())};
    file.write(reinterpret_cast<const char*>(counts), sizeof(counts));
    for (size_t i = 0; i < types_.size(); ++i) {
      std::vector<char> bytes(static_cast<size_t>(bytes_of(types_[i], batch)));
      if (i < operands.size()) pack(operands[i], types_[i].dtype, bytes.data());
      write_argument(file, types_[i], batch, bytes);
    }
  }
  expect_success({kQemu, "./program"}, folder_.path());
  std::ifstream file(folder_.path() / "results", std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<Array> results;
  size_t at = 0;
  for (size_t i = operands.size(); i < types_.size(); ++i) {
    KCC_CHECK(at < bytes.size(), "results of all outputs");
    results.push_back(unpack(bytes.data() + at, types_[i], batch));
    at += static_cast<size_t>(bytes_of(types_[i], batch));
  }
  return results;
}

}  // namespace kcc::testing
