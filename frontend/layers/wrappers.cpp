// TimeDistributed: a layer or a model applied to every step.
#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

// (B, T, ...) -> (B, ...)
Shape without_steps(Shape shape) {
  shape.erase(shape.begin() + 1);
  return shape;
}

// (B, T, ...) -> (B T, ...): the same memory.
ValueId merge_steps(Builder& b, ValueId x) {
  Shape shape = b.shape(x);
  shape[0].size *= shape[1].size;
  return reshape(b, x, without_steps(shape));
}

// The child's scope: its batch holds the steps.
class StepScope : public ChildScope {
 public:
  StepScope(CallScope& outer, int64_t steps, bool trainable, bool adds_losses)
      : ChildScope(outer, "", trainable),
        outer_(outer),
        steps_(steps),
        trainable_(trainable),
        adds_losses_(adds_losses) {}

  // The wrapper's own flag changes nothing: where Keras freezes a wrapper, it freezes what is inside as well.
  bool trainable() const override { return trainable_; }
  int64_t steps() const override { return outer_.steps() * steps_; }

  // Keras adds the losses of the steps, each of them a mean over the batch.
  void add_loss(ValueId loss) override {
    if (adds_losses_) outer_.add_loss(mul(b, loss, static_cast<double>(steps_)));
  }

 private:
  CallScope& outer_;
  const int64_t steps_;
  const bool trainable_, adds_losses_;
};

}  // namespace

LayerBody time_distributed(LayerConfig& c) {
  LayerBody body;
  const auto child = c.child("layer");
  if (!child) return body;
  body.wraps = true;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    if (inputs[0].size() < 3)
      return misfit(fmt::format("TimeDistributed needs an input of rank 3 or more, not {}", keras_shape(inputs[0])));
    const auto outputs = child->infer_all({without_steps(inputs[0])});
    if (!outputs) return std::nullopt;
    if (outputs->size() != 1) return misfit("TimeDistributed needs a layer of one output");
    Shape shape = outputs->front();
    shape.insert(shape.begin() + 1, inputs[0][1]);
    return shape;
  };
  if (child->weights)
    body.weights = [=](const Shapes& inputs) {
      std::vector<Weight> weights = child->weights({without_steps(inputs[0])});
      for (Weight& weight : weights) weight.file = "layer/" + weight.file;
      return weights;
    };
  // A step goes to the layer's own `call`: what comes around that, the activity regularizer and the mask of the result,
  // stays away. A model's layers have theirs.
  const bool is_model = child->class_name == "Sequential" || child->class_name == "Functional";
  body.call_all = [=](CallScope& scope, const Tensors& inputs) {
    Builder& b = scope.b;
    const Shape whole = b.shape(inputs[0].value);
    Tensor step{merge_steps(b, inputs[0].value), inputs[0].mask};
    if (step.mask >= 0) step.mask = merge_steps(b, step.mask);
    StepScope inner(scope, whole[1].size, child->trainable, is_model);
    const ValueId y = child->call_all(inner, {step})[0].value;
    Shape shape = b.shape(y);
    shape[0] = whole[0];
    shape.insert(shape.begin() + 1, whole[1]);
    return Tensors{{reshape(b, y, shape), inputs[0].mask}};
  };
  return body;
}

}  // namespace kcc
