// The library: what functions of --define may call, by module and name, with the signatures that Keras, TensorFlow,
// NumPy and Python give them. Each family of functions has a table in library/.
#pragma once

#include "frontend/python/context.h"

namespace kcc::python {

class Call;

// Sets of modules, since most functions live in several.
enum ModuleSet : unsigned {
  kPython = 1 << 0,
  kBackend = 1 << 1,  // keras.backend
  kOps = 1 << 2,      // keras.ops
  kTf = 1 << 3,
  kMath = 1 << 4,  // tf.math and tf.linalg
  kNn = 1 << 5,    // tf.nn
  kNp = 1 << 6,
  kPyMath = 1 << 7,
  kActivations = 1 << 8,  // keras.activations
  kLosses = 1 << 9,       // keras.losses and keras.metrics
  kRandom = 1 << 10,      // keras.random
  kTfRandom = 1 << 11,
  kMethod = 1 << 12,    // of a tensor; the first parameter is the tensor
  kSequence = 1 << 13,  // methods of lists and shapes
};

struct Builtin {
  unsigned modules;
  const char* name;
  // "x|input, axis=None, *rest": other names of a parameter after '|', '*' for all that follow by position.
  const char* signature;
  Result (*run)(Call&);
};

// One call of a library function: its arguments in the signature's order.
class Call {
 public:
  Call(Context& context, Mark place, const Builtin& f) : c(context), b(context.b), mark(place), function(f) {}

  Context& c;
  Builder& b;
  const Mark mark;
  const Builtin& function;
  std::vector<Value> arguments;

  // Puts arguments into the signature's order and fills in what is left out. False after reporting.
  bool bind(std::vector<Value> by_position, const std::vector<std::pair<std::string, Value>>& by_name);

  const Value& operator[](size_t i) const { return arguments[i]; }
  bool none(size_t i) const { return arguments[i].is_none(); }
  // Each is empty after reporting that the argument is of another kind.
  std::optional<ValueId> tensor(size_t i);
  std::optional<ValueId> floats(size_t i);  // the tensor as f32
  std::optional<int64_t> integer(size_t i);
  std::optional<double> number(size_t i);
  std::optional<bool> flag(size_t i);
  std::optional<std::string> text(size_t i);
  std::optional<std::vector<Value>> sequence(size_t i);
  std::optional<std::vector<ValueId>> tensors(size_t i);  // of a sequence
  std::optional<std::vector<int64_t>> integers(size_t i);
  // An axis of something of that rank, from 0 on.
  std::optional<size_t> axis(size_t i, size_t rank);
  // None: all; sorted.
  std::optional<std::vector<int64_t>> axes(size_t i, size_t rank);
  std::optional<DType> dtype(size_t i, DType fallback);

  std::nullopt_t fail(const std::string& message, const std::string& hint = "") const;

 private:
  std::nullopt_t unlike(size_t i, const char* expected) const;
  std::string parameter(size_t i) const;
};

// The function or constant `name` of a module, as a value. Empty, without a report, if there is none.
std::optional<Value> find_member(const std::string& module, const std::string& name);
// The same for an attribute of a tensor or list: a method, bound to it.
std::optional<Value> find_method(const Value& object, const std::string& name);
// For a message: near names, or where else the name is known.
std::string member_hint(const std::string& module, const std::string& name);
std::string method_hint(const Value& object, const std::string& name);
// "keras.backend" for "tensorflow.keras.backend", "jax.numpy" and so on; the path itself for others.
std::string canonical_module(const std::string& path);
bool is_known_module(const std::string& path);

Result call_builtin(Context& c, Mark mark, const Native& function, std::vector<Value> by_position,
                    const std::vector<std::pair<std::string, Value>>& by_name);

// Every function with where it is known: modules, and "a tensor" or "a list" for methods. Sorted by name.
struct LibraryFunction {
  std::string name;
  std::string signature;
  std::vector<std::string> modules;
};
std::vector<LibraryFunction> library_functions();

// The families' tables.
std::vector<Builtin> activation_functions();
std::vector<Builtin> creation_functions();
std::vector<Builtin> elementwise_functions();
std::vector<Builtin> joining_functions();
std::vector<Builtin> loss_functions();
std::vector<Builtin> product_functions();
std::vector<Builtin> python_functions();
std::vector<Builtin> random_functions();
std::vector<Builtin> reduction_functions();
std::vector<Builtin> shape_functions();

}  // namespace kcc::python
