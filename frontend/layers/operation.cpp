#include "frontend/layers/operation.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/ops/elementwise.h"

namespace kcc {
namespace {

bool begins_with_batch(const Shape& shape) {
  return !shape.empty() && shape[0].batched &&
         std::none_of(shape.begin() + 1, shape.end(), [](const Dim& dim) { return dim.batched; });
}

}  // namespace

bool is_tensor_argument(const json::Value& value) {
  const json::Value* class_name = value.find("class_name");
  return class_name && class_name->text == "__keras_tensor__";
}

const json::Value* raw_arguments(LayerConfig& c) {
  if (const json::Value* kwargs = c.find("kwargs"); kwargs && !kwargs->members.empty())
    c.error("kwargs", "arguments by position alone");
  return c.find("args");
}

std::vector<Argument> read_arguments(LayerConfig& c, size_t count) {
  std::vector<Argument> arguments;
  const json::Value* args = raw_arguments(c);
  int64_t inputs = 0;
  for (const json::Value& item : args ? args->items : std::vector<json::Value>{}) {
    if (is_tensor_argument(item))
      arguments.push_back({inputs++});
    else if (item.is_number())
      arguments.push_back({-1, item.number, item.kind == json::Kind::kInteger ? DType::kI32 : DType::kF32});
  }
  if (arguments.size() != count || inputs == 0 || args->items.size() != count)
    c.error("args", fmt::format("{} tensors or numbers", count));
  return arguments;
}

size_t count_tensors(const std::vector<Argument>& arguments) {
  return static_cast<size_t>(
      std::count_if(arguments.begin(), arguments.end(), [](const Argument& a) { return a.input >= 0; }));
}

std::vector<ValueId> promoted(Builder& b, std::vector<ValueId> values) {
  const bool any_real =
      std::any_of(values.begin(), values.end(), [&](ValueId value) { return b.type(value).dtype == DType::kF32; });
  for (ValueId& value : values) value = cast(b, value, any_real ? DType::kF32 : DType::kI32);
  return values;
}

LayerBody operation(LayerConfig& c, size_t count, std::function<std::optional<Shape>(const Shapes&)> infer,
                    std::function<ValueId(Builder&, const std::vector<ValueId>&)> apply) {
  LayerBody body;
  body.min_inputs = body.max_inputs = count;
  body.takes_integers = true;
  body.infer = [=, misfit = Misfit(c), name = c.subject()](const Shapes& inputs) -> std::optional<Shape> {
    const auto shape = infer(inputs);
    if (shape && begins_with_batch(*shape)) return shape;
    std::string text;
    for (const Shape& input : inputs) text += (text.empty() ? "" : ", ") + keras_shape(input);
    return misfit(
        fmt::format("the operation {} does not fit {}, or its result does not begin with the batch", name, text));
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) { return apply(scope.b, inputs); };
  return body;
}

}  // namespace kcc
