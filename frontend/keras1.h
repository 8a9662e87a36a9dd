// Rewrites what Keras 1 (and 0.x) wrote to Keras 2's words, in place. keras1 -> keras2 -> keras3.
#pragma once

#include "frontend/json.h"
#include "frontend/report.h"

namespace kcc {

void upgrade_keras1(json::Value& model, const Report& report);

}  // namespace kcc
