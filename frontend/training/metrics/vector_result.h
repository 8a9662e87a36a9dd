// What recipes refuse for the shape of their result or of the output.
#pragma once

#include "frontend/training/metrics/metric.h"

namespace kcc {

// Keras reports arrays for some options; neither its callbacks nor a history in a table can do much with them, and
// programs report numbers.
std::nullopt_t no_vectors(MetricConfig& c, const std::string& option, const std::string& expected);
// Whether the output is (B, C), as some metrics need it; else reports it.
bool is_flat(MetricConfig& c);

}  // namespace kcc
