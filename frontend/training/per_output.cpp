#include "frontend/training/per_output.h"

#include <fmt/format.h>

#include <map>

namespace kcc {
namespace {

void add_leaves(const json::Value& value, std::vector<const json::Value*>& leaves) {
  if (value.is_array()) {
    for (const json::Value& item : value.items) add_leaves(item, leaves);
  } else if (is_by_name(value)) {
    std::map<std::string, const json::Value*> members;
    for (const json::Member& member : value.members) members[member.key] = &member.value;
    for (const auto& [key, member] : members) add_leaves(*member, leaves);
  } else {
    leaves.push_back(&value);
  }
}

}  // namespace

std::optional<size_t> find_output(const std::vector<std::string>& outputs, const std::string& name, json::Mark mark,
                                  const Report& report) {
  for (size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i] == name) return i;
  const std::string hint = did_you_mean(name, outputs);
  report.error(mark, fmt::format("there is no output '{}'", name),
               hint.empty() ? fmt::format("the outputs are: {}", fmt::join(outputs, ", ")) : hint);
  return std::nullopt;
}

bool is_by_name(const json::Value& value) {
  return value.is_object() && !named_object(value);
}

std::vector<const json::Value*> leaves_of(const json::Value& value) {
  std::vector<const json::Value*> leaves;
  add_leaves(value, leaves);
  return leaves;
}

}  // namespace kcc
