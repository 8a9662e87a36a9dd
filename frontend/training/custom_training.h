// Losses and metrics that are functions of --define: f(y_true, y_pred).
#pragma once

#include <optional>
#include <string>

#include "frontend/custom_function.h"
#include "frontend/training/losses.h"
#include "frontend/training/metrics/metric.h"

namespace kcc {

// Empty after reporting what does not fit.
std::optional<Loss> custom_loss(const CustomFunction& function, const Shape& prediction);
std::optional<Metric> custom_metric(const CustomFunction& function, const std::string& name, const Loss& loss,
                                    const Shape& prediction);

}  // namespace kcc
