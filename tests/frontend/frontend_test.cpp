// From the text of a model to its module: what the goldens of real Keras do not cover.
#include "frontend/frontend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "compiler/ops/leaf.h"
#include "compiler/passes/differentiate.h"
#include "tests/support/interpreter.h"

namespace kcc {
namespace {

using testing::Array;
using ::testing::ElementsAre;

Module read(const std::string& text, const FrontendOptions& options = {}) {
  Diagnostics diagnostics;
  Module module = read_module(text, "m.json", options, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.render(false);
  return module;
}

FrontendOptions training(TrainingOverrides overrides) {
  return {{}, std::move(overrides)};
}

// A Sequential of the given layers, one JSON object each.
std::string sequential(const std::string& layers) {
  return R"({"class_name": "Sequential", "config": {"layers": [)" + layers + "]}}";
}

std::string dense(const std::string& options) {
  return R"({"class_name": "Dense", "config": {)" + options + "}}";
}

std::vector<std::string> paths(const Module& module) {
  std::vector<std::string> paths;
  for (const State& state : module.states)
    if (!state.file_path.empty()) paths.push_back(state.file_path + " " + state.name + " " + to_string(state.type));
  return paths;
}

int64_t count(const Graph& graph, OpKind op) {
  int64_t n = 0;
  for (const Node& node : graph.nodes) n += node.op == op;
  return n;
}

// ---- hand-written models

TEST(HandWritten, TakesDefaultsForWhatIsLeftOut) {
  const Module m = read(sequential(dense(R"("units": 10, "input_dim": 20)")));
  EXPECT_EQ(m.name, "sequential");
  EXPECT_TRUE(m.is_sequential);
  EXPECT_EQ(m.inputs[0].name, "input_layer");
  EXPECT_EQ(to_string(m.inputs[0].type), "f32(B, 20)");
  EXPECT_EQ(m.outputs[0].name, "dense");
  EXPECT_EQ(to_string(m.outputs[0].type), "f32(B, 10)");
  EXPECT_THAT(paths(m),
              ElementsAre("layers/dense/vars/0 dense/kernel f32(20, 10)", "layers/dense/vars/1 dense/bias f32(10)"));
  EXPECT_EQ(m.trainable_parameters, 210);
  EXPECT_TRUE(m.targets.empty());
  EXPECT_TRUE(m.train.nodes.empty());
}

TEST(HandWritten, SaysTheInputShapeInAnyOfKerasWays) {
  const char* rows[] = {
      R"({"class_name": "InputLayer", "config": {"shape": [3, 4]}}, {"class_name": "Flatten"})",
      R"({"class_name": "InputLayer", "config": {"batch_shape": [null, 3, 4]}}, {"class_name": "Flatten"})",
      R"({"class_name": "InputLayer", "config": {"batch_input_shape": [32, 3, 4]}}, {"class_name": "Flatten"})",
      R"({"class_name": "Flatten", "config": {"input_shape": [3, 4]}})",
      R"({"class_name": "Flatten", "config": {"batch_input_shape": [null, 3, 4]}})",
  };
  for (const char* layers : rows)
    EXPECT_EQ(to_string(read(sequential(layers)).outputs[0].type), "f32(B, 12)") << layers;
  const char* built =
      R"({"class_name": "Sequential", "config": {"build_input_shape": [null, 3, 4], "layers": [{"class_name": "Flatten"}]}})";
  EXPECT_EQ(to_string(read(built).outputs[0].type), "f32(B, 12)");
  const FrontendOptions option{{{"", {3, 4}}}, {}};
  EXPECT_EQ(to_string(read(sequential(R"({"class_name": "Flatten"})"), option).outputs[0].type), "f32(B, 12)");
  EXPECT_EQ(to_string(read(sequential(R"({"class_name": "Flatten", "config": {"input_shape": [null, 4]}})"), option)
                          .outputs[0]
                          .type),
            "f32(B, 12)");
}

TEST(HandWritten, NamesLayersAsKeras) {
  const Module m = read(sequential(dense(R"("units": 3, "input_dim": 4)") + "," +
                                   dense(R"("units": 3, "name": "dense_1")") + "," + dense(R"("units": 3)")));
  std::vector<std::string> names;
  for (const LayerRow& row : m.layers) names.push_back(row.name);
  EXPECT_THAT(names, ElementsAre("dense", "dense_1", "dense_2"));
  EXPECT_EQ(m.states[4].file_path, "layers/dense_2/vars/0") << "files count by class, whatever the names";
}

TEST(HandWritten, ConnectsFunctionalModelsByNames) {
  const Module m = read(R"({"class_name": "Functional", "config": {"name": "net", "layers": [
    {"class_name": "InputLayer", "config": {"shape": [4]}, "name": "a"},
    {"class_name": "InputLayer", "config": {"shape": [4], "name": "b"}},
    {"class_name": "Add", "name": "sum", "inbound_nodes": ["a", "b"]},
    {"class_name": "Dense", "config": {"units": 2}, "name": "shared", "inbound_nodes": [["sum"], [["a", 0, 0]]]},
    {"class_name": "Concatenate", "name": "out", "inbound_nodes": [[["shared", 0, 0], ["shared", 1, 0, {}]]]}]}})");
  EXPECT_EQ(m.name, "net");
  EXPECT_FALSE(m.is_sequential);
  EXPECT_EQ(m.inputs.size(), 2u);
  EXPECT_EQ(m.outputs[0].name, "out");
  EXPECT_EQ(to_string(m.outputs[0].type), "f32(B, 4)");
  EXPECT_EQ(count(m.predict, OpKind::kMatMul), 2);
  EXPECT_EQ(count(m.predict, OpKind::kState), 2) << "a state is read once, so that it has one gradient";
  EXPECT_THAT(m.layers.back().connected_to, ElementsAre("shared[0][0]", "shared[1][0]"));
}

// ---- targets, metrics, overrides

TEST(Training, TellsTargetsApart) {
  struct Row {
    const char* loss;
    const char* type;
    bool class_indices_allowed, is_class_index;
  };
  const Row rows[] = {{"mse", "f32(B, 3)", false, false},
                      {"binary_crossentropy", "f32(B, 3)", false, false},
                      {"categorical_crossentropy", "f32(B, 3)", true, false},
                      {"SparseCategoricalCrossentropy(from_logits=True)", "i32(B)", false, true}};
  for (const Row& row : rows) {
    const Module m = read(sequential(dense(R"("units": 3, "input_dim": 4)")), training({{}, {{"", row.loss}}, {}, {}}));
    ASSERT_EQ(m.targets.size(), 1u);
    EXPECT_EQ(to_string(m.targets[0].type), row.type) << row.loss;
    EXPECT_EQ(m.targets[0].class_indices_allowed, row.class_indices_allowed) << row.loss;
    EXPECT_EQ(m.targets[0].is_class_index, row.is_class_index) << row.loss;
    ASSERT_EQ(m.train.inputs.size(), 3u);
    EXPECT_EQ(to_string(m.train.inputs[2].type), "f32(B)");
    EXPECT_TRUE(m.train.outputs.empty());
  }
}

TEST(Training, TakesCompilesDefaultOptimizer) {
  const Module m = read(sequential(dense(R"("units": 1, "input_dim": 1, "use_bias": false)")),
                        training({{}, {{"", "mse"}}, {{"", "mae"}}, {}}));
  EXPECT_THAT(paths(m),
              ElementsAre("layers/dense/vars/0 dense/kernel f32(1, 1)", "optimizer/vars/0 rm_sprop/iteration i32()",
                          "optimizer/vars/1 rm_sprop/learning_rate f32()",
                          "optimizer/vars/2 rm_sprop/dense_kernel_velocity f32(1, 1)"));
  ASSERT_EQ(m.metrics.size(), 2u);
  EXPECT_EQ(m.metrics[0], "loss");
  EXPECT_EQ(m.metrics[1], "mae");
}

TEST(Training, NumbersSlotsAsKerasSavesThem) {
  const Module m =
      read(sequential(dense(R"("units": 1, "input_dim": 2)")), training({"Adam(amsgrad=True)", {{"", "mse"}}, {}, {}}));
  EXPECT_THAT(paths(m),
              ElementsAre("layers/dense/vars/0 dense/kernel f32(2, 1)", "layers/dense/vars/1 dense/bias f32(1)",
                          "optimizer/vars/0 adam/iteration i32()", "optimizer/vars/1 adam/learning_rate f32()",
                          "optimizer/vars/2 adam/dense_kernel_momentum f32(2, 1)",
                          "optimizer/vars/4 adam/dense_bias_momentum f32(1)",
                          "optimizer/vars/3 adam/dense_kernel_velocity f32(2, 1)",
                          "optimizer/vars/5 adam/dense_bias_velocity f32(1)",
                          "optimizer/vars/6 adam/dense_kernel_velocity_hat f32(2, 1)",
                          "optimizer/vars/7 adam/dense_bias_velocity_hat f32(1)"));
}

// The base class's variables come first, what several weights share comes last; shapes are those of Keras's variables,
// its integer place holders included.
TEST(Training, NumbersWhatOptimizersKeepBesideSlots) {
  const std::string model = sequential(dense(R"("units": 3, "input_dim": 2)"));
  const auto kept = [&](const std::string& optimizer) {
    std::vector<std::string> found;
    for (const std::string& path : paths(read(model, training({optimizer, {{"", "mse"}}, {}, {}}))))
      if (path.starts_with("optimizer/vars/") && path.find("iteration") == path.npos &&
          path.find("learning_rate") == path.npos)
        found.push_back(path.substr(15));
    return found;
  };
  EXPECT_THAT(kept("Nadam(use_ema=True)"),
              ElementsAre("2 nadam/dense_kernel_average f32(2, 3)", "3 nadam/dense_bias_average f32(3)",
                          "4 nadam/dense_kernel_momentum f32(2, 3)", "6 nadam/dense_bias_momentum f32(3)",
                          "5 nadam/dense_kernel_velocity f32(2, 3)", "7 nadam/dense_bias_velocity f32(3)",
                          "8 nadam/u_product f32()"));
  EXPECT_THAT(kept("Adafactor"),
              ElementsAre("2 adafactor/dense_kernel_row f32(2)", "5 adafactor/dense_bias_row i32()",
                          "3 adafactor/dense_kernel_column f32(3)", "6 adafactor/dense_bias_column i32()",
                          "4 adafactor/dense_kernel_velocity f32(2, 3)", "7 adafactor/dense_bias_velocity f32(3)"));
  EXPECT_THAT(kept("Muon(gradient_accumulation_steps=2)"),
              ElementsAre("2 muon/dense_kernel_gradient_accumulator f32(2, 3)",
                          "3 muon/dense_bias_gradient_accumulator f32(3)", "4 muon/dense_kernel_momentum f32(2, 3)",
                          "5 muon/dense_bias_momentum f32(3)", "6 muon/dense_bias_velocity f32(3)"));
}

// Runs `steps` steps on y = w x with x = 1, y = 0 from w = 1 and gives w.
double train_one_weight(const std::string& optimizer, int steps) {
  const Module m = read(sequential(dense(R"("units": 1, "input_dim": 1, "use_bias": false)")),
                        training({optimizer, {{"", "mse"}}, {}, {}}));
  std::vector<Array> states;
  for (const State& state : m.states) {
    states.push_back(testing::zeros(testing::extents_of(state.type.shape, 1)));
    states.back().values[0] = state.initializer.a;
  }
  states[0].values[0] = 1;
  for (int i = 0; i < steps; ++i) {
    const auto result = testing::interpret(m.train, 1, {{{1, 1}, {1}}, {{1, 1}, {0}}, {{1}, {1}}}, states);
    for (const auto& [state, value] : result.writes) states[static_cast<size_t>(state)] = value;
  }
  return states[0].values[0];
}

TEST(Training, DecaysAsOldKeras) {
  // w -= lr / (1 + decay * step) * 2 w
  EXPECT_NEAR(train_one_weight("SGD(lr=0.1, decay=0.5)", 3), (1 - 0.2) * (1 - 0.2 / 1.5) * (1 - 0.2 / 2), 1e-12);
  EXPECT_NEAR(train_one_weight("keras.optimizers.SGD(0.1)", 1), 0.8, 1e-12);
  EXPECT_NEAR(train_one_weight("SGD(learning_rate=InverseTimeDecay(0.1, decay_steps=1, decay_rate=0.5))", 2),
              (1 - 0.2) * (1 - 0.2 / 1.5), 1e-12);
}

TEST(Training, HasNoLearningRateWhereAScheduleComputesIt) {
  const std::string model = sequential(dense(R"("units": 1, "input_dim": 1)"));
  EXPECT_EQ(read(model, training({"SGD(ExponentialDecay(0.1, 2, 0.5))", {{"", "mse"}}, {}, {}})).learning_rate, -1);
  EXPECT_GE(read(model, training({"SGD(lr=0.1, decay=0.5)", {{"", "mse"}}, {}, {}})).learning_rate, 0);
}

// ---- losses at extremes

struct LossPoint {
  double loss = 0;
  std::vector<double> gradient;  // of the logits, which are the model's input
};

StateId loss_total(const Module& module) {
  for (size_t i = 0; i < module.states.size(); ++i)
    if (module.states[i].name == "loss/total") return static_cast<StateId>(i);
  return -1;
}

LossPoint loss_at(const char* activation, const char* loss, const std::vector<double>& logits, const Array& target) {
  const int64_t n = static_cast<int64_t>(logits.size());
  const std::string layer = R"({"class_name": "Activation", "config": {"activation": ")" + std::string(activation) +
                            R"(", "input_shape": [)" + std::to_string(n) + "]}}";
  Module m = read(sequential(layer), training({"sgd", {{"", loss}}, {}, {}}));
  Graph graph = m.evaluate;
  ValueId total = -1, logit = -1;
  for (const StateWrite& write : graph.writes)  // loss/total = old + loss * batch
    if (write.state == loss_total(m)) total = graph[write.value].inputs[1];
  for (ValueId id = graph.size() - 1; id >= 0; --id)
    if (graph[id].op == OpKind::kInput && graph[id].attrs.integer("index") == 0) logit = id;
  const ValueId gradient = differentiate(graph, total, {logit})[0];
  std::vector<Array> states(m.states.size(), testing::scalar(0));
  const auto result = testing::interpret(graph, 1, {{{1, n}, logits}, target, {{1}, {1}}}, states);
  return {result.values[static_cast<size_t>(total)].values[0], result.values[static_cast<size_t>(gradient)].values};
}

TEST(Losses, OfSigmoidAreExactAtExtremes) {
  for (double z : {-300.0, -20.0, -1.0, 0.0, 1.0, 20.0, 300.0}) {
    for (double y : {0.0, 1.0}) {
      const LossPoint p = loss_at("sigmoid", "binary_crossentropy", {z}, {{1, 1}, {y}});
      const double sigmoid = 1 / (1 + std::exp(-z));
      EXPECT_NEAR(p.loss, std::max(z, 0.0) - z * y + std::log1p(std::exp(-std::abs(z))), 1e-12) << z;
      EXPECT_NEAR(p.gradient[0], sigmoid - y, 1e-12) << z;
    }
  }
}

TEST(Losses, OfSoftmaxAreExactAtExtremes) {
  for (const char* loss : {"categorical_crossentropy", "sparse_categorical_crossentropy"}) {
    const Array target = loss[0] == 's' ? Array{{1}, {1}} : Array{{1, 3}, {0, 1, 0}};
    const LossPoint p = loss_at("softmax", loss, {500, 0, -500}, target);
    EXPECT_NEAR(p.loss, 500, 1e-9) << loss;
    EXPECT_THAT(p.gradient, ElementsAre(1, -1, 0)) << loss;
  }
}

TEST(Losses, LeaveAnotherActivationsLogitsAlone) {
  // softmax under binary cross-entropy is two probabilities, not logits of sigmoids
  const LossPoint p = loss_at("softmax", "binary_crossentropy", {0, 0}, {{1, 2}, {1, 0}});
  EXPECT_NEAR(p.loss, -std::log(0.5), 1e-6);
}

// ---- randomness, modes

TEST(Dropout, IsInTheTrainGraphAlone) {
  const std::string layers = R"({"class_name": "Dropout", "config": {"rate": 0.25, "input_shape": [8, 4]}},
    {"class_name": "Dropout", "config": {"rate": 0.5, "noise_shape": [null, 1, 4]}},
    {"class_name": "Dropout", "config": {"rate": 0.5, "seed": 7}}, {"class_name": "Dropout", "config": {"rate": 0.0}})";
  const Module m = read(sequential(layers), training({"sgd", {{"", "mse"}}, {}, {}}));
  EXPECT_EQ(count(m.predict, OpKind::kRandomUniform) + count(m.evaluate, OpKind::kRandomUniform), 0);
  std::vector<std::string> masks;
  for (const Node& node : m.train.nodes)
    if (node.op == OpKind::kRandomUniform)
      masks.push_back(to_string(node.type.shape) + " " + std::to_string(node.attrs.integer("stream")));
  EXPECT_THAT(masks, ElementsAre("(B, 8, 4) 0", "(B, 1, 4) 1", "(B, 8, 4) 1073741831"));
  ASSERT_GE(m.random_key, 0);
  const State& key = m.states[static_cast<size_t>(m.random_key)];
  EXPECT_EQ(to_string(key.type), "u32(4)");
  EXPECT_EQ(key.file_path, "");
}

TEST(Dropout, KeepsAndScales) {
  const Module m = read(sequential(R"({"class_name": "Dropout", "config": {"rate": 0.25, "input_shape": [1000]}})"),
                        training({"sgd", {{"", "mae"}}, {}, {}}));
  std::vector<Array> states(m.states.size(), testing::scalar(0));
  states[static_cast<size_t>(m.random_key)] = {{4}, {1, 2, 3, 4}};
  const Array ones{{1, 1000}, std::vector<double>(1000, 1)}, zeros = testing::zeros({1, 1000});
  const auto result = testing::interpret(m.train, 1, {ones, zeros, {{1}, {1}}}, states);
  // the mean of |y|: 1 on average, and the standard deviation of its mean is 0.018
  EXPECT_NEAR(result.writes.at(loss_total(m)).values[0], 1, 0.08);
}

TEST(BatchNormalization, OfTwoCallsFollowsBoth) {
  const Module m = read(R"({"class_name": "Functional", "compile_config": {"loss": "mse"}, "config": {"layers": [
    {"class_name": "InputLayer", "config": {"shape": [1]}, "name": "a"},
    {"class_name": "BatchNormalization", "config": {"momentum": 0.5}, "name": "n", "inbound_nodes": [["a"], [["n", 0, 0]]]}],
    "output_layers": [["n", 1, 0]]}})");
  std::vector<Array> states;
  for (const State& state : m.states) {
    states.push_back(testing::zeros(testing::extents_of(state.type.shape, 1)));
    states.back().values[0] = state.initializer.a;
  }
  const auto result = testing::interpret(m.train, 2, {{{2, 1}, {1, 3}}, testing::zeros({2, 1}), {{2}, {1, 1}}}, states);
  // first call: mean 2, second: mean 0 -> 0.5 * (0.5 * 0 + 0.5 * 2) + 0.5 * 0
  EXPECT_NEAR(result.writes.at(2).values[0], 0.5, 1e-9);
}

}  // namespace
}  // namespace kcc
