// The callbacks by their Keras names.
#pragma once

#include "runtime/callbacks/callback.h"

namespace kcc::runtime {

Result<std::unique_ptr<Callback>> make_callback(const PythonCall& call);
// Sorted.
std::vector<std::string> callback_names();

}  // namespace kcc::runtime
