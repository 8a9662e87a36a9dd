// What Keras 1 and 2 wrote is read as if Keras 3 had written it: rows of an old spelling and the new one.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "frontend/read_model.h"

namespace kcc {
namespace {

// One text a value, whatever the order of an object's members.
std::string text_of(const json::Value& value) {
  if (value.is_array()) {
    std::string text = "[";
    for (const json::Value& item : value.items) text += text_of(item) + ",";
    return text + "]";
  }
  if (!value.is_object()) return json::to_text(value);
  std::vector<std::string> members;
  for (const json::Member& member : value.members) members.push_back(member.key + ":" + text_of(member.value));
  std::sort(members.begin(), members.end());
  return fmt::format("{{{}}}", fmt::join(members, ","));
}

std::string text_of(const ModelSpec& model);

std::string text_of(const std::vector<TensorSpec>& tensors) {
  std::string text;
  for (const TensorSpec& t : tensors) text += fmt::format(" {}[{}][{}]", t.layer, t.call, t.output);
  return text;
}

std::string text_of(const LayerSpec& layer) {
  std::string text = layer.class_name + " " + (layer.model ? "" : text_of(layer.config));
  for (const CallSpec& call : layer.calls) {
    text += "\n  on" + text_of(call.inputs);
    for (const auto& [name, tensors] : call.by_name) text += fmt::format("; {}{}", name, text_of(tensors));
  }
  for (const auto& [key, child] : layer.children) text += fmt::format("\n  {}: {}", key, text_of(child));
  if (layer.model) text += "\n" + text_of(*layer.model);
  return text;
}

std::string text_of(const ModelSpec& model) {
  std::string text;
  for (const LayerSpec& layer : model.layers) text += text_of(layer) + "\n";
  return text + "in" + text_of(model.inputs) + "\nout" + text_of(model.outputs) + "\n";
}

std::string text_of(const CompileSpec& compile) {
  return text_of(compile.optimizer) + text_of(compile.loss) + text_of(compile.loss_weights) + text_of(compile.metrics);
}

std::optional<ModelSpec> read(const std::string& text) {
  Diagnostics diagnostics;
  const auto file = parse_model({"m.json", text}, diagnostics);
  auto spec = file ? read_model(*file, diagnostics) : std::nullopt;
  EXPECT_EQ(diagnostics.render(false), "") << text;
  return spec;
}

// ---- one layer

struct LayerRow {
  const char* version;
  const char *old_class, *old_config;  // without the braces
  const char *new_class, *new_config;
};

const LayerRow kLayers[] = {
    // Keras 1's words
    {"1.2.2", "Dense", R"("output_dim": 3, "init": "uniform", "bias": true, "W_regularizer": null)", "Dense",
     R"("units": 3, "kernel_initializer": "uniform", "use_bias": true, "kernel_regularizer": null)"},
    {"1.0.8", "TimeDistributedDense", R"("output_dim": 3)", "Dense", R"("units": 3)"},
    {"1.2.2", "Dense", R"("output_dim": 3, "W_regularizer": {"name": "L1L2Regularizer", "l1": 0.0, "l2": 0.5})",
     "Dense", R"("units": 3, "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.5}})"},
    {"1.2.2", "Dense", R"("output_dim": 3, "b_constraint": {"name": "MaxNorm", "m": 2, "axis": 0})", "Dense",
     R"("units": 3, "bias_constraint": {"class_name": "MaxNorm", "config": {"max_value": 2, "axis": 0}})"},
    {"1.2.2", "Dense", R"("output_dim": 3, "init": "he_normal")", "Dense",
     R"("units": 3, "kernel_initializer": {"class_name": "VarianceScaling",
        "config": {"scale": 2.0, "mode": "fan_in", "distribution": "untruncated_normal"}})"},
    {"1.2.2", "Dense", R"("output_dim": 3, "init": "orthogonal", "activation": "hard_sigmoid")", "Dense",
     R"("units": 3, "kernel_initializer": {"class_name": "Orthogonal", "config": {"gain": 1.1}},
        "activation": "keras2_hard_sigmoid")"},
    {"1.2.2", "Convolution2D",
     R"("nb_filter": 3, "nb_row": 2, "nb_col": 5, "border_mode": "same", "subsample": [2, 1], "dim_ordering": "th")",
     "Conv2D",
     R"("filters": 3, "kernel_size": [2, 5], "padding": "same", "strides": [2, 1], "data_format": "channels_first")"},
    {"1.2.2", "AtrousConvolution2D", R"("nb_filter": 3, "nb_row": 2, "nb_col": 2, "atrous_rate": [2, 2],
        "dim_ordering": "tf")",
     "Conv2D", R"("filters": 3, "kernel_size": [2, 2], "dilation_rate": [2, 2], "data_format": "channels_last")"},
    {"1.2.2", "Convolution1D", R"("nb_filter": 3, "filter_length": 4, "subsample_length": 2)", "Conv1D",
     R"("filters": 3, "kernel_size": 4, "strides": 2)"},
    {"1.2.2", "Convolution3D", R"("nb_filter": 3, "kernel_dim1": 2, "kernel_dim2": 3, "kernel_dim3": 4)", "Conv3D",
     R"("filters": 3, "kernel_size": [2, 3, 4])"},
    {"1.2.2", "MaxPooling1D", R"("pool_length": 3, "stride": 2, "border_mode": "valid")", "MaxPooling1D",
     R"("pool_size": 3, "strides": 2, "padding": "valid")"},
    {"1.2.2", "ZeroPadding2D", R"("padding": {"top_pad": 1, "left_pad": 2}, "dim_ordering": "default")",
     "ZeroPadding2D", R"("padding": [[1, 0], [2, 0]], "data_format": "channels_last")"},
    {"1.2.2", "UpSampling1D", R"("length": 3)", "UpSampling1D", R"("size": 3)"},
    {"1.2.2", "BatchNormalization", R"("mode": 0, "beta_init": "zero", "gamma_init": "one")", "BatchNormalization",
     R"("beta_initializer": "zero", "gamma_initializer": "one")"},
    {"1.2.2", "Dropout", R"("p": 0.5)", "Dropout", R"("rate": 0.5)"},
    {"1.2.2", "GaussianNoise", R"("sigma": 0.5)", "GaussianNoise", R"("stddev": 0.5)"},
    {"1.2.2", "PReLU", R"("init": "zero")", "PReLU", R"("alpha_initializer": "zero")"},
    {"1.2.2", "LeakyReLU", R"("alpha": 0.25)", "LeakyReLU", R"("negative_slope": 0.25)"},
    {"1.2.2", "Embedding", R"("input_dim": 9, "output_dim": 3, "init": "uniform", "dropout": 0.0)", "Embedding",
     R"("input_dim": 9, "output_dim": 3, "embeddings_initializer": "uniform")"},
    {"1.2.2", "LSTM",
     R"("output_dim": 3, "inner_init": "uniform", "inner_activation": "hard_sigmoid", "forget_bias_init": "one",
        "consume_less": "cpu", "input_dim": 4, "input_length": null, "dropout_W": 0.5, "dropout_U": 0.25)",
     "LSTM",
     R"("units": 3, "recurrent_initializer": "uniform", "recurrent_activation": "keras2_hard_sigmoid",
        "unit_forget_bias": true, "dropout": 0.5, "recurrent_dropout": 0.25)"},
    {"1.2.2", "GRU", R"("output_dim": 3)", "GRU",
     R"("units": 3, "recurrent_initializer": {"class_name": "Orthogonal", "config": {"gain": 1.1}},
        "recurrent_activation": "keras2_hard_sigmoid", "reset_after": false)"},
    {"1.2.2", "Merge", R"("mode": "sum", "mode_type": "raw")", "Add", ""},
    {"2.1.5", "Merge", R"("mode": "concat", "concat_axis": 1)", "Concatenate", R"("axis": 1)"},
    {"1.2.2", "Merge", R"("mode": "dot", "dot_axes": [[1], [2]])", "Dot", R"("axes": [1, 2])"},
    {"1.2.2", "Merge", R"("mode": "cos", "dot_axes": -1)", "Dot", R"("axes": -1, "normalize": true)"},
    {"1.2.2", "Merge", R"("mode": ["4wEAAA", null, null], "mode_type": "lambda", "arguments": {})", "Lambda",
     R"("function": {"class_name": "__lambda__", "config": {"code": ""}}, "arguments": {})"},
    {"1.2.2", "Lambda", R"("function": "c\u0001", "function_type": "lambda", "output_shape": [3],
        "output_shape_type": "raw")",
     "Lambda", R"("function": {"class_name": "__lambda__", "config": {"code": ""}}, "output_shape": [3])"},
    {"2.2.4", "Lambda", R"("function": "half", "function_type": "function", "output_shape": "c\u0001",
        "output_shape_type": "lambda", "module": "__main__")",
     "Lambda", R"("function": {"class_name": "function", "config": "half"})"},
    // Keras 2's
    {"2.2.4", "LSTM", R"("units": 3, "implementation": 2)", "LSTM",
     R"("units": 3, "recurrent_activation": "keras2_hard_sigmoid")"},
    {"2.2.4-tf", "LSTM", R"("units": 3, "time_major": false)", "LSTM", R"("units": 3)"},
    {"2.3.1", "GRU", R"("units": 3, "recurrent_activation": "sigmoid")", "GRU",
     R"("units": 3, "recurrent_activation": "sigmoid", "reset_after": false)"},
    {"2.6.0", "GRU", R"("units": 3)", "GRU", R"("units": 3)"},
    {"2.2.4", "CuDNNLSTM", R"("units": 3)", "LSTM",
     R"("units": 3, "activation": "tanh", "recurrent_activation": "sigmoid")"},
    {"2.2.4", "CuDNNGRU", R"("units": 3)", "GRU",
     R"("units": 3, "activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": true)"},
    {"2.11.0", "Activation", R"("activation": {"class_name": "LeakyReLU", "config": {"alpha": 0.25}})", "Activation",
     R"("activation": {"class_name": "LeakyReLU", "config": {"negative_slope": 0.25}})"},
    {"2.11.0", "DepthwiseConv2D", R"("kernel_size": [3.0, 3.0], "groups": 1)", "DepthwiseConv2D",
     R"("kernel_size": [3, 3])"},
    {"2.2.4", "SeparableConv2D", R"("filters": 3, "kernel_initializer": "zeros", "depthwise_initializer": "ones")",
     "SeparableConv2D", R"("filters": 3, "depthwise_initializer": "ones")"},
    {"2.6.0", "Dense",
     R"("units": 3, "bias_initializer": {"class_name": "Zeros", "config": {"dtype": "float32"}, "shared_object_id": 4})",
     "Dense", R"("units": 3, "bias_initializer": {"class_name": "Zeros", "config": {}})"},
    {"2.6.0", "Reshape", R"("target_shape": [3.0, 1.0])", "Reshape", R"("target_shape": [3, 1])"},
};

// The layer second in a Sequential.
std::string model_with(const std::string& version, const std::string& class_name, const std::string& config) {
  return fmt::format(R"({{"class_name": "Sequential", "keras_version": "{}", "config": {{"layers": [
      {{"class_name": "InputLayer", "config": {{"name": "i", "batch_input_shape": [null, 4]}}}},
      {{"class_name": "{}", "config": {{"name": "l"{}{}}}}}]}}}})",
                     version, class_name, config.empty() ? "" : ", ", config);
}

TEST(OldLayers, AreReadAsKeras3sOwn) {
  for (const LayerRow& row : kLayers) {
    const auto found = read(model_with(row.version, row.old_class, row.old_config));
    const std::string name = row.new_class;
    const bool recurrent = name == "GRU" || name == "LSTM" || name == "SimpleRNN";
    const std::string config = row.new_config + std::string(recurrent ? R"(, "mask_with_initial_state": true)" : "");
    std::string expected = model_with("3.15.1", row.new_class, config);
    expected.replace(expected.find("batch_input_shape"), 17, "batch_shape");
    const auto wanted = read(expected);
    ASSERT_TRUE(found && wanted);
    EXPECT_EQ(text_of(*found), text_of(*wanted)) << row.version << " " << row.old_class << " " << row.old_config;
  }
}

// ---- whole models

struct ModelRow {
  const char* what;
  const char* model;
  const char* expected;
};

const ModelRow kModels[] = {
    {"a bare list, also nested",
     R"({"class_name": "Sequential", "keras_version": "2.0.6", "config": [
         {"class_name": "Sequential", "config": [
           {"class_name": "Flatten", "config": {"name": "f", "batch_input_shape": [null, 2, 2]}}]}]})",
     "InputLayer {batch_shape:[null,2,2,]}\n  on\n"
     "Sequential \n  on input_layer[0][0]\n"
     "InputLayer {batch_shape:[null,2,2,]}\n  on\nFlatten {batch_input_shape:[null,2,2,],name:'f'}\n"
     "  on input_layer[0][0]\nin input_layer[0][0]\nout f[0][0]\n\n"
     "in input_layer[0][0]\nout sequential[0][0]\n"},
    {"a nested model counts its own call; a shared layer has several; keywords stand behind the tensors",
     R"({"class_name": "Model", "keras_version": "2.2.4", "config": {"name": "m", "layers": [
         {"class_name": "InputLayer", "name": "a", "config": {"name": "a", "batch_input_shape": [null, 4]}, "inbound_nodes": []},
         {"class_name": "Model", "name": "inner", "inbound_nodes": [[["a", 0, 0, {}]]], "config": {"name": "inner", "layers": [
           {"class_name": "InputLayer", "name": "b", "config": {"name": "b", "batch_input_shape": [null, 4]}, "inbound_nodes": []}],
           "input_layers": [["b", 0, 0]], "output_layers": [["b", 0, 0]]}},
         {"class_name": "LSTM", "name": "l", "config": {"name": "l", "recurrent_activation": "sigmoid"},
          "inbound_nodes": [[["a", 0, 0, {}], ["inner", 1, 0, {}], ["inner", 1, 0, {}]],
                            [["a", 0, 0, {"mask": ["inner", 1, 0], "training": true}]],
                            [["a", 0, 0, {"mask": [null, null]}]]]}],
         "input_layers": [["a", 0, 0]], "output_layers": [["inner", 1, 0], ["l", 2, 1]]}})",
     "InputLayer {batch_shape:[null,4,],name:'a'}\n  on\n"
     "Model \n  on a[0][0]\n"
     "InputLayer {batch_shape:[null,4,],name:'b'}\n  on\nin b[0][0]\nout b[0][0]\n\n"
     "LSTM {mask_with_initial_state:true,name:'l',recurrent_activation:'sigmoid'}\n  on a[0][0]; initial_state "
     "inner[0][0] inner[0][0]\n"
     "  on a[0][0]; mask inner[0][0]\n  on a[0][0]\n"
     "in a[0][0]\nout inner[0][0] l[2][1]\n"},
    {"wrappers have children",
     R"({"class_name": "Sequential", "keras_version": "1.2.2", "config": [
         {"class_name": "TimeDistributed", "config": {"name": "t", "batch_input_shape": [null, 3, 4], "input_dtype": "int32",
           "layer": {"class_name": "Dense", "config": {"name": "d", "output_dim": 2, "input_dim": 4}}}}]})",
     "InputLayer {batch_shape:[null,3,4,],dtype:'int32'}\n  on\n"
     "TimeDistributed {batch_input_shape:[null,3,4,],name:'t'}\n  on input_layer[0][0]\n"
     "  layer: Dense {name:'d',units:2}\nin input_layer[0][0]\nout t[0][0]\n"},
    {"a Sequential that starts with merged branches",
     R"({"class_name": "Sequential", "keras_version": "1.2.2", "config": [
         {"class_name": "Merge", "config": {"name": "m", "mode": "concat", "concat_axis": -1, "layers": [
           {"class_name": "Sequential", "config": [
             {"class_name": "Dense", "config": {"name": "p", "output_dim": 2, "batch_input_shape": [null, 4]}},
             {"class_name": "Dense", "config": {"name": "q", "output_dim": 3}}]},
           {"class_name": "Dense", "config": {"name": "r", "output_dim": 2, "batch_input_shape": [null, 5]}}]}},
         {"class_name": "Dense", "config": {"name": "s", "output_dim": 1}}]})",
     "InputLayer {batch_shape:[null,4,]}\n  on\n"
     "Dense {batch_input_shape:[null,4,],name:'p',units:2}\n  on p_input[0][0]\n"
     "Dense {name:'q',units:3}\n  on p[0][0]\n"
     "InputLayer {batch_shape:[null,5,]}\n  on\n"
     "Dense {batch_input_shape:[null,5,],name:'r',units:2}\n  on r_input[0][0]\n"
     "Concatenate {axis:-1,name:'m'}\n  on q[0][0] r[0][0]\n"
     "Dense {name:'s',units:1}\n  on m[0][0]\n"
     "in p_input[0][0] r_input[0][0]\nout s[0][0]\n"},
    {"a layer that does not say its ordering has the others'",
     R"({"class_name": "Sequential", "keras_version": "1.2.2", "config": [
         {"class_name": "MaxPooling2D", "config": {"name": "p", "dim_ordering": "th", "batch_input_shape": [null, 1, 8, 8]}},
         {"class_name": "UpSampling2D", "config": {"name": "u", "size": [2, 2]}}]})",
     "InputLayer {batch_shape:[null,1,8,8,]}\n  on\n"
     "MaxPooling2D {batch_input_shape:[null,1,8,8,],data_format:'channels_first',name:'p'}\n  on input_layer[0][0]\n"
     "UpSampling2D {data_format:'channels_first',name:'u',size:[2,2,]}\n  on p[0][0]\n"
     "in input_layer[0][0]\nout u[0][0]\n"},
    {"TensorFlow.js keeps the topology inside",
     R"({"format": "layers-model", "modelTopology": {"keras_version": "2.4.0", "backend": "tensorflow",
         "model_config": {"class_name": "Sequential", "config": {"name": "s", "layers": [
           {"class_name": "Dense", "config": {"name": "d", "units": 2.0, "batch_input_shape": [null, 4]}}]}}}})",
     "InputLayer {batch_shape:[null,4,]}\n  on\n"
     "Dense {batch_input_shape:[null,4,],name:'d',units:2}\n  on input_layer[0][0]\n"
     "in input_layer[0][0]\nout d[0][0]\n"},
    {"a file that is one JSON string, without a version",
     R"("{\"class_name\": \"Sequential\", \"config\": [{\"class_name\": \"Convolution2D\", \"config\": {\"name\": \"c\", \"nb_filter\": 2, \"border_mode\": \"same\", \"batch_input_shape\": [null, 8, 8, 1]}}]}")",
     "InputLayer {batch_shape:[null,8,8,1,]}\n  on\n"
     "Conv2D {batch_input_shape:[null,8,8,1,],filters:2,name:'c',padding:'same'}\n  on input_layer[0][0]\n"
     "in input_layer[0][0]\nout c[0][0]\n"},
};

TEST(OldModels, HaveOneForm) {
  for (const ModelRow& row : kModels) {
    const auto found = read(row.model);
    ASSERT_TRUE(found) << row.what;
    EXPECT_EQ(text_of(*found), row.expected) << row.what;
  }
}

// ---- compile()

struct CompileRow {
  const char *version, *old_training, *new_compile;
};

const CompileRow kCompiles[] = {
    {"1.2.2",
     R"("optimizer_config": {"class_name": "SGD", "config": {"lr": 0.5, "momentum": 0.0, "decay": 0.25, "clipnorm": 1.0}},
        "loss": "mse", "metrics": ["accuracy"], "sample_weight_mode": null, "loss_weights": null)",
     R"("optimizer": {"class_name": "SGD", "config": {"momentum": 0.0, "global_clipnorm": 1.0, "learning_rate":
        {"class_name": "InverseTimeDecay", "config": {"initial_learning_rate": 0.5, "decay_steps": 1, "decay_rate": 0.25}}}},
        "loss": "mse", "metrics": ["accuracy"], "loss_weights": null)"},
    {"2.12.0",
     R"("optimizer_config": {"class_name": "Custom>Adam", "config": {"learning_rate": 0.5, "decay": 0.0, "epsilon": null,
        "clipnorm": 1.0}}, "loss": {"class_name": "MeanSquaredError", "config": {"reduction": "auto"}},
        "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"name": "accuracy", "fn": "binary_accuracy"}},
                     {"class_name": "MeanMetricWrapper", "config": {"name": "x", "fn": "mean_absolute_error"}}]])",
     R"("optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.5, "clipnorm": 1.0}},
        "loss": {"class_name": "MeanSquaredError", "config": {"reduction": "sum_over_batch_size"}},
        "metrics": [["accuracy", "mean_absolute_error"]])"},
    {"2.12.0", R"("loss": {"a": "cosine_proximity"}, "metrics": ["precision", "cosine"])",
     R"("loss": {"a": "cosine_similarity"}, "metrics": ["precision", "cosine_similarity"])"},
    {"1.2.2", R"("loss": "cosine_proximity", "metrics": ["precision", "mse"])",
     R"("loss": "cosine_proximity", "metrics": ["keras1_precision", "mse"])"},
    {"2.2.4", R"("optimizer_config": {"class_name": "Nadam", "config": {"lr": 0.5, "schedule_decay": 0.01}}, "loss": "mse")",
     R"("optimizer": {"class_name": "Nadam", "config": {"learning_rate": 0.5, "keras2_schedule_decay": 0.01}}, "loss": "mse")"},
    {"2.9.0", R"("optimizer_config": {"class_name": "Nadam", "config": {"learning_rate": 0.5, "decay": 0.004}}, "loss": "mse")",
     R"("optimizer": {"class_name": "Nadam", "config": {"learning_rate": 0.5, "keras2_schedule_decay": 0.004}}, "loss": "mse")"},
    {"2.2.4", R"("optimizer_config": {"class_name": "Adagrad", "config": {"lr": 0.5}}, "loss": "mse",
        "loss_weights": [0.5])",
     R"("optimizer": {"class_name": "Adagrad", "config": {"learning_rate": 0.5, "initial_accumulator_value": 0.0}},
        "loss": "mse", "loss_weights": {"keras2_by_output": [0.5]})"},
};

TEST(OldCompile, IsReadAsKeras3sOwn) {
  for (const CompileRow& row : kCompiles) {
    const std::string layers = R"({"layers": [{"class_name": "Flatten", "config": {"name": "f"}}]})";
    const auto found = read(fmt::format(
        R"({{"keras_version": "{}", "model_config": {{"class_name": "Sequential", "config": {}}}, "training_config": {{{}}}}})",
        row.version, layers, row.old_training));
    const auto wanted = read(fmt::format(R"({{"class_name": "Sequential", "config": {}, "compile_config": {{{}}}}})",
                                         layers, row.new_compile));
    ASSERT_TRUE(found && wanted);
    EXPECT_EQ(text_of(found->compile), text_of(wanted->compile)) << row.old_training;
  }
}

// ---- versions

TEST(KerasVersion, GoesByTheFileOrItsSpelling) {
  struct Row {
    const char *text, *model;
    int generation;
    bool multi_backend;
  };
  const Row rows[] = {
      {"0.3.1", "{}", 1, true},
      {"1.2.2", "{}", 1, true},
      {"2.0.6", "{}", 2, true},
      {"2.2.4-tf", "{}", 2, false},
      {"2.15.0", "{}", 2, false},
      {"3.15.1", "{}", 3, false},
      {"", R"({"a": [{"nb_filter": 3}]})", 1, true},
      {"", R"({"a": [{"batch_input_shape": 3, "trainable": true}]})", 2, false},
      {"", R"({"a": [{"batch_input_shape": 3}]})", 3, false},
      {"", R"({"batch_input_shape": 3, "registered_name": null})", 3, false},
      {"", R"({"class_name": "Sequential"})", 3, false},
      {"nonsense", "{}", 3, false},
  };
  for (const Row& row : rows) {
    Diagnostics diagnostics;
    const KerasVersion found = keras_version_of(row.text, *json::parse(row.model, "", diagnostics));
    EXPECT_EQ(found.generation, row.generation) << row.text << row.model;
    if (row.generation == 3) continue;
    EXPECT_EQ(found.multi_backend, row.multi_backend) << row.text << row.model;
  }
}

}  // namespace
}  // namespace kcc
