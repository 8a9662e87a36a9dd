// Embedding, Masking.
#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

// What a model file says of a number that may be written as an array of one.
double read_mask_value(ConfigReader& c) {
  const json::Value* value = c.find("mask_value");
  if (!value || value->is_number()) return c.number("mask_value", 0);
  c.error("mask_value", "a number");
  return 0;
}

}  // namespace

// Row x of the table. Indices that are no integers are cut off to them; mask_zero leaves index 0 out of what follows.
LayerBody embedding(LayerConfig& c) {
  const int64_t rows = c.positive("input_dim"), columns = c.positive("output_dim");
  const bool mask_zero = c.boolean("mask_zero", false);
  const InitializerSpec initializer = read_initializer(c, "embeddings_initializer", "uniform");
  const Penalty penalty = read_penalty(c, "embeddings_regularizer");
  const Constraint constraint = read_constraint(c, "embeddings_constraint");
  for (const char* key : {"lora_rank", "quantization_config", "sparse"}) c.refuse(key);
  c.ignore({"lora_alpha", "input_length"});
  LayerBody body;
  body.takes_integers = true;
  body.infer = [=](const Shapes& inputs) -> std::optional<Shape> {
    Shape shape = inputs[0];
    shape.push_back({columns, false});
    return shape;
  };
  body.weights = [=](const Shapes&) {
    return std::vector<Weight>{{"embeddings", {rows, columns}, initializer, true, penalty, constraint}};
  };
  body.call_all = [=](CallScope& scope, const Tensors& inputs) {
    Builder& b = scope.b;
    const ValueId indices = cast(b, inputs[0].value, DType::kI32);
    const ValueId zero = constant(b, 0, b.type(inputs[0].value).dtype);
    const ValueId mask = mask_zero ? binary(b, OpKind::kNe, inputs[0].value, zero) : -1;
    return Tensors{{gather(b, scope.weight("embeddings"), indices), mask}};
  };
  return body;
}

// Steps whose features all have one value are set to zero and left out of what follows.
LayerBody masking(LayerConfig& c) {
  const double value = read_mask_value(c);
  LayerBody body;
  body.infer = [misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    if (inputs[0].size() >= 2) return inputs[0];
    return misfit(fmt::format("Masking needs an input of rank 2 or more, not {}", keras_shape(inputs[0])));
  };
  body.call_all = [=](CallScope& scope, const Tensors& inputs) {
    Builder& b = scope.b;
    const ValueId x = inputs[0].value;
    const ValueId differs = cast(b, binary(b, OpKind::kNe, x, constant(b, value)), DType::kF32);
    const ValueId mask = greater(b, reduce_max(b, differs, {-1}), 0.0);
    std::vector<int64_t> dims;
    for (int64_t d = 0; d + 1 < b.type(x).rank(); ++d) dims.push_back(d);
    const ValueId kept = broadcast_in_dims(b, mask, Shape(b.shape(x)), dims);
    return Tensors{{select(b, kept, x, constant(b, 0.0)), mask}};
  };
  return body;
}

}  // namespace kcc
