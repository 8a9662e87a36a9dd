// Call: binds arguments to a signature and reads them.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "compiler/ops/elementwise.h"
#include "frontend/layer.h"
#include "frontend/python/library.h"
#include "frontend/python/tensors.h"

namespace kcc::python {
namespace {

struct Formal {
  std::vector<std::string> names;  // the first is the usual one
  std::optional<Value> fallback;
  bool takes_rest = false;

  bool called(const std::string& name) const { return std::find(names.begin(), names.end(), name) != names.end(); }
};

Value literal(const std::string& text) {
  if (text == "None") return None{};
  if (text == "True" || text == "False") return text == "True";
  if (text[0] == '\'') return text.substr(1, text.size() - 2);
  const char *begin = text.data(), *end = begin + text.size();
  if (text.find_first_of(".e") == std::string::npos) {
    int64_t integer = 0;
    std::from_chars(begin, end, integer);
    return integer;
  }
  double number = 0;
  std::from_chars(begin, end, number);
  return number;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

std::vector<Formal> formals_of(const Builtin& function) {
  std::vector<Formal> formals;
  for (std::string text : split(function.signature, ',')) {
    text.erase(0, text.find_first_not_of(' '));
    Formal formal;
    formal.takes_rest = text[0] == '*';
    const size_t equals = text.find('=');
    if (equals != std::string::npos) formal.fallback = literal(text.substr(equals + 1));
    formal.names = split(text.substr(formal.takes_rest, equals - formal.takes_rest), '|');
    formals.push_back(std::move(formal));
  }
  return formals;
}

}  // namespace

std::nullopt_t Call::fail(const std::string& message, const std::string& hint) const {
  return c.fail(mark, fmt::format("{}: {}", function.name, message), hint);
}

std::string Call::parameter(size_t i) const {
  return formals_of(function)[i].names[0];
}

std::nullopt_t Call::unlike(size_t i, const char* expected) const {
  return fail(fmt::format("'{}' is {}, expected {}", parameter(i), c.describe(arguments[i]), expected));
}

bool Call::bind(std::vector<Value> by_position, const std::vector<std::pair<std::string, Value>>& by_name) {
  const std::vector<Formal> formals = formals_of(function);
  std::vector<std::optional<Value>> bound(formals.size());
  const bool takes_rest = !formals.empty() && formals.back().takes_rest;
  const size_t places = formals.size() - takes_rest;
  if (by_position.size() > places && !takes_rest) {
    fail(fmt::format("{} arguments, expected ({})", by_position.size(), function.signature));
    return false;
  }
  for (size_t i = 0; i < std::min(places, by_position.size()); ++i) bound[i] = std::move(by_position[i]);
  if (takes_rest) {
    std::vector<Value> rest;
    for (size_t i = places; i < by_position.size(); ++i) rest.push_back(std::move(by_position[i]));
    bound.back() = make_tuple(std::move(rest));
  }
  for (const auto& [name, value] : by_name) {
    const auto at = std::find_if(formals.begin(), formals.end(), [&](const Formal& f) { return f.called(name); });
    if (name == "name" && at == formals.end()) continue;  // names of operations say nothing
    const size_t i = static_cast<size_t>(at - formals.begin());
    if (at == formals.end() || at->takes_rest || bound[i]) {
      fail(fmt::format("{} '{}', expected ({})", at == formals.end() ? "unknown argument" : "a second value for", name,
                       function.signature));
      return false;
    }
    bound[i] = value;
  }
  for (size_t i = 0; i < formals.size(); ++i) {
    if (!bound[i]) bound[i] = formals[i].fallback;
    if (!bound[i]) {
      fail(fmt::format("no argument '{}', expected ({})", formals[i].names[0], function.signature));
      return false;
    }
    arguments.push_back(std::move(*bound[i]));
  }
  return true;
}

std::optional<ValueId> Call::tensor(size_t i) {
  return to_tensor(c, mark, arguments[i]);
}

std::optional<ValueId> Call::floats(size_t i) {
  return to_float(c, mark, arguments[i]);
}

std::optional<int64_t> Call::integer(size_t i) {
  const double* number = arguments[i].get<double>();
  if (const int64_t* integer = arguments[i].get<int64_t>()) return *integer;
  if (number && *number == std::floor(*number) && std::abs(*number) < 1e15) return static_cast<int64_t>(*number);
  if (arguments[i].is<Extent>()) return fail(fmt::format("'{}' depends on the size of the batch", parameter(i)));
  return unlike(i, "a whole number");
}

std::optional<double> Call::number(size_t i) {
  if (arguments[i].is_number()) return arguments[i].number();
  return unlike(i, "a number known before the program runs");
}

std::optional<bool> Call::flag(size_t i) {
  if (arguments[i].is_number()) return arguments[i].number() != 0;
  return unlike(i, "True or False");
}

std::optional<std::string> Call::text(size_t i) {
  if (const std::string* text = arguments[i].get<std::string>()) return *text;
  return unlike(i, "a string");
}

std::optional<std::vector<Value>> Call::sequence(size_t i) {
  if (!arguments[i].is<Sequence>()) return unlike(i, "a list");
  const std::vector<Value>& items = items_of(arguments[i]);
  if (!c.spend(mark, static_cast<int64_t>(items.size()))) return std::nullopt;
  return items;
}

std::optional<std::vector<ValueId>> Call::tensors(size_t i) {
  const auto items = sequence(i);
  if (!items) return std::nullopt;
  if (items->empty()) return unlike(i, "a list of tensors");
  std::vector<ValueId> tensors;
  for (const Value& item : *items) {
    const auto tensor = to_tensor(c, mark, item);
    if (!tensor) return std::nullopt;
    tensors.push_back(*tensor);
  }
  return tensors;
}

std::optional<std::vector<int64_t>> Call::integers(size_t i) {
  if (const int64_t* one = arguments[i].get<int64_t>()) return std::vector<int64_t>{*one};
  const auto items = sequence(i);
  if (!items) return std::nullopt;
  std::vector<int64_t> integers;
  for (const Value& item : *items) {
    const int64_t* integer = item.get<int64_t>();
    if (!integer) return unlike(i, "whole numbers");
    integers.push_back(*integer);
  }
  return integers;
}

std::optional<size_t> Call::axis(size_t i, size_t rank) {
  const auto given = integer(i);
  if (!given) return std::nullopt;
  if (const auto at = positive_axis(*given, rank)) return static_cast<size_t>(*at);
  return fail(fmt::format("'{}' is {}, which a tensor of rank {} does not have", parameter(i), *given, rank));
}

std::optional<std::vector<int64_t>> Call::axes(size_t i, size_t rank) {
  std::vector<int64_t> axes;
  if (none(i)) {
    for (size_t axis = 0; axis < rank; ++axis) axes.push_back(static_cast<int64_t>(axis));
    return axes;
  }
  const auto given = integers(i);
  if (!given) return std::nullopt;
  for (int64_t axis : *given) {
    const auto at = positive_axis(axis, rank);
    if (!at) return fail(fmt::format("'{}' has {}, which a tensor of rank {} does not have", parameter(i), axis, rank));
    axes.push_back(*at);
  }
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) return unlike(i, "axes that differ");
  return axes;
}

std::optional<DType> Call::dtype(size_t i, DType fallback) {
  if (none(i)) return fallback;
  if (const TypeName* type = arguments[i].get<TypeName>()) return type->dtype;
  const std::string* name = arguments[i].get<std::string>();
  if (!name) return unlike(i, "a dtype");
  if (*name == "float32" || *name == "float") return DType::kF32;
  if (*name == "int32" || *name == "int64" || *name == "int") return DType::kI32;
  if (*name == "bool") return DType::kBool;
  return fail(fmt::format("dtype '{}' is not supported, expected 'float32', 'int32' or 'bool'", *name));
}

}  // namespace kcc::python
