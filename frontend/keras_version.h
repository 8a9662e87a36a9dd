// Which Keras wrote a file: its words, defaults and meanings follow.
#pragma once

#include <string>

#include "frontend/json.h"

namespace kcc {

struct KerasVersion {
  int generation = 3;         // 1 (and 0.x), 2 or 3
  bool multi_backend = true;  // of generation 2: Keras itself until 2.3, not TensorFlow's own
  std::string text;           // as the file says it; "1", "2" or "3" where it says nothing
};

// From "keras_version", or by the model's spelling where that is empty.
KerasVersion keras_version_of(const std::string& text, const json::Value& model);

}  // namespace kcc
