// Initializers: Keras's names and options -> how the runtime fills a state.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/module.h"
#include "frontend/config_reader.h"

namespace kcc {

// The fill of a weight of the given shape. Empty after reporting that the shape does not suit the initializer.
using InitializerSpec = std::function<std::optional<Initializer>(const std::vector<int64_t>& shape)>;

// An option such as "kernel_initializer"; `fallback` is Keras's default.
InitializerSpec read_initializer(ConfigReader& config, const std::string& key, const std::string& fallback);
// Sorted, in snake case, without aliases.
const std::vector<std::string>& initializer_names();
// (alias, name)
std::vector<std::pair<std::string, std::string>> initializer_aliases();

}  // namespace kcc
