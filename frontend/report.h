// Report: says what is wrong with a model file, at a place in it and inside the layer being read.
#pragma once

#include <string>

#include "compiler/support/diagnostics.h"
#include "frontend/json.h"

namespace kcc {

struct Report {
  std::string file;
  std::string layer;  // "" outside any
  Diagnostics& diagnostics;

  void error(json::Mark mark, std::string message, std::string hint = "") const {
    diagnostics.error({file, mark.line, mark.column, layer}, std::move(message), std::move(hint));
  }
  Report inside(const std::string& name) const { return {file, name, diagnostics}; }
};

}  // namespace kcc
