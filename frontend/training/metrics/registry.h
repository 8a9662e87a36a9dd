// The table of metrics that are no losses, by their Keras names.
#pragma once

#include <string>
#include <vector>

#include "frontend/training/metrics/metric.h"

namespace kcc {

struct MetricRecipe {
  std::string class_name;  // as Keras writes it
  std::optional<Metric> (*read)(MetricConfig&);
  std::string reported_name = "";  // Keras's default; "": the class's name in snake case
};

const std::vector<MetricRecipe>& metric_recipes();
// Of a metric that Keras has and kcc does not: why, and what to do instead; "" of any other name.
std::string why_no_metric(const std::string& name);

}  // namespace kcc
