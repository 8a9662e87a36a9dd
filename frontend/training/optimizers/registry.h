// The table of optimizers. To add one: its file in this folder, and a line in readers.h and in registry.cpp.
#pragma once

#include <vector>

#include "frontend/training/optimizers.h"

namespace kcc {

struct OptimizerKind {
  const char* class_name;
  // Reads the options that only this optimizer has, the learning rate, and fills in the rule. Null for one that is
  // known and refused.
  void (*read)(ConfigReader&, Optimizer&);
  const char* refusal = nullptr;  // "needs ..."
  const char* hint = "";
};

const std::vector<OptimizerKind>& optimizer_kinds();

}  // namespace kcc
