#include "frontend/keras2.h"

#include <fmt/format.h>

#include "frontend/model_json.h"
#include "frontend/old_functions.h"
#include "frontend/old_merge.h"
#include "frontend/rewrite.h"

namespace kcc {
namespace {

using json::Kind;
using json::Value;

constexpr ClassRename kClasses[] = {
    {"BatchNormalizationV1", "BatchNormalization"},
    {"BatchNormalizationV2", "BatchNormalization"},
    {"Convolution1D", "Conv1D"},
    {"Convolution2D", "Conv2D"},
    {"Convolution3D", "Conv3D"},
    {"Deconvolution2D", "Conv2DTranspose"},
    {"SeparableConvolution2D", "SeparableConv2D"},
};

// What the older writers' options were called. "implementation" only chose between equal computations.
constexpr Rename kOptions[] = {
    {"*", "implementation", nullptr},
    {"InputLayer", "batch_input_shape", "batch_shape"},
    {"LeakyReLU", "alpha", "negative_slope"},
    // A separable convolution inherited these without using them.
    {"SeparableConv1D", "kernel_constraint", nullptr},
    {"SeparableConv1D", "kernel_initializer", nullptr},
    {"SeparableConv1D", "kernel_regularizer", nullptr},
    {"SeparableConv2D", "kernel_constraint", nullptr},
    {"SeparableConv2D", "kernel_initializer", nullptr},
    {"SeparableConv2D", "kernel_regularizer", nullptr},
};

bool is_null_option(const Value& config, const char* key) {
  const Value* value = config.find(key);
  return value && value->is_null();
}
bool is_false_option(const Value& config, const char* key) {
  const Value* value = config.find(key);
  return value && value->kind == Kind::kBool && !value->boolean;
}

// Options that Keras 3 no longer has, where they ask for what it does anyway. Others stay and are refused.
void drop_idle_options(Value& config, const std::string& class_name) {
  for (const char* key : {"time_major", "ragged", "sparse"})
    if (is_false_option(config, key)) config.take(key);
  for (const char* key : {"input_tensor", "activity_regularizer", "mask"})
    if (is_null_option(config, key)) config.take(key);
  if (class_name.starts_with("SpatialDropout") && is_null_option(config, "noise_shape")) config.take("noise_shape");
  const Value* groups = config.find("groups");
  const bool unused =
      class_name == "DepthwiseConv2D" || class_name.ends_with("Transpose") || class_name.starts_with("SeparableConv");
  if (groups && unused && groups->integer == 1) config.take("groups");
}

// The first layer's "dtype" was its input's; integers say nothing about how the layer computes.
void name_input_dtype(const LayerVisit& visit, Value& config) {
  const Value* dtype = config.find("dtype");
  const bool whole = dtype && (dtype->text.rfind("int", 0) == 0 || dtype->text.rfind("uint", 0) == 0);
  if (!whole || class_of(visit.layer) == "InputLayer") return;
  if (visit.starts_sequential)
    config.rename("dtype", "input_dtype");
  else
    config.take("dtype");
}

// NVIDIA's recurrent layers are the plain ones with fixed options.
void replace_cudnn(Value& layer, Value& config) {
  Value& class_name = *layer.find("class_name");
  const bool lstm = class_name.text == "CuDNNLSTM";
  if (!lstm && class_name.text != "CuDNNGRU") return;
  const json::Mark mark = class_name.mark;
  class_name.text = lstm ? "LSTM" : "GRU";
  config.set("activation", json::string_value("tanh", mark));
  config.set("recurrent_activation", json::string_value("sigmoid", mark));
  if (!lstm) config.set("reset_after", json::bool_value(true, mark));
}

// What a recurrent layer does where its file says nothing.
void fill_recurrent_defaults(Value& config, const std::string& class_name, const KerasVersion& version,
                             json::Mark mark) {
  // Keras 3 does not hand the input's own mask to a layer that is also given initial states.
  if (class_name == "GRU" || class_name == "LSTM" || class_name == "SimpleRNN")
    config.set("mask_with_initial_state", json::bool_value(true, mark));
  if (!version.multi_backend) return;
  const bool gru = class_name == "GRU" || class_name == "GRUCell";
  const bool lstm =
      class_name == "LSTM" || class_name == "LSTMCell" || class_name == "ConvLSTM2D" || class_name == "ConvLSTM2DCell";
  if ((gru || lstm) && !config.find("recurrent_activation"))
    config.set("recurrent_activation", json::string_value("hard_sigmoid", mark));
  if (gru && !config.find("reset_after")) config.set("reset_after", json::bool_value(false, mark));
}

// hard_sigmoid was clip(0.2 x + 0.5, 0, 1); Keras 3's is relu6(x + 3) / 6.
void mark_activation(Value& config, const char* key) {
  Value* value = config.find(key);
  if (!value) return;
  if (value->text == "hard_sigmoid") value->text = "keras2_hard_sigmoid";
  Value* name = value->find("config");
  if (name && name->text == "hard_sigmoid") name->text = "keras2_hard_sigmoid";
  if (class_of(*value) == "LeakyReLU" && name) name->rename("alpha", "negative_slope");
}

// An initializer wrote the type of what it fills, which the weight has anyway.
void tidy_initializers(Value& config) {
  for (json::Member& member : config.members) {
    if (!member.key.ends_with("_initializer")) continue;
    if (Value* options = member.value.find("config"); options && options->is_object()) options->take("dtype");
  }
}

void upgrade_layer(const LayerVisit& visit, const KerasVersion& version, const Report& report) {
  Value& layer = visit.layer;
  Value& config = *layer.find("config");
  rename_class(layer, kClasses);
  replace_cudnn(layer, config);
  upgrade_merge(layer, report);
  upgrade_lambda(layer);
  const std::string class_name = class_of(layer);
  rename_options(config, class_name, kOptions);
  drop_idle_options(config, class_name);
  name_input_dtype(visit, config);
  fill_recurrent_defaults(config, class_name, version, layer.mark);
  for (const char* key : {"activation", "recurrent_activation"}) mark_activation(config, key);
  tidy_initializers(config);
  if (!visit.starts_sequential) config.take("input_length");
}

}  // namespace

void upgrade_keras2(Value& model, const KerasVersion& version, const Report& report) {
  for_each_layer(model, [&](const LayerVisit& visit) { upgrade_layer(visit, version, report); });
}

}  // namespace kcc
