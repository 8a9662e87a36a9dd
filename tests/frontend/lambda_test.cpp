// Where models use functions of --define: layers, activations, losses and metrics, in the spellings of all versions.
#include <gtest/gtest.h>

#include <algorithm>

#include "frontend/frontend.h"
#include "frontend/python/python.h"

namespace kcc {
namespace {

constexpr char kFunctions[] = R"(
def square(x):
    return x ** 2
def halve(x):
    return x[:, ::2]
def masked(x, mask=None, training=None):
    return x if mask is None else x * 0
def scaled(x, by, plus=0):
    return x * by + plus
def number(x):
    return K.sum(x)
def grows(x, training):
    return K.concatenate([x, x]) if training else x
def my_loss(y_true, y_pred):
    return K.mean(K.square(y_true - y_pred))
def focal(gamma):
    return lambda y_true, y_pred: K.sum((1 - y_pred) ** gamma * y_true, axis=-1)
def sparse(y_true, y_pred):
    return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
def mean_pred(y_true, y_pred):
    return K.mean(y_pred)
def broken(y_true, y_pred):
    return K.men(y_pred)
)";

struct Read {
  Module module;
  std::string errors;
};

Read read(const std::string& layer, TrainingOverrides training = {}, const char* version = "3.15.1") {
  Diagnostics diagnostics;
  python::Program functions;
  functions.add(kFunctions, "f.py", diagnostics);
  FrontendOptions options{{}, std::move(training), {&functions}};
  const std::string model = R"({"keras_version": ")" + std::string(version) +
                            R"(", "class_name": "Sequential", "config": {"layers": [
{"class_name": "Dense", "config": {"units": 4, "input_dim": 3}},)" +
                            std::string("\n") + layer + "]}}";
  Read result;
  result.module = read_module(model, "m.json", options, diagnostics);
  result.errors = diagnostics.render(false);
  return result;
}

std::string lambda(const std::string& config) {
  return R"({"class_name": "Lambda", "config": {)" + config + "}}";
}

TEST(Lambda, FindsItsFunctionInEverySpelling) {
  struct Row {
    std::string config;
    const char* output;
    const char* version = "3.15.1";
  };
  const Row rows[] = {
      {R"("function": {"class_name": "function", "config": "square"})", "f32(B, 4)"},
      {R"("function": {"class_name": "function", "config": "halve", "module": "builtins"}, "output_shape": [2])",
       "f32(B, 2)"},
      {R"("function": {"class_name": "function", "config": "My>halve"}, "output_shape": {"class_name": "__tuple__", "items": [null]})",
       "f32(B, 2)"},
      {R"("name": "halve", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA"}})", "f32(B, 2)"},
      {R"("name": "halve", "function": ["4wEAAAA", null, null], "function_type": "lambda")", "f32(B, 2)", "2.2.4"},
      {R"("function": "halve", "function_type": "function", "output_shape": "f", "output_shape_type": "function")",
       "f32(B, 2)", "2.2.4"},
      {R"("function": {"class_name": "function", "config": "scaled"}, "arguments": {"by": 2, "plus": [1, 2, 3, 4]})",
       "f32(B, 4)"},
      {R"("function": {"class_name": "function", "config": "masked"})", "f32(B, 4)"},
  };
  for (const Row& row : rows) {
    const Read read_model = read(lambda(row.config), {}, row.version);
    ASSERT_EQ(read_model.errors, "") << row.config;
    EXPECT_EQ(to_string(read_model.module.outputs[0].type), row.output) << row.config;
  }
}

TEST(Lambda, SaysWhatDoesNotFit) {
  struct Row {
    std::string config;
    const char* error;
  };
  const Row rows[] = {
      {R"("name": "my/layer-1", "function": {"class_name": "__lambda__", "config": {"code": "4wEA"}})",
       "m.json:3:71: layer 'my/layer-1': error: the layer's function is Python bytecode, which kcc does not run; pass "
       "--define FILE.py that has `def my_layer_1(x): ...`\n"},
      {R"("name": "l", "function": {"class_name": "function", "config": "sqare"})",
       "m.json:3:62: layer 'l': error: the layer's function 'sqare' is not in the model file; did you mean "
       "'square'?\n"},
      {R"("name": "l", "function": {"class_name": "function", "config": "halve"}, "output_shape": [4])",
       "m.json:3:1: layer 'l': error: the function 'halve' returns the shape (None, 2), but \"output_shape\" is (4)\n"},
      {R"("name": "l", "function": {"class_name": "function", "config": "number"})",
       "m.json:3:1: layer 'l': error: the function 'number' returns the shape (), expected (None, ...): the batch "
       "stays\n"},
      {R"("name": "l", "function": {"class_name": "function", "config": "grows"})",
       "m.json:3:1: layer 'l': error: the function's result has another shape in training\n"},
      {R"("name": "l", "function": {"class_name": "function", "config": "scaled"})",
       "f.py:8:5: layer 'l': error: scaled: no argument 'by'\n"},
      {R"("name": "l", "function": {"class_name": "function", "config": "scaled"}, "arguments": {"by": {"a": 1}})",
       "f.py: layer 'l': error: the argument 'by' of 'scaled' is {'a': 1}, expected numbers, strings or lists\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(read(lambda(row.config)).errors, row.error) << row.config;
}

TEST(Define, GivesActivations) {
  const Read model = read(R"({"class_name": "Dense", "config": {"units": 6, "activation": "halve"}})");
  ASSERT_EQ(model.errors, "");
  EXPECT_EQ(to_string(model.module.outputs[0].type), "f32(B, 3)");
}

TrainingOverrides loss(const std::string& name) {
  TrainingOverrides training;
  training.losses[""] = name;
  return training;
}

TEST(Define, GivesLossesAndMetrics) {
  const std::string layer = lambda(R"("function": {"class_name": "function", "config": "square"})");
  TrainingOverrides training = loss("my_loss");
  training.metrics = {{"", "mean_pred"}, {"", "mse"}};
  Read model = read(layer, training);
  ASSERT_EQ(model.errors, "");
  EXPECT_EQ(model.module.metrics[1], "mean_pred");
  EXPECT_EQ(to_string(model.module.targets[0].type), "f32(B, 4)");

  ASSERT_EQ(read(layer, loss("focal(gamma=2)")).errors, "");
  model = read(layer, loss("sparse"));
  ASSERT_EQ(model.errors, "");
  EXPECT_EQ(to_string(model.module.targets[0].type), "i32(B)");

  EXPECT_EQ(read(layer, loss("broken")).errors,
            "f.py:23:14: error: keras.backend has no 'men' that kcc knows; did you mean 'mean'?\n");
  EXPECT_EQ(read(layer, loss("mein_loss")).errors,
            "--loss:1:1: error: unknown loss 'mein_loss'; did you mean 'my_loss'?\n");
  EXPECT_EQ(read(layer, loss("wasserstein")).errors,
            "--loss:1:1: error: unknown loss 'wasserstein'; pass --define FILE.py that has "
            "`def wasserstein(y_true, y_pred): ...`\n");
}

TEST(Define, RefusesToWeighOneNumberABatch) {
  Diagnostics diagnostics;
  python::Program functions;
  functions.add(kFunctions, "f.py", diagnostics);
  const std::string model = R"({"class_name": "Sequential", "config": {"layers": [
{"class_name": "Dense", "config": {"units": 4, "input_dim": 3}}]},
"compile_config": {"optimizer": "sgd", "loss": "mse",
"weighted_metrics": [{"class_name": "function", "config": "mean_pred"}]}})";
  read_module(model, "m.json", {{}, {}, {&functions}}, diagnostics);
  EXPECT_EQ(diagnostics.render(false),
            "m.json:4:22: error: metric 'mean_pred' gives one value a batch, which no weights of samples apply to; "
            "list it under metrics, or return a value for each sample\n");
}

}  // namespace
}  // namespace kcc
