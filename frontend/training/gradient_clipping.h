// clipnorm, global_clipnorm and clipvalue of every optimizer.
#pragma once

#include <vector>

#include "compiler/ops/builder.h"
#include "frontend/config_reader.h"

namespace kcc {

struct GradientClipping {
  enum class Kind { kNone, kValue, kNorm, kGlobalNorm };
  Kind kind = Kind::kNone;
  double limit = 0;
};

GradientClipping read_clipping(ConfigReader& c);

// All gradients of a step, clipped.
std::vector<ValueId> clip_gradients(Builder& b, const std::vector<ValueId>& gradients,
                                    const GradientClipping& clipping);

}  // namespace kcc
