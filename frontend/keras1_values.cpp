#include "frontend/keras1_values.h"

#include <fmt/format.h>

namespace kcc {
namespace {

using json::Value;

Value object_of(const char* class_name, Value config, json::Mark mark) {
  Value object = json::object_value({}, mark);
  object.set("class_name", json::string_value(class_name, mark));
  object.set("config", std::move(config));
  return object;
}

// Keras 1 drew these from a whole normal distribution; later versions cut it at two deviations.
struct NormalFamily {
  const char* name;
  double scale;
  const char* mode;
};
constexpr NormalFamily kNormals[] = {
    {"glorot_normal", 1, "fan_avg"}, {"he_normal", 2, "fan_in"}, {"lecun_normal", 1, "fan_in"}};

void upgrade_initializer(Value& value, const Report& report) {
  const json::Mark mark = value.mark;
  for (const NormalFamily& row : kNormals) {
    if (value.text != row.name) continue;
    Value config = json::object_value({}, mark);
    config.set("scale", json::number_value(row.scale, mark));
    config.set("mode", json::string_value(row.mode, mark));
    config.set("distribution", json::string_value("untruncated_normal", mark));
    value = object_of("VarianceScaling", std::move(config), mark);
    return;
  }
  if (value.text == "orthogonal") {
    Value config = json::object_value({}, mark);
    config.set("gain", json::number_value(1.1, mark));
    value = object_of("Orthogonal", std::move(config), mark);
  } else if (value.text == "<lambda>") {
    report.error(mark, "an initializer is a Python function without a name, which the file does not hold",
                 "write an initializer's name instead, such as 'glorot_uniform': weights that are loaded replace it");
  }
}

// {"name": "L1L2Regularizer", "l1": 0.0, "l2": 0.01}
void upgrade_regularizer(Value& value, const Report& report) {
  const Value* name = value.find("name");
  if (!name || value.find("class_name")) return;
  const std::string& text = name->text;
  if (text != "WeightRegularizer" && text != "ActivityRegularizer" && text != "L1L2Regularizer")
    return report.error(value.mark, fmt::format("regularizer '{}' is not supported, expected L1, L2 or both", text));
  const json::Mark mark = value.mark;
  value.take("name");
  value = object_of("L1L2", value, mark);
}

struct Constraint {
  const char* name;
  const char* class_name;
};
constexpr Constraint kConstraints[] = {{"MaxNorm", "MaxNorm"},   {"maxnorm", "MaxNorm"},   {"NonNeg", "NonNeg"},
                                       {"nonneg", "NonNeg"},     {"UnitNorm", "UnitNorm"}, {"unitnorm", "UnitNorm"},
                                       {"unit_norm", "UnitNorm"}};

// {"name": "MaxNorm", "m": 2, "axis": 0}
void upgrade_constraint(Value& value, const Report& report) {
  const Value* name = value.find("name");
  if (!name || value.find("class_name")) return;
  for (const Constraint& row : kConstraints) {
    if (name->text != row.name) continue;
    const json::Mark mark = value.mark;
    value.take("name");
    value.rename("m", "max_value");
    value = object_of(row.class_name, value, mark);
    return;
  }
  report.error(value.mark,
               fmt::format("constraint '{}' is not supported, expected MaxNorm, NonNeg or UnitNorm", name->text));
}

}  // namespace

void upgrade_keras1_values(Value& config, const Report& report) {
  for (json::Member& member : config.members) {
    if (member.key.ends_with("_initializer")) upgrade_initializer(member.value, report);
    if (member.key.ends_with("_regularizer")) upgrade_regularizer(member.value, report);
    if (member.key.ends_with("_constraint")) upgrade_constraint(member.value, report);
  }
}

}  // namespace kcc
