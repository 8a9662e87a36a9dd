// Layer: what every layer's recipe implements. A recipe reads one layer's options and gives back its body: how it
// infers shapes, which weights it has, and how it expands into operations, for training and for inference.
// To add a layer: its recipe in its family's file in layers/, its row in registry.cpp, a row in the tests.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/module.h"
#include "compiler/ops/builder.h"
#include "frontend/config_reader.h"
#include "frontend/training/initializers.h"
#include "frontend/training/regularizers.h"

namespace kcc {

using Shapes = std::vector<Shape>;

struct Weight {
  std::string name;
  std::vector<int64_t> shape;
  InitializerSpec initializer;
  bool trained = true;  // false: a statistic, which training does not touch by gradient
  Penalty penalty;
};

// What a layer may use while it expands into one graph. build_graph implements it.
class CallScope {
 public:
  CallScope(Builder& builder, bool is_training) : b(builder), training(is_training) {}
  virtual ~CallScope() = default;

  Builder& b;
  const bool training;  // or inference

  virtual bool trainable() const = 0;  // the layer's own flag
  virtual ValueId weight(const std::string& name) = 0;
  // The weight's value after the step.
  virtual void update(const std::string& name, ValueId value) = 0;
  // Uniform in [0, 1), new in every step and for every call. Calls with the same seed share their numbers.
  virtual ValueId random(const Shape& shape, int64_t seed) = 0;
};

struct LayerBody {
  // Of an input layer: the extents of a batch, -1 where the file leaves them open.
  std::optional<std::vector<int64_t>> input;
  size_t min_inputs = 1, max_inputs = 1;
  // The shape of the output; empty after reporting why the inputs do not fit.
  std::function<std::optional<Shape>(const Shapes&)> infer;
  // Weights in Keras's order. Called once, after infer accepted the shapes. May be null.
  std::function<std::vector<Weight>(const Shapes&)> weights;
  std::function<ValueId(CallScope&, const std::vector<ValueId>&)> call;
};

struct LayerRecipe {
  std::string class_name;  // as Keras writes it
  LayerBody (*read)(ConfigReader&);
};

// Reports at the layer's place that shapes do not fit: `return misfit("...")`.
struct Misfit {
  Report report;
  json::Mark mark;

  explicit Misfit(const ConfigReader& config) : report(config.report()), mark(config.mark()) {}
  std::nullopt_t operator()(std::string message, std::string hint = "") const {
    report.error(mark, std::move(message), std::move(hint));
    return std::nullopt;
  }
};

// "(None, 28, 28, 1)": a shape as Keras prints it.
std::string keras_shape(const Shape& shape);
// 0 <= result < rank for -rank <= axis < rank, else empty.
std::optional<int64_t> positive_axis(int64_t axis, size_t rank);

}  // namespace kcc
