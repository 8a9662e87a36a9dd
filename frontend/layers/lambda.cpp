// Lambda: a function of --define as a layer.
#include <fmt/format.h>

#include <limits>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/custom_function.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

using python::Argument;

// Letters, digits and underscores: what Python may call a function.
std::string identifier(std::string name) {
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) ? "_" + name : name;
}

// By the function's name, where the file has one, or by the layer's. Empty after reporting. Bytecode is never run.
std::optional<CustomFunction> read_function(LayerConfig& c) {
  const json::Value* value = c.find("function");
  const auto object = value ? named_object(*value) : std::nullopt;
  const bool is_code = !object || object->name == "__lambda__" || object->name == "<lambda>";
  const std::string layer = identifier(c.spec().name), function = is_code ? "" : object->name;
  for (const std::string& name : {function, c.spec().name, layer})
    if (!name.empty())
      if (auto found = find_function(name, nullptr, c.environment(), c.report())) return found;
  c.report().error(value ? value->mark : c.mark(),
                   is_code ? "the layer's function is Python bytecode, which kcc does not run"
                           : fmt::format("the layer's function '{}' is not in the model file", function),
                   define_hint(is_code ? layer : function, "x", c.environment()));
  return std::nullopt;
}

// The extents that the file states, without the batch's; -1 where open.
std::optional<std::vector<int64_t>> read_output_shape(LayerConfig& c) {
  const json::Value* value = c.find("output_shape");
  if (!value) return std::nullopt;
  const json::Value* items = value->find("items");  // of a tuple, as Keras 3 writes it
  const json::Value& list = items ? *items : *value;
  // Functions are not needed: the shape follows from the layer's own function.
  if (!list.is_array()) return std::nullopt;
  std::vector<int64_t> extents;
  for (const json::Value& item : list.items) {
    const bool whole = item.kind == json::Kind::kInteger;
    if (!whole && !item.is_null()) return std::nullopt;
    extents.push_back(whole ? item.integer : -1);
  }
  return extents;
}

bool has_extents(const Shape& shape, const std::vector<int64_t>& extents) {
  bool fits = shape.size() == extents.size() + 1;
  for (size_t i = 0; fits && i < extents.size(); ++i) fits = extents[i] == -1 || extents[i] == shape[i + 1].size;
  return fits;
}

std::vector<Type> floats_of(const Shapes& shapes) {
  std::vector<Type> types;
  for (const Shape& shape : shapes) types.push_back({DType::kF32, shape});
  return types;
}

// What the function gets besides its inputs: the file's constants, whether it trains, and the mask, if it asks.
std::vector<Argument> other_arguments(const json::Value& constants, const json::Value* training,
                                      const Tensors& inputs) {
  std::vector<Argument> arguments;
  for (const json::Member& member : constants.members) {
    Argument argument;
    argument.constant = &member.value;
    argument.name = member.key;
    arguments.push_back(argument);
  }
  Argument mask{{}, inputs.size() > 1, nullptr, "mask", true};
  for (const Tensor& input : inputs)
    if (input.mask >= 0) mask.tensors.push_back(input.mask);
  if (mask.tensors.size() != inputs.size()) mask = {{}, false, nullptr, "mask", true};
  if (!constants.find("mask")) arguments.push_back(mask);
  if (!constants.find("training")) arguments.push_back({{}, false, training, "training", true});
  return arguments;
}

json::Value boolean(bool value) {
  json::Value flag;
  flag.kind = json::Kind::kBool;
  flag.boolean = value;
  return flag;
}

}  // namespace

LayerBody lambda_layer(LayerConfig& c) {
  const auto function = read_function(c);
  const auto declared = read_output_shape(c);
  const json::Value* given = c.find("arguments");
  const json::Value constants = given && given->is_object() ? *given : json::Value();
  c.refuse("mask", "is not supported: let a layer after it make the mask");
  LayerBody body;
  body.max_inputs = std::numeric_limits<size_t>::max();
  if (!function) return body;
  body.infer_all = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shapes> {
    std::optional<CustomFunction::Trial> trials[2];
    for (int training = 0; training < 2; ++training) {
      const json::Value flag = boolean(training);
      trials[training] = function->try_out(floats_of(inputs), inputs.size() > 1,
                                           other_arguments(constants, &flag, Tensors(inputs.size())), training, true);
      if (!trials[training]) return std::nullopt;
    }
    Shapes shapes, in_training;
    for (const Type& type : trials[0]->types) shapes.push_back(type.shape);
    for (const Type& type : trials[1]->types) in_training.push_back(type.shape);
    if (shapes != in_training) return misfit("the function's result has another shape in training");
    for (const Shape& shape : shapes)
      if (shape.empty() || !shape[0].batched)
        return misfit(fmt::format("the function '{}' returns the shape {}, expected (None, ...): the batch stays",
                                  function->name(), keras_shape(shape)));
    if (declared && shapes.size() == 1 && !has_extents(shapes[0], *declared))
      return misfit(fmt::format("the function '{}' returns the shape {}, but \"output_shape\" is ({})",
                                function->name(), keras_shape(shapes[0]), fmt::join(*declared, ", ")));
    return shapes;
  };
  // Keras drops the mask after a Lambda, unless told one.
  body.call_all = [=, infer = body.infer_all](CallScope& scope, const Tensors& inputs) {
    Builder& b = scope.b;
    Argument x{{}, inputs.size() > 1, nullptr, "", false};
    Shapes shapes;
    for (const Tensor& input : inputs) {
      x.tensors.push_back(input.value);
      shapes.push_back(b.shape(input.value));
    }
    const json::Value flag = boolean(scope.training);
    std::vector<Argument> arguments = other_arguments(constants, &flag, inputs);
    arguments.insert(arguments.begin(), x);
    const auto random = [&](const Shape& shape, int64_t seed) { return scope.random(shape, seed); };
    const auto outcome = function->run(b, arguments, scope.training, random);
    const Shapes expected = infer(shapes).value_or(Shapes{});
    Tensors outputs;
    for (size_t i = 0; i < expected.size(); ++i) {
      // A mistake that only a mask brought to light has been reported: what is built no longer matters.
      const bool good = outcome && i < outcome->tensors.size() && b.shape(outcome->tensors[i]) == expected[i];
      if (outcome && !good) function->error("returns another shape where its input has a mask");
      outputs.push_back(
          {good ? cast(b, outcome->tensors[i], DType::kF32) : broadcast_to(b, constant(b, 0.0), expected[i])});
    }
    return outputs;
  };
  return body;
}

}  // namespace kcc
