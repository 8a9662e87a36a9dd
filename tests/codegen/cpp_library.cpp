#include "tests/codegen/cpp_library.h"

#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "codegen/cpp/emit_kernel.h"
#include "codegen/cpp/writer.h"
#include "compiler/support/check.h"
#include "tests/codegen/kernel_runner.h"

namespace kcc::testing {
namespace {

std::vector<Type> types_of(const Kernel& kernel) {
  std::vector<Type> types;
  for (const NamedType& input : kernel.body.inputs) types.push_back(input.type);
  for (const NamedValue& output : kernel.body.outputs) types.push_back(kernel.body[output.value].type);
  return types;
}

// A function of one signature around the kernel's own.
std::string entry(const Kernel& kernel, const cpp::KernelFunction& function, size_t number) {
  std::string arguments;
  const std::vector<Type> types = types_of(kernel);
  for (size_t i = 0; i < types.size(); ++i)
    arguments += std::string(i == 0 ? "" : ", ") + "static_cast<" + cpp::element_type(types[i].dtype) + "*>(memory[" +
                 std::to_string(i) + "])";
  if (function.scratch > 0) arguments += ", scratch";
  if (function.takes_batch) arguments += ", B";
  return "extern \"C\" void entry_" + std::to_string(number) +
         "(void* const* memory, [[maybe_unused]] float* scratch, [[maybe_unused]] int64_t B) {\n  " + kernel.name +
         "(" + arguments + ");\n}\n";
}

}  // namespace

CppLibrary::CppLibrary(const std::vector<Kernel>& kernels, const std::string& flags) : kernels_(kernels) {
  std::string source = cpp::kernel_helpers();
  for (size_t k = 0; k < kernels_.size(); ++k) {
    kernels_[k].name = "kernel_" + std::to_string(k);
    const cpp::KernelFunction function = cpp::emit_kernel(kernels_[k], {"a case"});
    texts_.push_back(function.text);
    scratch_.push_back(function.scratch);
    source += "\nstatic " + function.text.substr(function.text.find("void")) + "\n" + entry(kernels_[k], function, k);
  }
  static std::atomic<int> count = 0;
  const std::string stem =
      (std::filesystem::temp_directory_path() / ("kcc_cpp_" + std::to_string(getpid()) + "_" + std::to_string(count++)))
          .string();
  std::ofstream(stem + ".cpp") << source;
  const char* compiler = std::getenv("KCC_TEST_CXX");
  const std::string command = std::string(compiler ? compiler : "c++") +
                              " -std=c++17 -Wall -Wextra -Werror -Wno-missing-declarations -fPIC -shared " + flags +
                              " " + stem + ".cpp -o " + stem + ".so";
  KCC_CHECK(std::system(command.c_str()) == 0, "generated C++ that compiles without a warning");
  library_ = dlopen((stem + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
  KCC_CHECK(library_, "a library that loads");
  for (size_t k = 0; k < kernels_.size(); ++k) {
    functions_.push_back(reinterpret_cast<Function>(dlsym(library_, ("entry_" + std::to_string(k)).c_str())));
    KCC_CHECK(functions_.back(), "the kernel's entry");
  }
  if (std::getenv("KCC_KEEP_CPP")) return;
  std::filesystem::remove(stem + ".cpp");
  std::filesystem::remove(stem + ".so");
}

CppLibrary::~CppLibrary() {
  dlclose(library_);
}

std::vector<Array> CppLibrary::run(size_t kernel, const std::vector<Array>& operands, int64_t batch,
                                   const std::vector<int>& in_place) const {
  const GuardedBytes scratch(static_cast<size_t>(scratch_[kernel]));
  const Arguments arguments(types_of(kernels_[kernel]), operands, batch, in_place);
  std::memset(scratch.data(), 0xab, static_cast<size_t>(scratch_[kernel]));
  functions_[kernel](arguments.pointers().data(), static_cast<float*>(scratch.data()), batch);
  return arguments.results();
}

}  // namespace kcc::testing
