// --verify-data: inputs and expected outputs out of an .npz file, read with the runtime's own reader, in the form that
// programs hold them. Module and a file -> bytes. The model is not run: `trainer verify` does that, where it matters.
#pragma once

#include <optional>
#include <string>

#include "codegen/self_test_layout.h"
#include "compiler/ir/module.h"
#include "compiler/support/diagnostics.h"

namespace kcc {

struct SelfTestData {
  SelfTestLayout layout;
  std::string bytes;
};

// Members are named after the model's inputs and outputs, all of them and no others, with the same number of rows.
// Empty after an error.
std::optional<SelfTestData> embed_self_test(const Module& module, const std::string& file, Diagnostics& diagnostics);

}  // namespace kcc
