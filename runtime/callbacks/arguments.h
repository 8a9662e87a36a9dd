// Arguments: a call's arguments taken by a callback in Keras's order, which is also that of positional ones. A callback
// takes every one it knows into a variable that holds the default, then asks whether all was well:
//   Arguments arguments(call);
//   arguments.take("monitor", &monitor).take("patience", &patience);
//   if (Status status = arguments.finish(); !status) return status.error();
#pragma once

#include <optional>

#include "runtime/callbacks/python_call.h"

namespace kcc::runtime {

class Arguments {
 public:
  explicit Arguments(const PythonCall& call) : call_(call) {}

  Arguments& take(const char* name, bool* value);
  Arguments& take(const char* name, int64_t* value);
  Arguments& take(const char* name, double* value);
  Arguments& take(const char* name, std::string* value);
  Arguments& take(const char* name, std::optional<double>* value);  // None: empty
  Arguments& take(const char* name, PythonValue* value);            // whatever it is

  // Without a default.
  template <typename T>
  Arguments& require(const char* name, T* value) {
    if (find(name) == nullptr) note_missing(name);
    take(name, value);
    if (call_.taken) call_.taken->back().required = true;
    return *this;
  }

  // The first thing that was wrong: an unknown name, one too many, a value of another type.
  Status finish();

 private:
  const PythonValue* find(const char* name) const;  // of the argument that is next to be taken
  const PythonValue* next(const char* name, PythonValue fallback);
  void note_missing(const char* name);
  void note_type(const char* name, const char* expected, const PythonValue& seen);
  void note(Error error);

  const PythonCall& call_;
  std::vector<std::string> taken_;
  Status status_;
};

}  // namespace kcc::runtime
