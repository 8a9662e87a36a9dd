// What can be done with a JSON value once it is read: found, changed, made and shown.
#include <fmt/format.h>

#include "frontend/json.h"

namespace kcc::json {
namespace {

constexpr size_t kLongest = 60;

void write(const Value& value, std::string& text) {
  switch (value.kind) {
    case Kind::kNull:
      text += "null";
      break;
    case Kind::kBool:
      text += value.boolean ? "true" : "false";
      break;
    case Kind::kInteger:
      text += fmt::format("{}", value.integer);
      break;
    case Kind::kNumber:
      text += number_text(value.number);
      break;
    case Kind::kString:
      text += fmt::format("'{}'", value.text);
      break;
    case Kind::kArray:
      text += '[';
      for (size_t i = 0; i < value.items.size() && text.size() <= kLongest; ++i) {
        if (i > 0) text += ", ";
        write(value.items[i], text);
      }
      text += ']';
      break;
    case Kind::kObject:
      text += '{';
      for (size_t i = 0; i < value.members.size() && text.size() <= kLongest; ++i) {
        text += fmt::format("{}'{}': ", i > 0 ? ", " : "", value.members[i].key);
        write(value.members[i].value, text);
      }
      text += '}';
      break;
  }
}

}  // namespace

const Value* Value::find(const std::string& key) const {
  for (const Member& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

Value* Value::find(const std::string& key) {
  for (Member& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

void Value::set(const std::string& key, Value value) {
  const Mark mark = value.mark;
  if (Value* old = find(key))
    *old = std::move(value);
  else
    members.push_back({key, mark, std::move(value)});
}

bool Value::rename(const std::string& from, std::string to) {
  for (Member& member : members) {
    if (member.key != from) continue;
    member.key = std::move(to);
    return true;
  }
  return false;
}

std::optional<Value> Value::take(const std::string& key) {
  for (size_t i = 0; i < members.size(); ++i) {
    if (members[i].key != key) continue;
    Value value = std::move(members[i].value);
    members.erase(members.begin() + static_cast<int64_t>(i));
    return value;
  }
  return std::nullopt;
}

Value bool_value(bool boolean, Mark mark) {
  Value value;
  value.kind = Kind::kBool;
  value.mark = mark;
  value.boolean = boolean;
  return value;
}

Value integer_value(int64_t integer, Mark mark) {
  Value value;
  value.kind = Kind::kInteger;
  value.mark = mark;
  value.integer = integer;
  value.number = static_cast<double>(integer);
  return value;
}

Value number_value(double number, Mark mark) {
  Value value;
  value.kind = Kind::kNumber;
  value.mark = mark;
  value.number = number;
  return value;
}

Value string_value(std::string text, Mark mark) {
  Value value;
  value.kind = Kind::kString;
  value.mark = mark;
  value.text = std::move(text);
  return value;
}

Value array_value(std::vector<Value> items, Mark mark) {
  Value value;
  value.kind = Kind::kArray;
  value.mark = mark;
  value.items = std::move(items);
  return value;
}

Value object_value(std::vector<Member> members, Mark mark) {
  Value value;
  value.kind = Kind::kObject;
  value.mark = mark;
  value.members = std::move(members);
  return value;
}

std::string number_text(double number) {
  const std::string text = fmt::format("{}", number);
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

std::string to_text(const Value& value) {
  std::string text;
  write(value, text);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

}  // namespace kcc::json
