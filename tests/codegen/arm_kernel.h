// One kernel on ARM: compiled as the product does, linked by the cross compiler with arm_main.cpp, run by qemu. What
// LoadedKernel is for this machine's processor.
#pragma once

#include <string>
#include <vector>

#include "codegen/kernels/family.h"
#include "compiler/support/work_folder.h"
#include "tests/support/array.h"

namespace kcc::testing {

class ArmKernel {
 public:
  // "", or which of the tools is not on this machine.
  static std::string missing_tool();

  ArmKernel(const Kernel& kernel, const ScheduleOptions& options);

  // Results by position.
  std::vector<Array> run(const std::vector<Array>& operands, int64_t batch) const;

 private:
  std::vector<Type> types_;  // operands, then results
  WorkFolder folder_;
};

}  // namespace kcc::testing
