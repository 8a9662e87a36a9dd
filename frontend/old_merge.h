// The Merge layer of Keras 1, which lived on until Keras 2.1.5: one class with a "mode". Part of keras1 and keras2.
#pragma once

#include "frontend/json.h"
#include "frontend/report.h"

namespace kcc {

// A Merge becomes Add, Multiply, Average, Maximum, Concatenate, Dot or Lambda; other layers stay.
void upgrade_merge(json::Value& layer, const Report& report);

// A Sequential could start with a Merge of branches: it becomes a functional model, the branches' layers its own, in
// the order in which weights files list them. Models that do not start so stay; nested ones are upgraded too.
void flatten_merged_branches(json::Value& model, const Report& report);

}  // namespace kcc
