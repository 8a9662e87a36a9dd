// Attrs: the parameters of an operation that are known at compile time, by name, in a stable order so that they
// print the same everywhere.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "compiler/ir/type.h"

namespace kcc {

using Attr = std::variant<int64_t, double, std::string, std::vector<int64_t>, Shape>;

class Attrs {
 public:
  Attrs() = default;
  Attrs(std::initializer_list<std::pair<const std::string, Attr>> items) : items_(items) {}

  bool has(const std::string& key) const { return items_.count(key) != 0; }
  void set(const std::string& key, Attr value) { items_[key] = std::move(value); }
  // Each aborts if the key is missing or of another type: operations are built by our own code.
  int64_t integer(const std::string& key) const;
  double number(const std::string& key) const;
  const std::string& text(const std::string& key) const;
  const std::vector<int64_t>& integers(const std::string& key) const;
  const Shape& shape(const std::string& key) const;

  const std::map<std::string, Attr>& items() const { return items_; }
  bool operator==(const Attrs&) const = default;

 private:
  std::map<std::string, Attr> items_;
};

}  // namespace kcc
