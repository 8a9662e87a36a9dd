// Layer: what every layer's recipe implements. A recipe reads one layer's options and gives back its body: how it
// infers shapes, which weights it has, and how it expands into operations, for training and for inference.
// To add a layer: its recipe in its family's file in layers/, its row in registry.cpp, a row in the tests.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/module.h"
#include "compiler/ops/builder.h"
#include "frontend/config_reader.h"
#include "frontend/training/constraints.h"
#include "frontend/training/initializers.h"
#include "frontend/training/regularizers.h"

namespace kcc {

struct ModelLayers;
using Shapes = std::vector<Shape>;

// What flows between layers: a value and, where a layer further up said which of its steps count, its mask: bool, of
// the value's leading extents (B, T).
struct Tensor {
  ValueId value = -1;
  ValueId mask = -1;
  bool mask_given = false;  // as an argument of the call, not only by the layers further up
};
using Tensors = std::vector<Tensor>;

struct Weight {
  std::string name;  // within the layer: "kernel", "lstm_cell/kernel"
  std::vector<int64_t> shape;
  InitializerSpec initializer;
  bool trained = true;  // false: a statistic, which training does not touch by gradient
  Penalty penalty = {};
  Constraint constraint = {};
  std::string file = "";   // its place in a weights file within the layer; "vars/2", by position, where left out
  std::string layer = "";  // of a nested model's: the path of its layer, "encoder/dense_1"; and that layer's class
  std::string layer_class = "";
  DType dtype = DType::kF32;
  bool memory = false;  // a stateful layer's, one row a sample of the fixed batch: seen as (B, shape...)
};

// What a layer may use while it expands into one graph. build_graph implements it.
class CallScope {
 public:
  CallScope(Builder& builder, bool is_training) : b(builder), training(is_training) {}
  virtual ~CallScope() = default;

  Builder& b;
  const bool training;  // or inference

  virtual bool trainable() const = 0;  // the layer's own flag
  // How many steps of a sample lie side by side along the batch, (B, T, ...) being seen as (B T, ...). Layers that
  // treat a batch as a whole treat each step by itself.
  virtual int64_t steps() const { return 1; }
  virtual ValueId weight(const std::string& name) = 0;
  // The weight's value after the step.
  virtual void update(const std::string& name, ValueId value) = 0;
  // Uniform in [0, 1), new in every step and for every call. Calls with the same seed share their numbers.
  virtual ValueId random(const Shape& shape, int64_t seed) = 0;
  // A scalar that training adds to the loss.
  virtual void add_loss(ValueId loss) = 0;
  // The origin of the nodes of a layer inside this one.
  virtual int32_t origin_of(const std::string& layer, const std::string& class_name) = 0;
};

// What a layer inside another one sees: its own names stand behind the outer layer's.
class ChildScope : public CallScope {
 public:
  ChildScope(CallScope& outer, std::string name, bool trainable = true)
      : CallScope(outer.b, outer.training), outer_(outer), name_(std::move(name)), trainable_(trainable) {}

  bool trainable() const override { return trainable_ && outer_.trainable(); }
  int64_t steps() const override { return outer_.steps(); }
  ValueId weight(const std::string& name) override { return outer_.weight(path(name)); }
  void update(const std::string& name, ValueId value) override { outer_.update(path(name), value); }
  ValueId random(const Shape& shape, int64_t seed) override { return outer_.random(shape, seed); }
  void add_loss(ValueId loss) override { outer_.add_loss(loss); }
  int32_t origin_of(const std::string& layer, const std::string& class_name) override {
    return outer_.origin_of(path(layer), class_name);
  }

 private:
  std::string path(const std::string& name) const { return name_.empty() ? name : name_ + "/" + name; }

  CallScope& outer_;
  std::string name_;
  bool trainable_;
};

// How a layer of one output treats the mask of its first input.
enum class MaskRule {
  kDrop,  // Keras's default: the layer does not support masks
  kPass,  // hands it on
};

// Most layers have one output and do not look at masks: their recipes give `infer` and `call`. Others give `infer_all`
// and `call_all`; read_layer completes the one form by the other, so that whoever uses a body calls those.
struct LayerBody {
  // Of an input layer, and of a model with one input: the extents of a batch, -1 where the file leaves them open.
  std::optional<std::vector<int64_t>> input;
  DType input_dtype = DType::kF32;
  size_t min_inputs = 1, max_inputs = 1;
  MaskRule masks = MaskRule::kDrop;
  bool takes_integers = false;  // as they are; others get integer inputs as f32
  bool trainable = true;
  bool wraps = false;      // its weights are another layer's, which itself says whether they are trained
  std::string class_name;  // Keras's, without aliases
  std::string activation;  // Keras's name of the "activation" option; "" where the class has none
  std::shared_ptr<const ModelLayers> model;  // of a nested model, else null

  // The shape of the output; empty after reporting why the inputs do not fit.
  std::function<std::optional<Shape>(const Shapes&)> infer;
  std::function<std::optional<Shapes>(const Shapes&)> infer_all;
  // Weights in Keras's order. Called after infer accepted the shapes. May be null.
  std::function<std::vector<Weight>(const Shapes&)> weights;
  std::function<ValueId(CallScope&, const std::vector<ValueId>&)> call;
  std::function<Tensors(CallScope&, const Tensors&)> call_all;
};

// What a stateful layer keeps from batch to batch for each sample: zero at first, in no file.
Weight memory(const std::string& name, const std::vector<int64_t>& shape);

// The weights of a layer inside another one: names behind `name`, places in files behind `file`.
std::vector<Weight> inside(const std::string& name, const std::string& file, std::vector<Weight> weights);

class LayerConfig;

struct LayerRecipe {
  std::string class_name;  // as Keras writes it
  LayerBody (*read)(LayerConfig&);
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
