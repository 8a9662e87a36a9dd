#include "frontend/custom_function.h"

#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/shape.h"

namespace kcc {

using python::Argument;

std::vector<Argument> CustomFunction::factory_arguments() const {
  std::vector<Argument> arguments;
  for (const json::Member& member : factory_.members) {
    Argument argument;
    argument.constant = &member.value;
    if (member.key[0] != '#') argument.name = member.key;
    arguments.push_back(argument);
  }
  return arguments;
}

std::optional<python::Outcome> CustomFunction::run(Builder& b, const std::vector<Argument>& arguments, bool training,
                                                   const std::function<ValueId(const Shape&, int64_t)>& random) const {
  return python::call(*program_, name_, arguments, {b, report_.diagnostics, report_.layer, training, random},
                      factory_arguments());
}

std::optional<CustomFunction::Trial> CustomFunction::try_out(const std::vector<Type>& operands, bool as_list,
                                                             const std::vector<Argument>& others, bool training,
                                                             bool is_random) const {
  Graph graph;
  Builder b{graph};
  std::vector<Argument> arguments(as_list ? 1 : operands.size());
  for (size_t i = 0; i < operands.size(); ++i) arguments[as_list ? 0 : i].tensors.push_back(input(b, "x", operands[i]));
  if (as_list) arguments[0].is_list = true;
  arguments.insert(arguments.end(), others.begin(), others.end());
  std::function<ValueId(const Shape&, int64_t)> random;
  if (is_random) random = [&](const Shape& shape, int64_t) { return input(b, "random", {DType::kF32, shape}); };
  const auto outcome = run(b, arguments, training, random);
  if (!outcome) return std::nullopt;
  Trial trial{{}, outcome->is_list};
  for (ValueId tensor : outcome->tensors) trial.types.push_back(b.type(tensor));
  return trial;
}

std::optional<Type> CustomFunction::try_out(const std::vector<Type>& operands) const {
  const auto trial = try_out(operands, false, {}, false, false);
  if (!trial) return std::nullopt;
  if (!trial->is_list) return trial->types[0];
  error("returns a list, expected one tensor");
  return std::nullopt;
}

ValueId CustomFunction::apply(Builder& b, const std::vector<ValueId>& operands, const Shape& otherwise) const {
  std::vector<Argument> arguments(operands.size());
  for (size_t i = 0; i < operands.size(); ++i) arguments[i].tensors.push_back(operands[i]);
  const auto outcome = run(b, arguments);
  if (!outcome || outcome->is_list) return broadcast_to(b, constant(b, 0.0), otherwise);
  return cast(b, outcome->tensors[0], DType::kF32);
}

void CustomFunction::error(const std::string& message) const {
  report_.error({}, fmt::format("the function '{}' {}", name_, message));
}

bool CustomFunction::wants_class_indices() const {
  return program_->mentions(name_, [](const std::string& name) { return name.rfind("sparse_categorical", 0) == 0; });
}

std::optional<CustomFunction> find_function(const std::string& written, const json::Value* options,
                                            const Environment& environment, const Report& report) {
  // Registered functions are written "Package>name".
  const std::string name = written.substr(written.rfind('>') + 1);
  if (!environment.functions || !environment.functions->has(name)) return std::nullopt;
  return CustomFunction(environment.functions, name, report, options ? *options : json::Value());
}

std::string define_hint(const std::string& name, const std::string& parameters, const Environment& environment) {
  const std::string near = environment.functions ? did_you_mean(name, environment.functions->names()) : std::string();
  if (!near.empty()) return near;
  return fmt::format("pass --define FILE.py that has `def {}({}): ...`", name, parameters);
}

}  // namespace kcc
