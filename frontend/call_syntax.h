// Python's spelling of an object, as command-line options take it: "SGD(lr=0.01, nesterov=True)", "mse". Gives the
// same JSON that a model file has: {"class_name": "SGD", "config": {...}}, or a string. Arguments given by position
// get the keys "#0", "#1", ...; leading module names are dropped.
#pragma once

#include <optional>
#include <string>

#include "frontend/report.h"

namespace kcc {

std::optional<json::Value> parse_call(const std::string& text, const Report& report);

}  // namespace kcc
