// A call of Python literals, as Keras code has it: "EarlyStopping(monitor='val_loss', patience=2)". Between the
// command line and Arguments; nothing is evaluated.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/files/result.h"

namespace kcc::runtime {

struct PythonNone {};

struct PythonLambda {
  std::vector<std::string> parameters;
  std::string body;  // an expression, unparsed
};

struct PythonValue {
  std::variant<PythonNone, bool, int64_t, double, std::string, std::vector<PythonValue>, PythonLambda> content;
};

// An argument that a callback asked for.
struct TakenArgument {
  std::string name;
  PythonValue fallback;
  bool required = false;
};

struct PythonCall {
  std::string name;  // of "keras.callbacks.EarlyStopping" the last part
  std::vector<PythonValue> positional;
  std::vector<std::pair<std::string, PythonValue>> keywords;
  std::vector<TakenArgument>* taken = nullptr;  // where Arguments note what is asked for; null but for `kcc ops`
};

// A name alone is a call without arguments.
Result<PythonCall> parse_python_call(const std::string& text);

// An unsigned number at text[*at], which moves past it: int or float by Python's rules. False where none is there.
bool scan_python_number(const std::string& text, size_t* at, PythonValue* value);

std::string python_repr(const PythonValue& value);

}  // namespace kcc::runtime
