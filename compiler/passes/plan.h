// plan: KernelGraph -> Plan. Cuts each group out as a graph of its own, finds equal kernels, and gives every value a
// place: outputs and states where they belong, everything else in one arena (plan_memory.h). Loops: plan_loop.h.
#pragma once

#include "compiler/passes/fuse.h"

namespace kcc {

// `name` prefixes kernel names; entries come in the order of `entries`.
Plan make_plan(const Module& module, const std::vector<KernelGraph>& entries, const std::string& name);

// For --emit=plan.
std::string to_string(const Plan& plan);
// For --explain=memory: the arena beside its lower bound, and the largest values.
std::string memory_report(const Plan& plan);

}  // namespace kcc
