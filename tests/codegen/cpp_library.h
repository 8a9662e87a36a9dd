// Kernels as C++ (codegen/cpp), all in one source, compiled with the system's compiler and loaded.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/plan.h"
#include "tests/support/array.h"

namespace kcc::testing {

class CppLibrary {
 public:
  // `flags`: "-O2 -march=native"
  CppLibrary(const std::vector<Kernel>& kernels, const std::string& flags);
  ~CppLibrary();
  CppLibrary(const CppLibrary&) = delete;

  // As LoadedKernel::run.
  std::vector<Array> run(size_t kernel, const std::vector<Array>& operands, int64_t batch,
                         const std::vector<int>& in_place = {}) const;
  const std::string& text(size_t kernel) const { return texts_[kernel]; }

 private:
  using Function = void (*)(void* const* memory, float* scratch, int64_t batch);
  std::vector<Kernel> kernels_;
  std::vector<std::string> texts_;
  std::vector<int64_t> scratch_;
  std::vector<Function> functions_;
  void* library_ = nullptr;
};

}  // namespace kcc::testing
