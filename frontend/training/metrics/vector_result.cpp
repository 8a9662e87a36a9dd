#include "frontend/training/metrics/vector_result.h"

#include <fmt/format.h>

#include "frontend/layer.h"

namespace kcc {

std::nullopt_t no_vectors(MetricConfig& c, const std::string& option, const std::string& expected) {
  const json::Value* value = c.options.find(option);
  c.options.report().error(value ? value->mark : c.options.mark(),
                           fmt::format("{} with {}={} has an array of results, and programs report numbers",
                                       c.options.subject(), option, value ? json::to_text(*value) : "None"),
                           "expected " + expected);
  return std::nullopt;
}

bool is_flat(MetricConfig& c) {
  if (c.prediction.size() == 2) return true;
  c.options.report().error(c.options.mark(),
                           fmt::format("{} needs an output of the shape (None, classes), this one has {}",
                                       c.options.subject(), keras_shape(c.prediction)));
  return false;
}

}  // namespace kcc
