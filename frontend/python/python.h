// --define: functions in a small subset of Python, for Lambda layers, losses, metrics and activations. A file is
// parsed once; each use runs a function at compile time over graph values, and what it does to tensors becomes
// operations of the graph. So gradients, fusion and everything else come as for any layer. docs/define.md describes
// the language to users.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/ops/builder.h"
#include "compiler/support/diagnostics.h"
#include "frontend/json.h"

namespace kcc::python {

struct Source;

// The functions of all --define files, by name.
class Program {
 public:
  // False after reporting what is wrong with the file. Later definitions of a name replace earlier ones.
  bool add(const std::string& text, const std::string& file, Diagnostics& diagnostics);

  bool has(const std::string& name) const;
  std::vector<std::string> names() const;
  // Whether the function, or one that it calls, names something of which `test` holds.
  bool mentions(const std::string& function, const std::function<bool(const std::string&)>& test) const;
  const std::vector<std::shared_ptr<const Source>>& sources() const { return sources_; }

 private:
  std::vector<std::shared_ptr<const Source>> sources_;
};

// One run of a function: where its operations go, what it may ask for, and where its errors are told.
struct Run {
  Builder& b;
  Diagnostics& diagnostics;
  std::string layer;  // that runs the function, for messages; may be ""
  bool training = false;
  // Uniform in [0, 1); a seed of -1 is the run's. Null where nothing random may be.
  std::function<ValueId(const Shape&, int64_t seed)> random = nullptr;
};

// A tensor, a list of tensors, or a constant of the model file.
struct Argument {
  std::vector<ValueId> tensors = {};
  bool is_list = false;
  const json::Value* constant = nullptr;
  std::string name = {};  // "": given by position
  bool optional = false;  // left out where the function has no such parameter
};

struct Outcome {
  std::vector<ValueId> tensors;  // f32, i32 or bool
  bool is_list = false;
};

// Empty after reporting an error at its place in the Python file. `factory_arguments`: the function is called with
// them first, and what it returns is then called: focal(gamma=2) of a file that has `def focal(gamma): ... return f`.
std::optional<Outcome> call(const Program& functions, const std::string& function,
                            const std::vector<Argument>& arguments, const Run& run,
                            const std::vector<Argument>& factory_arguments = {});

}  // namespace kcc::python
