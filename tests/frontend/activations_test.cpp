// Activations: values and derivatives at kinks and at extremes against real Keras (record_goldens.py).
#include "frontend/activations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/reduce.h"
#include "compiler/passes/differentiate.h"
#include "tests/support/interpreter.h"

namespace kcc {
namespace {

using testing::Array;

struct Curve {
  std::vector<double> y, dy;
};

// The function and its derivative at `points`.
Curve curve_of(const Activation& activation, const std::vector<double>& points) {
  Graph graph;
  Builder b{graph};
  const int64_t count = static_cast<int64_t>(points.size());
  ValueId x = input(b, "x", {DType::kF32, fixed_shape({count})});
  ValueId y = activation(b, x);
  ValueId dy = differentiate(graph, reduce_sum(b, y, {0}), {x})[0];
  const auto result = testing::interpret(graph, 1, {Array{{count}, points}});
  return {result.values[static_cast<size_t>(y)].values, result.values[static_cast<size_t>(dy)].values};
}

json::Value read_table() {
  std::ifstream in(std::filesystem::path(KCC_TEST_CASES) / "activations.json");
  std::stringstream text;
  text << in.rdbuf();
  Diagnostics diagnostics;
  return json::parse(text.str(), "activations.json", diagnostics).value_or(json::Value{});
}

std::vector<double> numbers(const json::Value& list) {
  std::vector<double> numbers;
  for (const json::Value& item : list.items) numbers.push_back(item.number);
  return numbers;
}

TEST(Activations, HaveTheValuesAndDerivativesOfKeras) {
  const json::Value table = read_table();
  ASSERT_GT(table.members.size(), 20u);
  const std::vector<double> x = numbers(*table.find("x"));
  Diagnostics diagnostics;
  const Report report{"", "", diagnostics};
  for (const json::Member& row : table.members) {
    if (row.key == "x") continue;
    ConfigReader parameters(nullptr, {}, row.key, report);
    const Curve found = curve_of(make_activation(row.key, parameters), x);
    const std::vector<double> y = numbers(*row.value.find("y")), dy = numbers(*row.value.find("dy"));
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(found.y[i], y[i], 5e-6 + 2e-5 * std::abs(y[i])) << row.key << " at " << x[i];
      EXPECT_NEAR(found.dy[i], dy[i], 5e-6 + 2e-5 * std::abs(dy[i])) << row.key << "' at " << x[i];
    }
  }
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.render(false);
}

TEST(Activations, TakeParameters) {
  struct Row {
    const char* config;
    double x, y;
  };
  const Row rows[] = {
      {R"({"class_name": "relu", "config": {"max_value": 2, "threshold": 1, "negative_slope": 0.5}})", 3, 2},
      {R"({"class_name": "relu", "config": {"max_value": 2, "threshold": 1, "negative_slope": 0.5}})", 0, -0.5},
      {R"({"class_name": "leaky_relu", "config": {"negative_slope": 0.1}})", -2, -0.2},
      {R"({"class_name": "LeakyReLU", "config": {"name": "l", "negative_slope": 0.1}})", -2, -0.2},
      {R"({"class_name": "elu", "config": {"alpha": 2}})", -1, 2 * std::expm1(-1.0)},
      {R"({"class_name": "gelu", "config": {"approximate": true}})", 1, 0.841191990608},
      {R"({"class_name": "soft_shrink", "config": {"threshold": 1}})", 3, 2},
      {R"({"class_name": "squareplus", "config": {"b": 12}})", 2, 3},
      {R"({"class_name": "threshold", "config": {"threshold": 1, "default_value": 9}})", 1, 9},
      {R"({"class_name": "function", "config": "tanh"})", 1, std::tanh(1.0)},
      {R"("swish")", 1, 1 / (1 + std::exp(-1.0))},
      {"null", -3, -3},
  };
  for (const Row& row : rows) {
    Diagnostics diagnostics;
    const Report report{"", "", diagnostics};
    const json::Value value = *json::parse(std::string(R"({"activation": )") + row.config + "}", "", diagnostics);
    ConfigReader config(&value, {}, "Dense", report);
    EXPECT_NEAR(curve_of(read_activation(config, "activation"), {row.x}).y[0], row.y, 1e-9) << row.config;
    EXPECT_FALSE(diagnostics.has_errors()) << row.config << diagnostics.render(false);
  }
}

}  // namespace
}  // namespace kcc
