#include "frontend/registry.h"

#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

const std::vector<LayerRecipe>& layers() {
  static const std::vector<LayerRecipe> kLayers = {
      {"Activation", activation_layer},
      {"Add", add_layer},
      {"AveragePooling2D", average_pooling2d},
      {"BatchNormalization", batch_normalization},
      {"Concatenate", concatenate},
      {"Conv2D", conv2d},
      {"Dense", dense},
      {"Dropout", dropout},
      {"ELU", elu_layer},
      {"Flatten", flatten},
      {"GlobalAveragePooling2D", global_average_pooling2d},
      {"InputLayer", input_layer},
      {"LeakyReLU", leaky_relu_layer},
      {"MaxPooling2D", max_pooling2d},
      {"ReLU", relu_layer},
      {"Reshape", reshape_layer},
      {"Softmax", softmax_layer},
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
