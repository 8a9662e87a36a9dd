#include "frontend/old_functions.h"

#include "frontend/model_json.h"

namespace kcc {
namespace {

using json::Value;

std::string text_of(std::optional<Value> value) {
  return value ? value->text : "";
}

Value function_object(const char* class_name, Value config, json::Mark mark) {
  Value object = json::object_value({}, mark);
  object.set("class_name", json::string_value(class_name, mark));
  object.set("config", std::move(config));
  return object;
}

// Older files have bytecode as a string, or as a list of code, defaults and closure.
Value upgraded(const Value& function, const std::string& type) {
  if (function.is_object()) return function;
  const bool is_name = function.is_string() && type != "lambda";
  if (is_name) return function_object("function", function, function.mark);
  Value code = json::object_value({}, function.mark);
  code.set("code", json::string_value("", function.mark));
  return function_object("__lambda__", code, function.mark);
}

}  // namespace

void upgrade_lambda(Value& layer) {
  if (class_of(layer) != "Lambda") return;
  Value& config = *layer.find("config");
  const std::string type = text_of(config.take("function_type"));
  if (const Value* function = config.find("function")) config.set("function", upgraded(*function, type));
  // A shape that a function computes follows from the layer's own function.
  const std::string shape_type = text_of(config.take("output_shape_type"));
  if (!shape_type.empty() && shape_type != "raw") config.take("output_shape");
  for (const char* key : {"module", "output_mask", "output_mask_type", "output_shape_module"}) config.take(key);
}

}  // namespace kcc
