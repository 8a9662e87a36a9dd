// Context: what a run of a function shares: the graph it appends to, its errors, and a budget, because a --define file
// must neither hang nor crash the compiler.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "frontend/python/python.h"
#include "frontend/python/value.h"

namespace kcc::python {

// Empty after an error.
using Result = std::optional<Value>;

struct Context {
  Builder& b;
  const Run& run;
  std::string file = {};           // of the function that runs
  int64_t budget = 300000;         // of steps; a node of the graph costs several
  ValueId nodes = b.graph.size();  // that are paid for
  int depth = 0;                   // of the interpreter's recursion
  bool failed = false;
  // Calls a function value with arguments by position.
  std::function<Result(Mark, const Value& function, std::vector<Value> arguments)> call = nullptr;

  // Only the first error of a run is told: the others follow from it.
  std::nullopt_t fail(Mark mark, std::string message, std::string hint = "");
  // Pays for some steps and for the nodes made since the last time. False after reporting that the run takes too long.
  bool spend(Mark mark, int64_t cost);
  // A list or tuple, unless it grew too large.
  Result sequence(Mark mark, std::vector<Value> values, bool is_list);
  std::string describe(const Value& value) const { return python::describe(value, b.graph); }
};

}  // namespace kcc::python
