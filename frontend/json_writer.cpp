// A value as JSON text, as json.dumps of Python writes it but for the spaces.
#include <fmt/format.h>

#include <cmath>

#include "frontend/json.h"

namespace kcc::json {
namespace {

void write_string(const std::string& text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  out += '"';
}

// Python takes the names of what JSON has no numbers for.
std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return number_text(value);
}

void write(const Value& value, std::string& out) {
  switch (value.kind) {
    case Kind::kNull:
      out += "null";
      break;
    case Kind::kBool:
      out += value.boolean ? "true" : "false";
      break;
    case Kind::kInteger:
      out += fmt::format("{}", value.integer);
      break;
    case Kind::kNumber:
      out += number(value.number);
      break;
    case Kind::kString:
      write_string(value.text, out);
      break;
    case Kind::kArray:
      out += '[';
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) out += ',';
        write(value.items[i], out);
      }
      out += ']';
      break;
    case Kind::kObject:
      out += '{';
      for (size_t i = 0; i < value.members.size(); ++i) {
        if (i > 0) out += ',';
        write_string(value.members[i].key, out);
        out += ':';
        write(value.members[i].value, out);
      }
      out += '}';
      break;
  }
}

}  // namespace

std::string to_json(const Value& value) {
  std::string text;
  write(value, text);
  return text;
}

}  // namespace kcc::json
