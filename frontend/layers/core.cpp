// Dense, Identity, InputLayer.
#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/shape.h"
#include "frontend/activations.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

// Extents without the batch, from whichever spelling the file has.
std::optional<std::vector<int64_t>> read_input_shape(ConfigReader& c) {
  c.note_default("batch_size", "None");
  for (const char* key : {"shape", "input_shape"}) {
    if (!c.has(key)) continue;
    auto extents = c.shape(key);
    if (extents) extents->insert(extents->begin(), c.has("batch_size") ? c.positive("batch_size") : -1);
    return extents;
  }
  for (const char* key : {"batch_shape", "batch_input_shape"})
    if (c.has(key)) return c.shape(key);
  return std::nullopt;  // --input-shape may still say it
}

// Integers stay integers; all kinds of floating point are float32 here, as layers would cast them.
DType read_input_dtype(ConfigReader& c) {
  const json::Value* dtype = c.find("dtype");
  if (!dtype) return DType::kF32;
  const std::string& name = dtype->text;
  if (name == "bool") return DType::kBool;
  if (name.find("int") != std::string::npos) return DType::kI32;
  if (name.find("float") == std::string::npos) c.error("dtype", "a type of numbers");
  return DType::kF32;
}

// (rows..., K) -> (product of rows, K)
ValueId as_matrix(Builder& b, ValueId x) {
  Shape rows = b.shape(x);
  const Dim last = rows.back();
  rows.pop_back();
  return reshape(b, x, {element_count(rows), last});
}

}  // namespace

LayerBody input_layer(LayerConfig& c) {
  LayerBody body;
  body.min_inputs = body.max_inputs = 0;
  body.input = read_input_shape(c);
  body.input_dtype = read_input_dtype(c);
  c.refuse("sparse", "is not supported: inputs are dense");
  c.refuse("ragged", "is not supported: inputs are dense");
  c.refuse("optional", "is not supported: every input is given");
  c.refuse("input_tensor");
  if (!body.input) return body;
  if (body.input->empty() || body.input->size() > 6) {
    c.error("batch_shape", "one to six extents, the batch's included");
    body.input.reset();
    return body;
  }
  for (size_t i = 1; i < body.input->size(); ++i) {
    const int64_t extent = (*body.input)[i];
    if (extent == -1 || (extent >= 1 && extent < int64_t{1} << 31)) continue;
    c.report().error(c.mark(),
                     fmt::format("the input shape has the extent {}, expected positive extents below 2^31", extent));
    body.input.reset();
    break;
  }
  return body;
}

// y = activation(x W + b). x: (B, ..., K)  W: (K, units)
LayerBody dense(LayerConfig& c) {
  const int64_t units = c.positive("units");
  const KernelOptions kernel = read_kernel_options(c);
  const Activation activation = read_activation(c, "activation");
  c.refuse("quantization_config");
  LayerBody body;
  body.activation = activation.name;
  body.masks = MaskRule::kPass;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    Shape shape = inputs[0];
    if (shape.size() < 2)
      return misfit(fmt::format("Dense needs an input of rank 2 or more, not {}", keras_shape(shape)));
    shape.back().size = units;
    return activation.infer(shape);
  };
  body.weights = [=](const Shapes& inputs) { return kernel.weights({inputs[0].back().size, units}, units); };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    Shape shape = b.shape(inputs[0]);
    shape.back().size = units;
    ValueId y = matmul(b, as_matrix(b, inputs[0]), scope.weight("kernel"));
    if (kernel.use_bias) y = add(b, y, scope.weight("bias"));
    return activation(b, reshape(b, y, shape));
  };
  return body;
}

LayerBody identity_layer(LayerConfig&) {
  LayerBody body;
  body.masks = MaskRule::kPass;
  body.takes_integers = true;
  body.infer = [](const Shapes& inputs) -> std::optional<Shape> { return inputs[0]; };
  body.call = [](CallScope&, const std::vector<ValueId>& inputs) { return inputs[0]; };
  return body;
}

}  // namespace kcc
