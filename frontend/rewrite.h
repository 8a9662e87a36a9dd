// Tables by which the readers of old versions rename options. Rows are tried in order; the first that fits an option
// renames it.
#pragma once

#include <string>

#include "frontend/json.h"

namespace kcc {

struct Rename {
  const char* class_name;  // "*": every layer
  const char* from;
  const char* to;  // null: the option goes
};

template <size_t n>
void rename_options(json::Value& config, const std::string& class_name, const Rename (&rows)[n]) {
  for (size_t i = 0; i < config.members.size();) {
    json::Member& member = config.members[i];
    const Rename* found = nullptr;
    for (const Rename& row : rows)
      if (!found && member.key == row.from && (*row.class_name == '*' || class_name == row.class_name)) found = &row;
    if (found && !found->to) {
      config.members.erase(config.members.begin() + static_cast<int64_t>(i));
      continue;
    }
    if (found) member.key = found->to;
    ++i;
  }
}

struct ClassRename {
  const char* from;
  const char* to;
};

template <size_t n>
void rename_class(json::Value& layer, const ClassRename (&rows)[n]) {
  json::Value* class_name = layer.find("class_name");
  for (const ClassRename& row : rows) {
    if (!class_name || class_name->text != row.from) continue;
    class_name->text = row.to;
    return;
  }
}

}  // namespace kcc
