// Runs a function of --define on arrays: parse, build the graph, interpret it.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/shape.h"
#include "frontend/python/python.h"
#include "tests/support/interpreter.h"

namespace kcc::testing {

inline constexpr int64_t kBatch = 2;

struct PythonRun {
  std::vector<Array> results;
  std::string errors;
};

// Calls `f` of the source on inputs of the given types; random numbers are all 0.25.
inline PythonRun run_python(const std::string& source, const std::vector<Type>& types,
                            const std::vector<Array>& inputs) {
  PythonRun done;
  Diagnostics diagnostics;
  python::Program program;
  program.add(source, "f.py", diagnostics);
  Graph graph;
  Builder b{graph};
  std::vector<python::Argument> arguments;
  for (const Type& type : types) arguments.push_back({{input(b, "x", type)}});
  std::optional<python::Outcome> outcome;
  const auto random = [&](const Shape& shape, int64_t) { return broadcast_to(b, constant(b, 0.25), shape); };
  if (!diagnostics.has_errors()) outcome = python::call(program, "f", arguments, {b, diagnostics, "", false, random});
  done.errors = diagnostics.render(false);
  if (!outcome) return done;
  const Evaluation all = interpret(graph, kBatch, inputs);
  for (ValueId tensor : outcome->tensors) done.results.push_back(all.values[static_cast<size_t>(tensor)]);
  return done;
}

}  // namespace kcc::testing
