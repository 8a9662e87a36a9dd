// A kernel family turns a kernel's body into a scheduled Halide pipeline: algorithm and schedule together, because
// they are tuned together. One file a family; families.cpp is the table.
//
// What a kernel may rely on: operands and results dense and row-major; at least one of each where the batch is used.
// What its caller may rely on: a result of fixed shape (a state) may take the memory of an operand that the body reads
// only element by element and not through its anchor: each such element is read before it is written, and once. Other
// results must not overlap operands. Results do not depend on the number or order of parallel tasks.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "Halide.h"
#include "codegen/target.h"
#include "compiler/ir/plan.h"

namespace kcc {

// Numbers that a schedule leaves open, by name: "rows" of a register tile. All that a family calls legal compute the
// same up to rounding; which is fastest is measured (kcc bench --tune).
using Tuning = std::map<std::string, int64_t>;
struct Choice {
  std::string name;
  int64_t taken = 0;
  std::vector<int64_t> others;  // legal beside it
};

struct BuiltKernel {
  Halide::Pipeline pipeline;
  std::vector<Halide::Argument> arguments;  // buffers in the order of the body's inputs; results follow by themselves
  std::string schedule;                     // for people: "8 x 2 vectors, k by 64"
  bool strict_float = false;                // compile with Target::StrictFloat
  std::vector<Choice> choices = {};         // that the schedule took
};

struct ScheduleOptions {
  int level = 2;         // -O0: plain loops, still correct
  int64_t batch = 32;    // the batch that schedules are specialised for; any other must still work
  Tuning tuning = {};    // numbers to take instead of the family's own, where they are legal
  bool winograd = true;  // convolutions may round as Winograd's do (kernels/winograd.h)
};

BuiltKernel build_pointwise(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);
BuiltKernel build_rows(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);
BuiltKernel build_reduction(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);
BuiltKernel build_matmul(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);
BuiltKernel build_batch_matmul(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);
BuiltKernel build_conv(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);
BuiltKernel build_conv_input_grad(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);
BuiltKernel build_conv_weight_grad(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);
BuiltKernel build_pool(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);
BuiltKernel build_pool_grad(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);

BuiltKernel build_scatter(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);

// Calls the family's function.
BuiltKernel build_kernel(const Kernel& kernel, const MachineTarget& target, const ScheduleOptions& options);

}  // namespace kcc
