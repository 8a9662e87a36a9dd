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
      {"AveragePooling1D", average_pooling1d},
      {"AveragePooling2D", average_pooling2d},
      {"AveragePooling3D", average_pooling3d},
      {"BatchNormalization", batch_normalization},
      {"Bidirectional", bidirectional},
      {"Concatenate", concatenate},
      {"Conv1D", conv1d},
      {"Conv1DTranspose", conv1d_transpose},
      {"Conv2D", conv2d},
      {"Conv2DTranspose", conv2d_transpose},
      {"Conv3D", conv3d},
      {"Conv3DTranspose", conv3d_transpose},
      {"Cropping1D", cropping1d},
      {"Cropping2D", cropping2d},
      {"Cropping3D", cropping3d},
      {"Dense", dense},
      {"DepthwiseConv1D", depthwise_conv1d},
      {"DepthwiseConv2D", depthwise_conv2d},
      {"Dot", dot_layer},
      {"Dropout", dropout},
      {"ELU", elu_layer},
      {"Embedding", embedding},
      {"Flatten", flatten},
      {"GRU", gru},
      {"GaussianDropout", gaussian_dropout},
      {"GaussianNoise", gaussian_noise},
      {"GlobalAveragePooling1D", global_average_pooling1d},
      {"GlobalAveragePooling2D", global_average_pooling2d},
      {"GlobalAveragePooling3D", global_average_pooling3d},
      {"GlobalMaxPooling1D", global_max_pooling1d},
      {"GlobalMaxPooling2D", global_max_pooling2d},
      {"GlobalMaxPooling3D", global_max_pooling3d},
      {"GroupNormalization", group_normalization},
      {"Identity", identity_layer},
      {"InputLayer", input_layer},
      {"LSTM", lstm},
      {"Lambda", lambda_layer},
      {"LayerNormalization", layer_normalization},
      {"LeakyReLU", leaky_relu_layer},
      {"Masking", masking},
      {"MaxPooling1D", max_pooling1d},
      {"MaxPooling2D", max_pooling2d},
      {"MaxPooling3D", max_pooling3d},
      {"Maximum", maximum_layer},
      {"Minimum", minimum_layer},
      {"Multiply", multiply_layer},
      {"Normalization", normalization},
      {"PReLU", prelu_layer},
      {"Permute", permute},
      {"RMSNormalization", rms_normalization},
      {"ReLU", relu_layer},
      {"RepeatVector", repeat_vector},
      {"Rescaling", rescaling},
      {"Reshape", reshape_layer},
      {"SeparableConv1D", separable_conv1d},
      {"SeparableConv2D", separable_conv2d},
      {"SimpleRNN", simple_rnn},
      {"Softmax", softmax_layer},
      {"SpatialDropout1D", spatial_dropout1d},
      {"SpatialDropout2D", spatial_dropout2d},
      {"SpatialDropout3D", spatial_dropout3d},
      {"Subtract", subtract_layer},
      {"ThresholdedReLU", thresholded_relu_layer},
      {"TimeDistributed", time_distributed},
      {"UnitNormalization", unit_normalization},
      {"UpSampling1D", up_sampling1d},
      {"UpSampling2D", up_sampling2d},
      {"UpSampling3D", up_sampling3d},
      {"ZeroPadding1D", zero_padding1d},
      {"ZeroPadding2D", zero_padding2d},
      {"ZeroPadding3D", zero_padding3d},
  };
  return kLayers;
}

constexpr std::pair<const char*, const char*> kAliases[] = {
    {"AvgPool1D", "AveragePooling1D"},
    {"AvgPool2D", "AveragePooling2D"},
    {"AvgPool3D", "AveragePooling3D"},
    {"Convolution1D", "Conv1D"},
    {"Convolution1DTranspose", "Conv1DTranspose"},
    {"Convolution2D", "Conv2D"},
    {"Convolution2DTranspose", "Conv2DTranspose"},
    {"Convolution3D", "Conv3D"},
    {"Convolution3DTranspose", "Conv3DTranspose"},
    {"GlobalAvgPool1D", "GlobalAveragePooling1D"},
    {"GlobalAvgPool2D", "GlobalAveragePooling2D"},
    {"GlobalAvgPool3D", "GlobalAveragePooling3D"},
    {"GlobalMaxPool1D", "GlobalMaxPooling1D"},
    {"GlobalMaxPool2D", "GlobalMaxPooling2D"},
    {"GlobalMaxPool3D", "GlobalMaxPooling3D"},
    {"MaxPool1D", "MaxPooling1D"},
    {"MaxPool2D", "MaxPooling2D"},
    {"MaxPool3D", "MaxPooling3D"},
    {"SeparableConvolution1D", "SeparableConv1D"},
    {"SeparableConvolution2D", "SeparableConv2D"},
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

std::vector<std::pair<std::string, std::string>> layer_aliases() {
  return {std::begin(kAliases), std::end(kAliases)};
}

}  // namespace kcc
