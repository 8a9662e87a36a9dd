// The recipes of this folder, by family file. registry.cpp lists them under their Keras names.
#pragma once

#include "frontend/layer.h"

namespace kcc {

// activations.cpp
LayerBody activation_layer(ConfigReader& c);
LayerBody elu_layer(ConfigReader& c);
LayerBody leaky_relu_layer(ConfigReader& c);
LayerBody relu_layer(ConfigReader& c);
LayerBody softmax_layer(ConfigReader& c);
// convolutional.cpp
LayerBody conv2d(ConfigReader& c);
// core.cpp
LayerBody dense(ConfigReader& c);
LayerBody input_layer(ConfigReader& c);
// merging.cpp
LayerBody add_layer(ConfigReader& c);
LayerBody concatenate(ConfigReader& c);
// normalization.cpp
LayerBody batch_normalization(ConfigReader& c);
// pooling.cpp
LayerBody average_pooling2d(ConfigReader& c);
LayerBody global_average_pooling2d(ConfigReader& c);
LayerBody max_pooling2d(ConfigReader& c);
// regularization.cpp
LayerBody dropout(ConfigReader& c);
// reshaping.cpp
LayerBody flatten(ConfigReader& c);
LayerBody reshape_layer(ConfigReader& c);

}  // namespace kcc
