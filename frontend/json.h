// JSON with places: every value knows the line and column where it starts, so that a message about a model can
// point into its file. Bytes -> json::Value -> the readers of each Keras version.
// Own parser because the libraries' event interfaces tell where a value ends, not where it starts. Accepts NaN,
// Infinity and -Infinity, which Python writes; refuses duplicate keys, trailing text and unreasonable depth.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/support/diagnostics.h"

namespace kcc::json {

// Counted from 1; 0 where a value was not read from a file.
struct Mark {
  int line = 0;
  int column = 0;
};

enum class Kind { kNull, kBool, kInteger, kNumber, kString, kArray, kObject };

struct Member;

struct Value {
  Kind kind = Kind::kNull;
  Mark mark;
  bool boolean = false;
  int64_t integer = 0;
  double number = 0;  // of integers too
  std::string text;
  std::vector<Value> items;
  std::vector<Member> members;  // in the file's order

  bool is_null() const { return kind == Kind::kNull; }
  bool is_number() const { return kind == Kind::kInteger || kind == Kind::kNumber; }
  bool is_string() const { return kind == Kind::kString; }
  bool is_array() const { return kind == Kind::kArray; }
  bool is_object() const { return kind == Kind::kObject; }

  // The member's value, or null if this is no object or has no such member.
  const Value* find(const std::string& key) const;
  Value* find(const std::string& key);

  // For the readers of older versions, which rewrite objects in place.
  void set(const std::string& key, Value value);         // replaces or appends; the mark is the value's
  bool rename(const std::string& from, std::string to);  // false where there is no such member
  std::optional<Value> take(const std::string& key);     // out of the object
};

struct Member {
  std::string key;
  Mark mark;
  Value value;
};

Value bool_value(bool value, Mark mark = {});
Value integer_value(int64_t value, Mark mark = {});
Value number_value(double value, Mark mark = {});
Value string_value(std::string text, Mark mark = {});
Value array_value(std::vector<Value> items, Mark mark = {});
Value object_value(std::vector<Member> members, Mark mark = {});

// Empty after an error.
std::optional<Value> parse(const std::string& text, const std::string& file, Diagnostics& diagnostics);

// For messages: 'relu', 3, [3, 3], {...}; long values are cut.
std::string to_text(const Value& value);

// As Python writes it: 2.0 is not 2.
std::string number_text(double number);

// For files: parse(to_json(value)) is the value again.
std::string to_json(const Value& value);

}  // namespace kcc::json
