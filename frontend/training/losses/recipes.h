// The recipes of this folder, by family file. registry.cpp lists them under their canonical names.
#pragma once

#include "frontend/training/losses/loss_config.h"

namespace kcc {

// crossentropy.cpp
Loss binary_crossentropy_loss(LossConfig& c);
Loss categorical_crossentropy_loss(LossConfig& c);
Loss generalized_crossentropy_loss(LossConfig& c);
Loss sparse_categorical_crossentropy_loss(LossConfig& c);
// focal.cpp
Loss binary_focal_loss(LossConfig& c);
Loss categorical_focal_loss(LossConfig& c);
// hinge.cpp
Loss categorical_hinge_loss(LossConfig& c);
Loss hinge_loss(LossConfig& c);
Loss squared_hinge_loss(LossConfig& c);
// overlap.cpp
Loss dice_loss(LossConfig& c);
Loss tversky_loss(LossConfig& c);
// probabilistic.cpp
Loss kl_divergence_loss(LossConfig& c);
Loss poisson_loss(LossConfig& c);
// regression.cpp
Loss cosine_similarity_loss(LossConfig& c);
Loss huber_loss(LossConfig& c);
Loss log_cosh_loss(LossConfig& c);
Loss mean_absolute_error_loss(LossConfig& c);
Loss mean_absolute_percentage_error_loss(LossConfig& c);
Loss mean_squared_error_loss(LossConfig& c);
Loss mean_squared_logarithmic_error_loss(LossConfig& c);

}  // namespace kcc
