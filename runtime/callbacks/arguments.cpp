#include "runtime/callbacks/arguments.h"

#include <algorithm>
#include <cmath>

#include "runtime/format.h"
#include "runtime/nearest.h"

namespace kcc::runtime {
namespace {

// Python's bool is an int, and Keras compares counts with whatever number it got.
std::optional<double> number_in(const PythonValue& value) {
  if (const bool* flag = std::get_if<bool>(&value.content)) return *flag ? 1.0 : 0.0;
  if (const int64_t* integer = std::get_if<int64_t>(&value.content)) return static_cast<double>(*integer);
  if (const double* number = std::get_if<double>(&value.content)) return *number;
  return std::nullopt;
}

std::optional<int64_t> integer_in(const PythonValue& value) {
  if (const int64_t* integer = std::get_if<int64_t>(&value.content)) return *integer;
  const std::optional<double> number = number_in(value);
  if (!number || *number != std::floor(*number) || std::fabs(*number) > 1e15) return std::nullopt;
  return static_cast<int64_t>(*number);
}

}  // namespace

void Arguments::note(Error error) {
  if (status_) status_ = std::move(error);
}

void Arguments::note_missing(const char* name) {
  note(make_error("%s needs '%s'", call_.name.c_str(), name));
}

void Arguments::note_type(const char* name, const char* expected, const PythonValue& seen) {
  note(make_error("%s: %s: expected %s, received %s", call_.name.c_str(), name, expected, python_repr(seen).c_str()));
}

const PythonValue* Arguments::find(const char* name) const {
  if (taken_.size() < call_.positional.size()) return &call_.positional[taken_.size()];
  for (const auto& [keyword, value] : call_.keywords) {
    if (keyword == name) return &value;
  }
  return nullptr;
}

const PythonValue* Arguments::next(const char* name, PythonValue fallback) {
  const PythonValue* value = find(name);
  if (call_.taken) call_.taken->push_back({name, std::move(fallback)});
  taken_.push_back(name);
  return value;
}

Arguments& Arguments::take(const char* name, bool* value) {
  if (const PythonValue* seen = next(name, {*value})) {
    if (const std::optional<double> number = number_in(*seen))
      *value = *number != 0;
    else
      note_type(name, "True or False", *seen);
  }
  return *this;
}

Arguments& Arguments::take(const char* name, int64_t* value) {
  if (const PythonValue* seen = next(name, {*value})) {
    if (const std::optional<int64_t> integer = integer_in(*seen))
      *value = *integer;
    else
      note_type(name, "a whole number", *seen);
  }
  return *this;
}

Arguments& Arguments::take(const char* name, double* value) {
  if (const PythonValue* seen = next(name, {*value})) {
    if (const std::optional<double> number = number_in(*seen))
      *value = *number;
    else
      note_type(name, "a number", *seen);
  }
  return *this;
}

Arguments& Arguments::take(const char* name, std::string* value) {
  if (const PythonValue* seen = next(name, {*value})) {
    if (const std::string* text = std::get_if<std::string>(&seen->content))
      *value = *text;
    else
      note_type(name, "a string", *seen);
  }
  return *this;
}

Arguments& Arguments::take(const char* name, std::optional<double>* value) {
  if (const PythonValue* seen = next(name, *value ? PythonValue{**value} : PythonValue{})) {
    *value = number_in(*seen);
    if (!*value && !std::holds_alternative<PythonNone>(seen->content)) note_type(name, "a number or None", *seen);
  }
  return *this;
}

Arguments& Arguments::take(const char* name, PythonValue* value) {
  if (const PythonValue* seen = next(name, *value)) *value = *seen;
  return *this;
}

Status Arguments::finish() {
  const std::string known = taken_.empty() ? "" : ", which takes " + join(taken_, ", ");
  for (const auto& [keyword, value] : call_.keywords) {
    const auto place = std::find(taken_.begin(), taken_.end(), keyword);
    if (place == taken_.end()) {
      const std::string hint = did_you_mean(keyword, taken_);
      return make_error("unknown argument '%s' of %s%s", keyword.c_str(), call_.name.c_str(),
                        hint.empty() ? known.c_str() : hint.c_str());
    }
    if (static_cast<size_t>(place - taken_.begin()) < call_.positional.size()) {
      return make_error("%s: '%s' is given twice, by place and by name", call_.name.c_str(), keyword.c_str());
    }
  }
  if (call_.positional.size() > taken_.size()) {
    return make_error("%s takes at most %zu arguments, received %zu", call_.name.c_str(), taken_.size(),
                      call_.positional.size());
  }
  return status_;
}

}  // namespace kcc::runtime
