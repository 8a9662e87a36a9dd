#include "tests/support/finite_differences.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/reduce.h"
#include "compiler/passes/differentiate.h"
#include "tests/support/interpreter.h"

namespace kcc::testing {
namespace {

// Truncation grows with its square, rounding with its inverse: both stay near 1e-9 of smooth functions of order 1.
constexpr double kStep = 1e-5;

struct Loss {
  Graph graph;
  std::vector<ValueId> inputs;
  ValueId value;
};

Loss build_loss(const std::vector<Shape>& shapes, const BuildFunction& build) {
  Loss loss;
  Builder b{loss.graph};
  for (const Shape& shape : shapes) loss.inputs.push_back(input(b, "x", {DType::kF32, shape}));
  const ValueId y = build(b, loss.inputs);
  const Type type = b.type(y);
  const ValueId weighted = mul(b, y, input(b, "weights", type));
  std::vector<int64_t> axes;
  for (int64_t axis = 0; axis < type.rank(); ++axis) axes.push_back(axis);
  loss.value = reduce_sum(b, weighted, axes);
  loss.graph.outputs.push_back({"loss", loss.value});
  return loss;
}

double largest(const std::vector<double>& values) {
  double result = 0;
  for (double value : values) result = std::max(result, std::abs(value));
  return result;
}

}  // namespace

Graph differentiated(const std::vector<Shape>& inputs, const BuildFunction& build) {
  Loss loss = build_loss(inputs, build);
  for (ValueId gradient : differentiate(loss.graph, loss.value, loss.inputs)) {
    loss.graph.outputs.push_back({"gradient", gradient});
  }
  return loss.graph;
}

double gradient_error(const std::vector<Shape>& inputs, const BuildFunction& build, const std::vector<Array>& at,
                      int64_t batch) {
  const Graph forward = build_loss(inputs, build).graph;
  std::mt19937 generator(1);
  std::vector<Array> values = at;
  values.push_back(random_array(extents_of(forward.inputs.back().type.shape, batch), generator, 0.5, 1.5));
  const std::vector<Array> gradients = interpret(differentiated(inputs, build), batch, values).outputs;
  const auto loss = [&] { return interpret(forward, batch, values).outputs[0].values[0]; };

  double worst = 0;
  for (size_t i = 0; i < at.size(); ++i) {
    const std::vector<double>& ours = gradients[i + 1].values;
    std::vector<double> differences, errors;
    for (size_t e = 0; e < ours.size(); ++e) {
      double& x = values[i].values[e];
      const double centre = x;
      x = centre + kStep;
      const double above = loss();
      x = centre - kStep;
      const double below = loss();
      x = centre;
      differences.push_back((above - below) / (2 * kStep));
      errors.push_back(ours[e] - differences.back());
    }
    const double scale = largest(differences);
    worst = std::max(worst, scale > 0 ? largest(errors) / scale : largest(errors));
    if (std::any_of(errors.begin(), errors.end(), [](double x) { return std::isnan(x); })) return NAN;
  }
  return worst;
}

std::vector<Array> distinct_arrays(const std::vector<Shape>& shapes, int64_t batch, double low, double high) {
  std::vector<Array> arrays;
  int64_t total = 0;
  for (const Shape& shape : shapes) {
    arrays.push_back(zeros(extents_of(shape, batch)));
    total += count_of(arrays.back().extents);
  }
  total += total % 2;  // an even number leaves the middle, which is 0 for symmetric ranges, free
  std::vector<double> values;
  for (int64_t i = 0; i < total; ++i) {
    values.push_back(low + (high - low) * (static_cast<double>(i) + 0.5) / static_cast<double>(total));
  }
  std::shuffle(values.begin(), values.end(), std::mt19937(2));
  auto next = values.begin();
  for (Array& array : arrays) {
    for (double& value : array.values) value = *next++;
  }
  return arrays;
}

}  // namespace kcc::testing
