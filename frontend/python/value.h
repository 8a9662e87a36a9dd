// Value: what an expression is while a function runs at compile time: a number, a list, a function, or a tensor, which
// is a node of the graph that the run appends to.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "compiler/ops/builder.h"
#include "frontend/python/syntax.h"

namespace kcc::python {

struct Value;
struct Scope;
struct Builtin;

struct None {};
struct Ellipsis {};

struct Tensor {
  ValueId id = -1;
};

// An extent that the batch decides: x.shape[0]. It is known only when the program runs.
struct Extent {
  Dim dim;
};

struct Items {
  std::vector<Value> values;
  bool inside = false;  // another sequence holds it: it may not change, so that no list ever holds itself
  int depth = 1;
  int64_t leaves = 0;
};

// A tuple or a list; lists are shared, as in Python.
struct Sequence {
  bool is_list = false;
  std::shared_ptr<Items> items;
};

struct Slice {
  std::shared_ptr<Items> parts;  // start, stop, step
};

// A function of the file with the scope around it. The interpreter owns the scopes.
struct Closure {
  const Function* function = nullptr;
  Scope* scope = nullptr;
  std::shared_ptr<std::vector<Value>> fallbacks;  // parallel to the parameters
};

// A function of the library, or with `self` a method of a value.
struct Native {
  const Builtin* function = nullptr;
  std::shared_ptr<Value> self;
};

struct Module {
  std::string path;  // "keras.ops"
};

struct TypeName {
  DType dtype = DType::kF32;
};

struct Value {
  std::variant<None, bool, int64_t, double, std::string, Ellipsis, Tensor, Extent, Sequence, Slice, Closure, Native,
               Module, TypeName>
      data;

  Value() = default;
  template <typename T>
  Value(T value) : data(std::move(value)) {}

  template <typename T>
  bool is() const {
    return std::holds_alternative<T>(data);
  }
  template <typename T>
  const T* get() const {
    return std::get_if<T>(&data);
  }

  bool is_none() const { return is<None>(); }
  bool is_number() const { return is<bool>() || is<int64_t>() || is<double>(); }
  bool is_callable() const { return is<Closure>() || is<Native>(); }
  double number() const;  // of a number
};

Value make_sequence(std::vector<Value> values, bool is_list);
Value make_tuple(std::vector<Value> values);
Value make_list(std::vector<Value> values);
// Of a sequence.
const std::vector<Value>& items_of(const Value& sequence);

// A tuple of numbers, and Extents where the batch decides.
Value shape_value(const Shape& shape);
// For messages: "a tensor (None, 3)", "the number 2", "a list".
std::string describe(const Value& value, const Graph& graph);

}  // namespace kcc::python
