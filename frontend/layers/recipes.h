// The recipes of this folder, by family file. registry.cpp lists them under their Keras names.
#pragma once

#include "frontend/layer_config.h"

namespace kcc {

// activations.cpp
LayerBody activation_layer(LayerConfig& c);
LayerBody elu_layer(LayerConfig& c);
LayerBody leaky_relu_layer(LayerConfig& c);
LayerBody relu_layer(LayerConfig& c);
LayerBody softmax_layer(LayerConfig& c);
// convolutional.cpp
LayerBody conv2d(LayerConfig& c);
// core.cpp
LayerBody dense(LayerConfig& c);
LayerBody input_layer(LayerConfig& c);
// merging.cpp
LayerBody add_layer(LayerConfig& c);
LayerBody concatenate(LayerConfig& c);
// normalization.cpp
LayerBody batch_normalization(LayerConfig& c);
// pooling.cpp
LayerBody average_pooling2d(LayerConfig& c);
LayerBody global_average_pooling2d(LayerConfig& c);
LayerBody max_pooling2d(LayerConfig& c);
// regularization.cpp
LayerBody dropout(LayerConfig& c);
// reshaping.cpp
LayerBody flatten(LayerConfig& c);
LayerBody reshape_layer(LayerConfig& c);

}  // namespace kcc
