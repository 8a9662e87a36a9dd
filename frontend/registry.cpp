#include "frontend/registry.h"

#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

const std::vector<LayerRecipe>& layers() {
  static const std::vector<LayerRecipe> kLayers = {
      {"Activation", activation_layer},
      {"ActivityRegularization", activity_regularization},
      {"Add", add_layer},
      {"AlphaDropout", alpha_dropout},
      {"Average", average_layer},
      {"AveragePooling2D", average_pooling2d},
      {"BatchNormalization", batch_normalization},
      {"Concatenate", concatenate},
      {"Conv2D", conv2d},
      {"Dense", dense},
      {"Dot", dot_layer},
      {"Dropout", dropout},
      {"ELU", elu_layer},
      {"Flatten", flatten},
      {"GaussianDropout", gaussian_dropout},
      {"GaussianNoise", gaussian_noise},
      {"GlobalAveragePooling2D", global_average_pooling2d},
      {"GroupNormalization", group_normalization},
      {"Identity", identity_layer},
      {"InputLayer", input_layer},
      {"Lambda", lambda_layer},
      {"LayerNormalization", layer_normalization},
      {"LeakyReLU", leaky_relu_layer},
      {"MaxPooling2D", max_pooling2d},
      {"Maximum", maximum_layer},
      {"Minimum", minimum_layer},
      {"Multiply", multiply_layer},
      {"Normalization", normalization},
      {"PReLU", prelu_layer},
      {"RMSNormalization", rms_normalization},
      {"ReLU", relu_layer},
      {"Rescaling", rescaling},
      {"Reshape", reshape_layer},
      {"Softmax", softmax_layer},
      {"SpatialDropout1D", spatial_dropout1d},
      {"SpatialDropout2D", spatial_dropout2d},
      {"SpatialDropout3D", spatial_dropout3d},
      {"Subtract", subtract_layer},
      {"ThresholdedReLU", thresholded_relu_layer},
      {"TimeDistributed", time_distributed},
      {"UnitNormalization", unit_normalization},
  };
  return kLayers;
}

constexpr std::pair<const char*, const char*> kAliases[] = {
    {"AvgPool2D", "AveragePooling2D"},
    {"Convolution2D", "Conv2D"},
    {"GlobalAvgPool2D", "GlobalAveragePooling2D"},
    {"MaxPool2D", "MaxPooling2D"},
};

}  // namespace

const LayerRecipe* find_layer(const std::string& class_name) {
  std::string name = class_name;
  for (const auto& [alias, meaning] : kAliases)
    if (name == alias) name = meaning;
  for (const LayerRecipe& recipe : layers())
    if (recipe.class_name == name) return &recipe;
  return nullptr;
}

std::vector<std::string> layer_names() {
  std::vector<std::string> names;
  for (const LayerRecipe& recipe : layers()) names.push_back(recipe.class_name);
  return names;
}

}  // namespace kcc
