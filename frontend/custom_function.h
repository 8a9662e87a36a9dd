// CustomFunction: a function of --define as layers, losses, metrics and activations use it: tried out on operands of
// the types to come, whose mistakes are then told, and run in the graph later. Config -> CustomFunction -> operations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "frontend/config_reader.h"
#include "frontend/environment.h"
#include "frontend/python/python.h"

namespace kcc {

class CustomFunction {
 public:
  // Runs in the builder's graph. Empty after reporting.
  std::optional<python::Outcome> run(Builder& b, const std::vector<python::Argument>& arguments, bool training = false,
                                     const std::function<ValueId(const Shape&, int64_t)>& random = nullptr) const;
  // The types that it gives for operands of these types; empty after reporting. `operands` of one argument may be a
  // list; other arguments follow them.
  struct Trial {
    std::vector<Type> types;
    bool is_list = false;
  };
  std::optional<Trial> try_out(const std::vector<Type>& operands, bool as_list,
                               const std::vector<python::Argument>& others, bool training, bool is_random) const;
  // The same with each operand an argument of its own, for a function of one result.
  std::optional<Type> try_out(const std::vector<Type>& operands) const;
  // One result on such operands, as f32; zeros of the shape after reporting, which ends the compilation.
  ValueId apply(Builder& b, const std::vector<ValueId>& operands, const Shape& otherwise) const;

  const std::string& name() const { return name_; }
  // "the function 'f' " and the message, at the layer.
  void error(const std::string& message) const;
  // Whether its labels are class numbers: it calls a sparse crossentropy.
  bool wants_class_indices() const;

 private:
  friend std::optional<CustomFunction> find_function(const std::string&, const json::Value*, const Environment&,
                                                     const Report&);
  const python::Program* program_ = nullptr;
  std::string name_;
  Report report_;
  json::Value factory_ = {};  // the options of "focal(gamma=2)", which makes the function

  CustomFunction(const python::Program* program, std::string name, const Report& report, json::Value factory)
      : program_(program), name_(std::move(name)), report_(report), factory_(std::move(factory)) {}
  std::vector<python::Argument> factory_arguments() const;
};

// Empty, without a report, where --define has no such function. `options` are arguments of the command line's spelling,
// such as those of "focal(gamma=2)", or null.
std::optional<CustomFunction> find_function(const std::string& name, const json::Value* options,
                                            const Environment& environment, const Report& report);
// "pass --define FILE.py that has `def NAME(x): ...`", with a near name where --define has one.
std::string define_hint(const std::string& name, const std::string& parameters, const Environment& environment);

}  // namespace kcc
