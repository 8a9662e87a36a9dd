// Report: says what is wrong with a model file, at a place in it and inside the layer being read.
#pragma once

#include <string>

#include "compiler/support/diagnostics.h"
#include "frontend/json.h"
#include "frontend/option_log.h"

namespace kcc {

struct Report {
  std::string file;
  std::string layer;  // "" outside any
  Diagnostics& diagnostics;
  OptionLog* options = nullptr;  // where readers note what they ask for; null but for `kcc ops`

  void error(json::Mark mark, std::string message, std::string hint = "") const {
    diagnostics.error({file, mark.line, mark.column, layer}, std::move(message), std::move(hint));
  }
  // Of a layer in a model inside another: "encoder/dense_1".
  Report inside(const std::string& name) const {
    return {file, layer.empty() ? name : layer + "/" + name, diagnostics, options};
  }
};

}  // namespace kcc
