#include "frontend/keras1.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "frontend/keras1_values.h"
#include "frontend/model_json.h"
#include "frontend/old_merge.h"
#include "frontend/rewrite.h"

namespace kcc {
namespace {

using json::Kind;
using json::Value;

constexpr ClassRename kClasses[] = {
    {"AtrousConv1D", "Conv1D"},
    {"AtrousConv2D", "Conv2D"},
    {"AtrousConvolution1D", "Conv1D"},
    {"AtrousConvolution2D", "Conv2D"},
    {"Convolution1D", "Conv1D"},
    {"Convolution2D", "Conv2D"},
    {"Convolution3D", "Conv3D"},
    {"Deconvolution2D", "Conv2DTranspose"},
    {"SeparableConvolution2D", "SeparableConv2D"},
    {"TimeDistributedDense", "Dense"},  // a Dense of later versions takes sequences
};

// Layers that went with Keras 1.
constexpr const char* kGone[] = {"Graph", "Highway", "MaxoutDense", "ParametricSoftplus", "SReLU"};

// By the class's new name. The first rows keep what only looks like an old name.
constexpr Rename kOptions[] = {
    {"Embedding", "output_dim", "output_dim"},
    {"Embedding", "input_dim", "input_dim"},
    {"Embedding", "init", "embeddings_initializer"},
    {"Embedding", "W_regularizer", "embeddings_regularizer"},
    {"Embedding", "W_constraint", "embeddings_constraint"},
    {"PReLU", "init", "alpha_initializer"},
    {"SeparableConv2D", "init", "depthwise_initializer"},
    {"InputLayer", "input_dtype", "dtype"},
    {"UpSampling1D", "length", "size"},
    {"*", "U_regularizer", "recurrent_regularizer"},
    {"*", "W_constraint", "kernel_constraint"},
    {"*", "W_regularizer", "kernel_regularizer"},
    {"*", "atrous_rate", "dilation_rate"},
    {"*", "b_constraint", "bias_constraint"},
    {"*", "b_regularizer", "bias_regularizer"},
    {"*", "beta_init", "beta_initializer"},
    {"*", "bias", "use_bias"},
    {"*", "border_mode", "padding"},
    {"*", "consume_less", nullptr},  // chose between equal computations
    {"*", "dim_ordering", "data_format"},
    {"*", "dropout_U", "recurrent_dropout"},
    {"*", "dropout_W", "dropout"},
    {"*", "filter_length", "kernel_size"},
    {"*", "gamma_init", "gamma_initializer"},
    {"*", "init", "kernel_initializer"},
    {"*", "inner_activation", "recurrent_activation"},
    {"*", "inner_init", "recurrent_initializer"},
    {"*", "nb_filter", "filters"},
    {"*", "output_dim", "units"},
    {"*", "p", "rate"},
    {"*", "pool_length", "pool_size"},
    {"*", "sigma", "stddev"},
    {"*", "stride", "strides"},
    {"*", "subsample", "strides"},
    {"*", "subsample_length", "strides"},
};

// nb_row and nb_col, kernel_dim1 to 3: one option now.
void join_kernel_size(Value& config) {
  std::vector<Value> sizes;
  for (const char* key : {"nb_row", "nb_col", "kernel_dim1", "kernel_dim2", "kernel_dim3"})
    if (auto size = config.take(key)) sizes.push_back(std::move(*size));
  if (sizes.empty()) return;
  const json::Mark mark = sizes[0].mark;
  config.set("kernel_size", json::array_value(std::move(sizes), mark));
}

void rename_data_format(Value& config) {
  Value* format = config.find("data_format");
  if (!format) return;
  if (format->text == "th") format->text = "channels_first";
  // "default" was what the user's keras.json said, in the end TensorFlow's order.
  if (format->text == "tf" || format->text == "default") format->text = "channels_last";
}

// Some layers' files leave "dim_ordering" out, and Keras 1 took its user's setting: what the other layers say.
constexpr const char* kOrdered[] = {"AveragePooling2D",
                                    "AveragePooling3D",
                                    "Conv2D",
                                    "Conv2DTranspose",
                                    "Conv3D",
                                    "Cropping2D",
                                    "Cropping3D",
                                    "GlobalAveragePooling2D",
                                    "GlobalAveragePooling3D",
                                    "GlobalMaxPooling2D",
                                    "GlobalMaxPooling3D",
                                    "MaxPooling2D",
                                    "MaxPooling3D",
                                    "SeparableConv2D",
                                    "SpatialDropout2D",
                                    "SpatialDropout3D",
                                    "UpSampling2D",
                                    "UpSampling3D",
                                    "ZeroPadding2D",
                                    "ZeroPadding3D"};

void fill_data_formats(Value& model, const Report& report) {
  std::set<std::string> said;
  for_each_layer(model, [&](const LayerVisit& visit) {
    if (const Value* format = visit.layer.find("config")->find("data_format")) said.insert(format->text);
  });
  if (said.empty()) return;
  for_each_layer(model, [&](const LayerVisit& visit) {
    Value& config = *visit.layer.find("config");
    const std::string class_name = class_of(visit.layer);
    const bool ordered = std::find(std::begin(kOrdered), std::end(kOrdered), class_name) != std::end(kOrdered);
    if (!ordered || config.find("data_format")) return;
    config.set("data_format", json::string_value(*said.begin(), visit.layer.mark));
    const Value* name = config.find("name");
    if (said.size() > 1)
      report.inside(name ? name->text : "")
          .error(visit.layer.mark, "the layer does not say its 'dim_ordering', and the other layers have both",
                 "add \"dim_ordering\": \"th\" or \"tf\" to it");
  });
}

// {"top_pad": 1, ...}
void list_padding(Value& config) {
  Value* padding = config.find("padding");
  if (!padding || !padding->is_object()) return;
  const auto side = [&](const char* key) {
    const Value* value = padding->find(key);
    return value ? *value : json::integer_value(0, padding->mark);
  };
  const json::Mark mark = padding->mark;
  Value rows = json::array_value({side("top_pad"), side("bottom_pad")}, mark);
  Value columns = json::array_value({side("left_pad"), side("right_pad")}, mark);
  *padding = json::array_value({std::move(rows), std::move(columns)}, mark);
}

void upgrade_batch_normalization(Value& config, const Report& report) {
  const auto mode = config.take("mode");
  if (!mode || mode->is_null() || (mode->is_number() && mode->number == 0)) return;
  const bool by_batch = mode->is_number() && mode->number == 2;
  report.error(mode->mark, fmt::format("option 'mode' of BatchNormalization is {}, which later versions of Keras {}",
                                       json::to_text(*mode),
                                       by_batch ? "do not have: it normalized by each batch, in prediction too"
                                                : "do not have: it normalized each sample by itself"));
}

void upgrade_forget_bias(Value& config, const Report& report) {
  const auto init = config.take("forget_bias_init");
  if (!init || init->is_null()) return;
  const bool one = init->text == "one" || init->text == "ones", zero = init->text == "zero" || init->text == "zeros";
  if (!one && !zero)
    report.error(init->mark,
                 fmt::format("option 'forget_bias_init' is {}, expected 'one' or 'zero'", json::to_text(*init)));
  config.set("unit_forget_bias", json::bool_value(one, init->mark));
}

void upgrade_embedding(Value& config, const Report& report) {
  const auto dropout = config.take("dropout");
  if (!dropout || dropout->is_null() || (dropout->is_number() && dropout->number == 0)) return;
  report.error(dropout->mark,
               fmt::format("option 'dropout' of Embedding is {}, which later versions of Keras do not have",
                           json::to_text(*dropout)),
               "put SpatialDropout1D behind the Embedding");
}

void upgrade_by_class(Value& config, const std::string& class_name, json::Mark mark, const Report& report) {
  const bool lstm = class_name == "LSTM" || class_name == "ConvLSTM2D";
  if (class_name == "BatchNormalization") upgrade_batch_normalization(config, report);
  if (class_name == "Embedding") upgrade_embedding(config, report);
  if (lstm) upgrade_forget_bias(config, report);
  // Keras 1 wrote all of these; a hand-written file may lean on its defaults.
  const bool recurrent = lstm || class_name == "GRU" || class_name == "SimpleRNN";
  if (recurrent && !config.find("recurrent_initializer"))
    config.set("recurrent_initializer", json::string_value("orthogonal", mark));
  if (class_name != "SeparableConv2D") return;
  if (const Value* init = config.find("depthwise_initializer")) config.set("pointwise_initializer", *init);
}

void upgrade_layer(const LayerVisit& visit, const Report& model_report) {
  Value& layer = visit.layer;
  Value& config = *layer.find("config");
  const Value* name = config.find("name");
  const Report report = model_report.inside(name ? name->text : "");
  for (const char* gone : kGone)
    if (class_of(layer) == gone)
      report.error(layer.mark, fmt::format("'{}' is a class of Keras 1 that later versions do not have", gone));
  rename_class(layer, kClasses);
  const std::string class_name = class_of(layer);
  if (class_name == "Merge") return;  // keras2 knows it too
  rename_options(config, class_name, kOptions);
  join_kernel_size(config);
  rename_data_format(config);
  list_padding(config);
  upgrade_by_class(config, class_name, layer.mark, report);
  upgrade_keras1_values(config, report);
  if (visit.starts_sequential) {
    config.rename("input_dtype", "dtype");
  } else {
    config.take("input_dtype");
    if (class_name != "Embedding") config.take("input_dim");
  }
}

}  // namespace

void upgrade_keras1(Value& model, const Report& report) {
  flatten_merged_branches(model, report);
  for_each_layer(model, [&](const LayerVisit& visit) { upgrade_layer(visit, report); });
  fill_data_formats(model, report);
}

}  // namespace kcc
