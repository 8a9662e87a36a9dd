// Interpreter: runs a syntax tree at compile time. if and for choose and repeat while the graph is built, so their
// conditions and extents must be known; what happens to tensors becomes operations.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "frontend/python/context.h"

namespace kcc::python {

struct Scope {
  Scope* parent = nullptr;  // where names that are not here are looked up
  std::map<std::string, Value> names = {};
};

class Interpreter {
 public:
  explicit Interpreter(Context& context);

  // Runs a file's statements, which bind the names of its functions. False after an error.
  bool run(const Source& source);
  // What a name is bound to by the files.
  const Value* find(const std::string& name) const;
  Result call(Mark mark, const Value& callee, std::vector<Value> by_position,
              const std::vector<std::pair<std::string, Value>>& by_name = {});

 private:
  enum class Flow { kNext, kReturn, kBreak, kContinue, kError };
  struct Frame {
    Scope* scope = nullptr;
    Value result;  // of return
  };

  Scope* new_scope(Scope* parent);

  // statements
  Flow execute(const std::vector<Stmt>& body, Frame& frame);
  Flow execute(const Stmt& s, Frame& frame);
  Flow branch(const Stmt& s, Frame& frame);
  Flow for_loop(const Stmt& s, Frame& frame);
  Flow while_loop(const Stmt& s, Frame& frame);
  Flow augmented(const Stmt& s, Frame& frame);
  Flow assertion(const Stmt& s, Frame& frame);
  Flow import(const Stmt& s, Frame& frame);
  bool assign(const Expr& target, const Value& value, Frame& frame);
  std::optional<std::vector<Value>> elements(Mark mark, const Value& value);
  Result make_closure(const std::shared_ptr<Function>& function, Frame& frame);

  // expressions (evaluate.cpp)
  Result evaluate(const Expr& e, Frame& frame);
  Result evaluate_node(const Expr& e, Frame& frame);
  std::optional<std::vector<Value>> evaluate_all(const std::vector<Expr>& parts, Frame& frame);
  Result name(const Expr& e, Frame& frame);
  Result attribute(const Expr& e, Frame& frame);
  Result member(Mark mark, const std::string& module, const std::string& name);
  Result boolean(const Expr& e, Frame& frame);
  Result comparison(const Expr& e, Frame& frame);
  Result comprehension(const Expr& e, Frame& frame);
  Result call_expression(const Expr& e, Frame& frame);
  Result call_closure(Mark mark, const Closure& closure, std::vector<Value> by_position,
                      const std::vector<std::pair<std::string, Value>>& by_name);
  bool bind(Mark mark, const Closure& closure, std::vector<Value> by_position,
            const std::vector<std::pair<std::string, Value>>& by_name, Scope& scope);

  Context& c_;
  std::vector<std::unique_ptr<Scope>> scopes_;
  Scope* globals_;
};

}  // namespace kcc::python
