#include "frontend/custom_classes.h"

#include <fmt/format.h>

#include <set>

namespace kcc {
namespace {

// A custom class may have the name of one of Keras's own; its module tells. A module is compared, never imported.
bool is_custom(const json::Value& object) {
  const json::Value *module = object.find("module"), *class_name = object.find("class_name");
  if (!module || !module->is_string() || !class_name) return false;
  if (class_name->text == "function" || class_name->text == "__lambda__") return false;
  const std::string first = module->text.substr(0, module->text.find('.'));
  return first != "keras" && first != "tensorflow" && first != "tf_keras";
}

}  // namespace

void refuse_custom_classes(const json::Value& value, const Report& report) {
  static const std::set<std::string> kInside = {"backward_layer", "cell", "cells", "forward_layer", "layer", "layers"};
  if (is_custom(value))
    report.error(value.find("module")->mark,
                 fmt::format("class '{}' of module '{}' is a custom class, which a model file cannot describe",
                             value.find("class_name")->text, value.find("module")->text));
  for (const json::Value& item : value.items) refuse_custom_classes(item, report);
  for (const json::Member& member : value.members)
    if (!kInside.count(member.key)) refuse_custom_classes(member.value, report);
}

}  // namespace kcc
