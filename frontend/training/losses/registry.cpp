#include "frontend/training/losses/registry.h"

#include "frontend/training/losses/recipes.h"

namespace kcc {

const std::vector<LossRecipe>& loss_recipes() {
  static const std::vector<LossRecipe> kRecipes = {
      {"binary_crossentropy", binary_crossentropy_loss},
      {"binary_focal_crossentropy", binary_focal_loss},
      {"categorical_crossentropy", categorical_crossentropy_loss},
      {"categorical_focal_crossentropy", categorical_focal_loss},
      {"categorical_generalized_cross_entropy", generalized_crossentropy_loss},
      {"categorical_hinge", categorical_hinge_loss},
      {"cosine_similarity", cosine_similarity_loss},
      {"dice", dice_loss},
      {"hinge", hinge_loss},
      {"huber", huber_loss},
      {"kl_divergence", kl_divergence_loss},
      {"log_cosh", log_cosh_loss},
      {"mean_absolute_error", mean_absolute_error_loss},
      {"mean_absolute_percentage_error", mean_absolute_percentage_error_loss},
      {"mean_squared_error", mean_squared_error_loss},
      {"mean_squared_logarithmic_error", mean_squared_logarithmic_error_loss},
      {"poisson", poisson_loss},
      {"sparse_categorical_crossentropy", sparse_categorical_crossentropy_loss},
      {"squared_hinge", squared_hinge_loss},
      {"tversky", tversky_loss},
  };
  return kRecipes;
}

const std::vector<std::pair<std::string, std::string>>& loss_aliases() {
  static const std::vector<std::pair<std::string, std::string>> kAliases = {
      {"bce", "binary_crossentropy"},
      {"huber_loss", "huber"},
      {"kld", "kl_divergence"},
      {"kullback_leibler_divergence", "kl_divergence"},
      {"logcosh", "log_cosh"},
      {"mae", "mean_absolute_error"},
      {"mape", "mean_absolute_percentage_error"},
      {"mse", "mean_squared_error"},
      {"msle", "mean_squared_logarithmic_error"},
  };
  return kAliases;
}

std::string why_no_loss(const std::string& name) {
  if (name == "circle") return "compares every sample with every other one of the batch";
  if (name == "ctc") return "aligns sequences of different lengths";
  return "";
}

}  // namespace kcc
