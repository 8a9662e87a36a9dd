#include "frontend/python/interpreter.h"

#include <fmt/format.h>

#include "compiler/ops/shape.h"
#include "frontend/python/indexing.h"
#include "frontend/python/library.h"
#include "frontend/python/operators.h"
#include "frontend/python/tensors.h"

namespace kcc::python {

// Files of the guides' time use K, keras, np and tf without importing them.
Interpreter::Interpreter(Context& context) : c_(context) {
  Scope* known = new_scope(nullptr);
  for (const auto& [name, path] : {std::pair{"K", "keras.backend"},
                                   {"keras", "keras"},
                                   {"math", "math"},
                                   {"np", "np"},
                                   {"ops", "keras.ops"},
                                   {"tf", "tf"}})
    known->names[name] = Module{path};
  known->names["__name__"] = std::string("define");
  globals_ = new_scope(known);
  c_.call = [this](Mark mark, const Value& function, std::vector<Value> arguments) {
    return call(mark, function, std::move(arguments));
  };
}

Scope* Interpreter::new_scope(Scope* parent) {
  scopes_.push_back(std::make_unique<Scope>(Scope{parent}));
  return scopes_.back().get();
}

bool Interpreter::run(const Source& source) {
  c_.file = source.file;
  Frame frame{globals_, {}};
  return execute(source.body, frame) != Flow::kError;
}

const Value* Interpreter::find(const std::string& name) const {
  const auto at = globals_->names.find(name);
  return at == globals_->names.end() ? nullptr : &at->second;
}

Interpreter::Flow Interpreter::execute(const std::vector<Stmt>& body, Frame& frame) {
  for (const Stmt& s : body)
    if (const Flow flow = execute(s, frame); flow != Flow::kNext) return flow;
  return Flow::kNext;
}

Interpreter::Flow Interpreter::execute(const Stmt& s, Frame& frame) {
  if (!c_.spend(s.mark, 1)) return Flow::kError;
  const auto next_if = [](bool done) { return done ? Flow::kNext : Flow::kError; };
  switch (s.kind) {
    case StmtKind::kExpr:
      return next_if(evaluate(s.exprs[0], frame).has_value());
    case StmtKind::kReturn:
    case StmtKind::kAssign: {
      const Result value = evaluate(s.exprs.back(), frame);
      if (!value) return Flow::kError;
      if (s.kind == StmtKind::kReturn) {
        frame.result = *value;
        return Flow::kReturn;
      }
      for (size_t i = 0; i + 1 < s.exprs.size(); ++i)
        if (!assign(s.exprs[i], *value, frame)) return Flow::kError;
      return Flow::kNext;
    }
    case StmtKind::kAugmented:
      return augmented(s, frame);
    case StmtKind::kIf:
      return branch(s, frame);
    case StmtKind::kFor:
      return for_loop(s, frame);
    case StmtKind::kWhile:
      return while_loop(s, frame);
    case StmtKind::kBreak:
      return Flow::kBreak;
    case StmtKind::kContinue:
      return Flow::kContinue;
    case StmtKind::kPass:
      return Flow::kNext;
    case StmtKind::kAssert:
      return assertion(s, frame);
    case StmtKind::kRaise:
      c_.fail(s.mark, "the function raises an error here");
      return Flow::kError;
    case StmtKind::kDefine: {
      const Result closure = make_closure(s.function, frame);
      if (closure) frame.scope->names[s.function->name] = *closure;
      return next_if(closure.has_value());
    }
    case StmtKind::kImport:
      return import(s, frame);
  }
  return Flow::kError;
}

Interpreter::Flow Interpreter::branch(const Stmt& s, Frame& frame) {
  const Result condition = evaluate(s.exprs[0], frame);
  const auto holds = condition ? truth(c_, s.exprs[0].mark, *condition) : std::nullopt;
  if (!holds) return Flow::kError;
  return execute(*holds ? s.body : s.otherwise, frame);
}

Interpreter::Flow Interpreter::for_loop(const Stmt& s, Frame& frame) {
  const Result all = evaluate(s.exprs[1], frame);
  const auto items = all ? elements(s.exprs[1].mark, *all) : std::nullopt;
  if (!items) return Flow::kError;
  for (const Value& item : *items) {
    if (!assign(s.exprs[0], item, frame)) return Flow::kError;
    const Flow flow = execute(s.body, frame);
    if (flow == Flow::kBreak) break;
    if (flow == Flow::kReturn || flow == Flow::kError) return flow;
  }
  return Flow::kNext;
}

Interpreter::Flow Interpreter::while_loop(const Stmt& s, Frame& frame) {
  for (;;) {
    const Result condition = c_.spend(s.mark, 1) ? evaluate(s.exprs[0], frame) : std::nullopt;
    const auto holds = condition ? truth(c_, s.exprs[0].mark, *condition) : std::nullopt;
    if (!holds) return Flow::kError;
    if (!*holds) return Flow::kNext;
    const Flow flow = execute(s.body, frame);
    if (flow == Flow::kBreak) return Flow::kNext;
    if (flow == Flow::kReturn || flow == Flow::kError) return flow;
  }
}

// x op= y is x = x op y, but for lists, which grow in place.
Interpreter::Flow Interpreter::augmented(const Stmt& s, Frame& frame) {
  const Expr& target = s.exprs[0];
  if (target.kind != ExprKind::kName && target.kind != ExprKind::kSubscript) {
    c_.fail(target.mark, fmt::format("'{}=' assigns to one name or element", s.text));
    return Flow::kError;
  }
  const Result before = evaluate(target, frame);
  const Result change = before ? evaluate(s.exprs[1], frame) : std::nullopt;
  if (!change) return Flow::kError;
  const Sequence* list = before->get<Sequence>();
  if (list && list->is_list && s.text == "+") {
    const auto extend = find_method(*before, "extend");
    return call(s.mark, *extend, {*change}) ? Flow::kNext : Flow::kError;
  }
  const Result after = binary_operator(c_, s.mark, s.text, *before, *change);
  return after && assign(target, *after, frame) ? Flow::kNext : Flow::kError;
}

Interpreter::Flow Interpreter::assertion(const Stmt& s, Frame& frame) {
  const Result condition = evaluate(s.exprs[0], frame);
  const auto holds = condition ? truth(c_, s.exprs[0].mark, *condition) : std::nullopt;
  if (holds && *holds) return Flow::kNext;
  if (holds) c_.fail(s.mark, "the assertion does not hold");
  return Flow::kError;
}

// Modules that are not known are bound too: their use is the error, since many files import more than they need here.
Interpreter::Flow Interpreter::import(const Stmt& s, Frame& frame) {
  for (const Import& i : s.imports) {
    const std::string module = canonical_module(i.module);
    const auto known = i.member.empty() ? std::nullopt : find_member(module, i.member);
    const std::string path = i.member.empty() ? module : canonical_module(module + "." + i.member);
    frame.scope->names[i.name] = known ? *known : Value(Module{path});
  }
  return Flow::kNext;
}

bool Interpreter::assign(const Expr& target, const Value& value, Frame& frame) {
  if (target.kind == ExprKind::kName) {
    frame.scope->names[target.text] = value;
    return true;
  }
  if (target.kind == ExprKind::kSubscript) {
    const Result object = evaluate(target.parts[0], frame);
    const Result index = object ? evaluate(target.parts[1], frame) : std::nullopt;
    return index && assign_element(c_, target.mark, *object, *index, value);
  }
  const auto items = elements(target.mark, value);
  if (!items) return false;
  if (items->size() != target.parts.size()) {
    c_.fail(target.mark, fmt::format("{} values for {} names", items->size(), target.parts.size()));
    return false;
  }
  for (size_t i = 0; i < items->size(); ++i)
    if (!assign(target.parts[i], (*items)[i], frame)) return false;
  return true;
}

// What a loop walks over: a list, or a tensor along its first dimension.
std::optional<std::vector<Value>> Interpreter::elements(Mark mark, const Value& value) {
  if (value.is<Sequence>()) {
    if (!c_.spend(mark, static_cast<int64_t>(items_of(value).size()))) return std::nullopt;
    return items_of(value);
  }
  const Tensor* tensor = value.get<Tensor>();
  if (!tensor) return c_.fail(mark, fmt::format("{} has no elements to walk over", c_.describe(value)));
  const Shape shape = c_.b.shape(tensor->id);
  if (shape.empty() || shape[0].batched)
    return c_.fail(mark, "the samples of a batch cannot be walked over", "use functions over whole tensors");
  std::vector<Value> rows;
  for (int64_t i = 0; i < shape[0].size; ++i) {
    const Result row = c_.spend(mark, 2) ? subscript(c_, mark, value, i) : std::nullopt;
    if (!row) return std::nullopt;
    rows.push_back(*row);
  }
  return rows;
}

Result Interpreter::make_closure(const std::shared_ptr<Function>& function, Frame& frame) {
  Closure closure{function.get(), frame.scope, std::make_shared<std::vector<Value>>()};
  for (const Parameter& parameter : function->parameters) {
    const Result fallback = parameter.fallback ? evaluate(*parameter.fallback, frame) : Result(None{});
    if (!fallback) return std::nullopt;
    closure.fallbacks->push_back(*fallback);
  }
  return closure;
}

}  // namespace kcc::python
