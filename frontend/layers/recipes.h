// The recipes of this folder, by family file. registry.cpp lists them under their Keras names.
#pragma once

#include "frontend/layer_config.h"

namespace kcc {

// activations.cpp
LayerBody activation_layer(LayerConfig& c);
LayerBody elu_layer(LayerConfig& c);
LayerBody leaky_relu_layer(LayerConfig& c);
LayerBody prelu_layer(LayerConfig& c);
LayerBody relu_layer(LayerConfig& c);
LayerBody softmax_layer(LayerConfig& c);
LayerBody thresholded_relu_layer(LayerConfig& c);
// batch_normalization.cpp
LayerBody batch_normalization(LayerConfig& c);
// bidirectional.cpp
LayerBody bidirectional(LayerConfig& c);
// convolutional.cpp
LayerBody conv1d(LayerConfig& c);
LayerBody conv2d(LayerConfig& c);
LayerBody conv3d(LayerConfig& c);
// core.cpp
LayerBody dense(LayerConfig& c);
LayerBody identity_layer(LayerConfig& c);
LayerBody input_layer(LayerConfig& c);
// dot.cpp
LayerBody dot_layer(LayerConfig& c);
// lambda.cpp
LayerBody lambda_layer(LayerConfig& c);
// embedding.cpp
LayerBody embedding(LayerConfig& c);
LayerBody masking(LayerConfig& c);
// merging.cpp
LayerBody add_layer(LayerConfig& c);
LayerBody average_layer(LayerConfig& c);
LayerBody concatenate(LayerConfig& c);
LayerBody maximum_layer(LayerConfig& c);
LayerBody minimum_layer(LayerConfig& c);
LayerBody multiply_layer(LayerConfig& c);
LayerBody subtract_layer(LayerConfig& c);
// normalization.cpp
LayerBody group_normalization(LayerConfig& c);
LayerBody layer_normalization(LayerConfig& c);
LayerBody rms_normalization(LayerConfig& c);
LayerBody unit_normalization(LayerConfig& c);
// pooling.cpp
LayerBody average_pooling1d(LayerConfig& c);
LayerBody average_pooling2d(LayerConfig& c);
LayerBody average_pooling3d(LayerConfig& c);
LayerBody global_average_pooling1d(LayerConfig& c);
LayerBody global_average_pooling2d(LayerConfig& c);
LayerBody global_average_pooling3d(LayerConfig& c);
LayerBody global_max_pooling1d(LayerConfig& c);
LayerBody global_max_pooling2d(LayerConfig& c);
LayerBody global_max_pooling3d(LayerConfig& c);
LayerBody max_pooling1d(LayerConfig& c);
LayerBody max_pooling2d(LayerConfig& c);
LayerBody max_pooling3d(LayerConfig& c);
// preprocessing.cpp
LayerBody normalization(LayerConfig& c);
LayerBody rescaling(LayerConfig& c);
// recurrent.cpp
LayerBody gru(LayerConfig& c);
LayerBody lstm(LayerConfig& c);
LayerBody simple_rnn(LayerConfig& c);
// regularization.cpp
LayerBody activity_regularization(LayerConfig& c);
LayerBody alpha_dropout(LayerConfig& c);
LayerBody dropout(LayerConfig& c);
LayerBody gaussian_dropout(LayerConfig& c);
LayerBody gaussian_noise(LayerConfig& c);
LayerBody spatial_dropout1d(LayerConfig& c);
LayerBody spatial_dropout2d(LayerConfig& c);
LayerBody spatial_dropout3d(LayerConfig& c);
// resampling.cpp
LayerBody cropping1d(LayerConfig& c);
LayerBody cropping2d(LayerConfig& c);
LayerBody cropping3d(LayerConfig& c);
LayerBody up_sampling1d(LayerConfig& c);
LayerBody up_sampling2d(LayerConfig& c);
LayerBody up_sampling3d(LayerConfig& c);
LayerBody zero_padding1d(LayerConfig& c);
LayerBody zero_padding2d(LayerConfig& c);
LayerBody zero_padding3d(LayerConfig& c);
// reshaping.cpp
LayerBody flatten(LayerConfig& c);
LayerBody permute(LayerConfig& c);
LayerBody repeat_vector(LayerConfig& c);
LayerBody reshape_layer(LayerConfig& c);
// separable_convolutional.cpp
LayerBody depthwise_conv1d(LayerConfig& c);
LayerBody depthwise_conv2d(LayerConfig& c);
LayerBody separable_conv1d(LayerConfig& c);
LayerBody separable_conv2d(LayerConfig& c);
// transposed_convolutional.cpp
LayerBody conv1d_transpose(LayerConfig& c);
LayerBody conv2d_transpose(LayerConfig& c);
LayerBody conv3d_transpose(LayerConfig& c);
// wrappers.cpp
LayerBody time_distributed(LayerConfig& c);

}  // namespace kcc
