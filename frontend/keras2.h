// Rewrites what Keras 2 wrote, Keras's own and TensorFlow's, to Keras 3's words, in place: class names, option names,
// values; and where Keras 2 means something else, a value that says so ("keras2_hard_sigmoid"). What stays unknown, the
// layers' recipes refuse. keras1 -> keras2 -> keras3.
#pragma once

#include "frontend/json.h"
#include "frontend/keras_version.h"
#include "frontend/report.h"

namespace kcc {

void upgrade_keras2(json::Value& model, const KerasVersion& version, const Report& report);

}  // namespace kcc
