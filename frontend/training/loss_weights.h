// compile()'s loss_weights, by output.
#pragma once

#include <string>
#include <vector>

#include "frontend/model_spec.h"
#include "frontend/report.h"

namespace kcc {

// A weight for each output, 1 where none is given. Keras 3 pairs weights with the losses as they are written; where
// these are not the file's (`losses_of_file` false), and in Keras 1 and 2 ({"keras2_by_output": weights}), they are for
// outputs.
std::vector<double> read_loss_weights(const CompileSpec& compile, bool losses_of_file,
                                      const std::vector<std::string>& outputs, const Report& report);

}  // namespace kcc
