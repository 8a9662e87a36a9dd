// Arguments of compile() that are lists or objects with an entry for each output.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "frontend/config_reader.h"

namespace kcc {

// Position of an output by its name; empty after reporting that there is none.
std::optional<size_t> find_output(const std::vector<std::string>& outputs, const std::string& name, json::Mark mark,
                                  const Report& report);

// An object by the outputs' names, not one that describes a loss or metric.
bool is_by_name(const json::Value& value);

// The leaves of lists and of objects, of these by their sorted keys, as Keras flattens structures.
std::vector<const json::Value*> leaves_of(const json::Value& value);

}  // namespace kcc
