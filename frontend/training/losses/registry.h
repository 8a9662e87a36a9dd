// The table of losses, by their canonical names: keras.losses' function names.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "frontend/training/losses/loss_config.h"

namespace kcc {

struct LossRecipe {
  std::string name;
  Loss (*read)(LossConfig&);
};

const std::vector<LossRecipe>& loss_recipes();
// (another name in snake case, canonical name)
const std::vector<std::pair<std::string, std::string>>& loss_aliases();
// Of a loss that Keras has and kcc does not: what it does that kcc cannot; "" of any other name.
std::string why_no_loss(const std::string& name);

}  // namespace kcc
