// File names with fields, as Python's str.format fills them: "{epoch:02d}-{val_loss:.2f}.weights.h5".
#pragma once

#include <string>

#include "runtime/callbacks/expression.h"
#include "runtime/files/result.h"

namespace kcc::runtime {

using Fields = std::vector<std::pair<std::string, PythonNumber>>;

struct Formatted {
  std::string text;
  std::string missing;  // the first name that no field has; then the text is not whole
};

// An Error is a mistake in the pattern itself.
Result<Formatted> format_fields(const std::string& pattern, const Fields& fields);

}  // namespace kcc::runtime
