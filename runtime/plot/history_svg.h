// The curves of a training run as a picture: one panel for the loss and one for every metric, training and validation
// together, with the best epoch marked. History -> SVG.
#pragma once

#include <string>

#include "runtime/history.h"

namespace kcc::runtime {

// `title`: the model's name. The best epoch is the one with the lowest val_loss, or without validation loss: what
// Keras's callbacks watch unless told otherwise. Epochs count from 1, as Keras prints them.
std::string history_svg(const History& history, const std::string& title);

}  // namespace kcc::runtime
