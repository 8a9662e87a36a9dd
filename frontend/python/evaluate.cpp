// Expressions and calls.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/python/indexing.h"
#include "frontend/python/interpreter.h"
#include "frontend/python/library.h"
#include "frontend/python/operators.h"

namespace kcc::python {
namespace {

// Of expressions inside expressions and calls inside calls: the machine's stack is finite.
constexpr int kMostDepth = 400;

}  // namespace

Result Interpreter::evaluate(const Expr& e, Frame& frame) {
  if (!c_.spend(e.mark, 1)) return std::nullopt;
  if (++c_.depth > kMostDepth) c_.fail(e.mark, "calls are nested too deep", "recursion without an end?");
  const Result result = c_.failed ? std::nullopt : evaluate_node(e, frame);
  --c_.depth;
  return result;
}

Result Interpreter::evaluate_node(const Expr& e, Frame& frame) {
  switch (e.kind) {
    case ExprKind::kNone:
      return Value(None{});
    case ExprKind::kEllipsis:
      return Value(Ellipsis{});
    case ExprKind::kBool:
      return e.integer != 0;
    case ExprKind::kInteger:
      return e.integer;
    case ExprKind::kFloat:
      return e.number;
    case ExprKind::kString:
    case ExprKind::kFormatted:  // messages only: what it would hold is not filled in
      return e.text;
    case ExprKind::kName:
      return name(e, frame);
    case ExprKind::kTuple:
    case ExprKind::kList: {
      auto items = evaluate_all(e.parts, frame);
      return items ? c_.sequence(e.mark, std::move(*items), e.kind == ExprKind::kList) : std::nullopt;
    }
    case ExprKind::kComprehension:
      return comprehension(e, frame);
    case ExprKind::kUnary: {
      const Result operand = evaluate(e.parts[0], frame);
      return operand ? unary_operator(c_, e.mark, e.text, *operand) : std::nullopt;
    }
    case ExprKind::kBinary: {
      const Result left = evaluate(e.parts[0], frame);
      const Result right = left ? evaluate(e.parts[1], frame) : std::nullopt;
      return right ? binary_operator(c_, e.mark, e.text, *left, *right) : std::nullopt;
    }
    case ExprKind::kBoolean:
      return boolean(e, frame);
    case ExprKind::kCompare:
      return comparison(e, frame);
    case ExprKind::kConditional: {
      const Result condition = evaluate(e.parts[0], frame);
      const auto holds = condition ? truth(c_, e.parts[0].mark, *condition) : std::nullopt;
      return holds ? evaluate(e.parts[*holds ? 1 : 2], frame) : std::nullopt;
    }
    case ExprKind::kLambda:
      return make_closure(e.function, frame);
    case ExprKind::kCall:
      return call_expression(e, frame);
    case ExprKind::kAttribute:
      return attribute(e, frame);
    case ExprKind::kSubscript: {
      const Result object = evaluate(e.parts[0], frame);
      const Result index = object ? evaluate(e.parts[1], frame) : std::nullopt;
      return index ? subscript(c_, e.mark, *object, *index) : std::nullopt;
    }
    case ExprKind::kSlice: {
      auto parts = evaluate_all(e.parts, frame);
      if (!parts) return std::nullopt;
      return Value(Slice{make_tuple(std::move(*parts)).get<Sequence>()->items});
    }
  }
  return std::nullopt;
}

std::optional<std::vector<Value>> Interpreter::evaluate_all(const std::vector<Expr>& parts, Frame& frame) {
  std::vector<Value> values;
  for (const Expr& part : parts) {
    const Result value = evaluate(part, frame);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

Result Interpreter::name(const Expr& e, Frame& frame) {
  std::vector<std::string> names;
  for (const Scope* scope = frame.scope; scope; scope = scope->parent) {
    const auto at = scope->names.find(e.text);
    if (at != scope->names.end()) return at->second;
    for (const auto& [known, value] : scope->names) names.push_back(known);
  }
  if (const auto builtin = find_member("builtins", e.text)) return *builtin;
  const std::string near = did_you_mean(e.text, names);
  return c_.fail(e.mark, fmt::format("the name '{}' is not defined", e.text),
                 near.empty() ? member_hint("builtins", e.text) : near);
}

Result Interpreter::attribute(const Expr& e, Frame& frame) {
  const Result object = evaluate(e.parts[0], frame);
  if (!object) return std::nullopt;
  if (const Module* module = object->get<Module>()) return member(e.mark, module->path, e.text);
  if (const Tensor* tensor = object->get<Tensor>()) {
    const Type& type = c_.b.type(tensor->id);
    if (e.text == "shape") return shape_value(type.shape);
    if (e.text == "ndim") return type.rank();
    if (e.text == "dtype") return Value(TypeName{type.dtype});
    if (e.text == "T") return call(e.mark, *find_method(*object, "transpose"), {});
  }
  if (object->is<Sequence>() && (e.text == "rank" || e.text == "ndims"))
    return static_cast<int64_t>(items_of(*object).size());
  if (const auto method = find_method(*object, e.text)) return *method;
  return c_.fail(e.mark, fmt::format("{} has no '{}' that kcc knows", c_.describe(*object), e.text),
                 method_hint(*object, e.text));
}

Result Interpreter::member(Mark mark, const std::string& module, const std::string& name) {
  if (const auto found = find_member(module, name)) return *found;
  // Importing a module is no use of it, and neither is naming one inside it.
  return c_.fail(mark, fmt::format("{} has no '{}' that kcc knows", module, name), member_hint(module, name));
}

Result Interpreter::boolean(const Expr& e, Frame& frame) {
  const Result left = evaluate(e.parts[0], frame);
  if (left && left->is<Tensor>())
    return c_.fail(e.mark, fmt::format("'{}' between tensors is not known before the program runs", e.text),
                   "write & or | and put comparisons in parentheses");
  const auto holds = left ? truth(c_, e.parts[0].mark, *left) : std::nullopt;
  if (!holds) return std::nullopt;
  return *holds == (e.text == "and") ? evaluate(e.parts[1], frame) : left;
}

// a < b < c is a < b and b < c.
Result Interpreter::comparison(const Expr& e, Frame& frame) {
  Result left = evaluate(e.parts[0], frame), result;
  for (size_t i = 0; i < e.names.size() && left; ++i) {
    const Result right = evaluate(e.parts[i + 1], frame);
    result = right ? compare(c_, e.mark, e.names[i], *left, *right) : std::nullopt;
    if (!result || i + 1 == e.names.size()) return result;
    const auto holds = truth(c_, e.mark, *result);
    if (!holds) return std::nullopt;
    if (!*holds) return result;
    left = right;
  }
  return std::nullopt;
}

Result Interpreter::comprehension(const Expr& e, Frame& frame) {
  const Result all = evaluate(e.parts[2], frame);
  const auto items = all ? elements(e.parts[2].mark, *all) : std::nullopt;
  if (!items) return std::nullopt;
  Frame inner{new_scope(frame.scope), {}};
  std::vector<Value> values;
  for (const Value& item : *items) {
    if (!assign(e.parts[1], item, inner)) return std::nullopt;
    bool wanted = true;
    for (size_t i = 3; i < e.parts.size() && wanted; ++i) {
      const Result condition = evaluate(e.parts[i], inner);
      const auto holds = condition ? truth(c_, e.parts[i].mark, *condition) : std::nullopt;
      if (!holds) return std::nullopt;
      wanted = *holds;
    }
    if (!wanted) continue;
    const Result value = evaluate(e.parts[0], inner);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return c_.sequence(e.mark, std::move(values), true);
}

Result Interpreter::call_expression(const Expr& e, Frame& frame) {
  const Result callee = evaluate(e.parts[0], frame);
  if (!callee) return std::nullopt;
  std::vector<Value> by_position;
  std::vector<std::pair<std::string, Value>> by_name;
  for (size_t i = 0; i < e.names.size(); ++i) {
    const Result value = evaluate(e.parts[i + 1], frame);
    if (!value) return std::nullopt;
    if (e.names[i] == "*") {
      const auto items = elements(e.parts[i + 1].mark, *value);
      if (!items) return std::nullopt;
      by_position.insert(by_position.end(), items->begin(), items->end());
    } else if (e.names[i].empty()) {
      by_position.push_back(*value);
    } else {
      by_name.emplace_back(e.names[i], *value);
    }
  }
  return call(e.mark, *callee, std::move(by_position), by_name);
}

Result Interpreter::call(Mark mark, const Value& callee, std::vector<Value> by_position,
                         const std::vector<std::pair<std::string, Value>>& by_name) {
  if (const Closure* closure = callee.get<Closure>())
    return call_closure(mark, *closure, std::move(by_position), by_name);
  if (const Native* native = callee.get<Native>())
    return call_builtin(c_, mark, *native, std::move(by_position), by_name);
  if (const TypeName* type = callee.get<TypeName>(); type && by_position.size() == 1 && by_name.empty()) {
    const auto cast = find_member("keras.backend", "cast");
    return call(mark, *cast, {by_position[0], *type});
  }
  return c_.fail(mark, fmt::format("{} cannot be called", c_.describe(callee)));
}

Result Interpreter::call_closure(Mark mark, const Closure& closure, std::vector<Value> by_position,
                                 const std::vector<std::pair<std::string, Value>>& by_name) {
  Frame frame{new_scope(closure.scope), {}};
  if (!bind(mark, closure, std::move(by_position), by_name, *frame.scope)) return std::nullopt;
  const std::string caller = std::exchange(c_.file, closure.function->file);
  c_.depth += 2;
  const Flow flow = execute(closure.function->body, frame);
  c_.depth -= 2;
  c_.file = caller;
  if (flow == Flow::kError) return std::nullopt;
  return frame.result;
}

bool Interpreter::bind(Mark mark, const Closure& closure, std::vector<Value> by_position,
                       const std::vector<std::pair<std::string, Value>>& by_name, Scope& scope) {
  const Function& function = *closure.function;
  const std::vector<Parameter>& parameters = function.parameters;
  const auto wrong = [&](std::string message) {
    c_.fail(mark, fmt::format("{}: {}", function.name, message));
    return false;
  };
  const auto positional = static_cast<size_t>(
      std::count_if(parameters.begin(), parameters.end(), [](const Parameter& p) { return !p.keyword_only; }));
  if (by_position.size() > positional)
    return wrong(fmt::format("{} arguments, expected {}", by_position.size(), positional));
  for (size_t i = 0; i < by_position.size(); ++i) scope.names[parameters[i].name] = by_position[i];
  for (const auto& [name, value] : by_name) {
    const auto same = [&, &key = name](const Parameter& p) { return p.name == key; };
    if (std::none_of(parameters.begin(), parameters.end(), same))
      return wrong(fmt::format("unknown argument '{}'", name));
    if (!scope.names.emplace(name, value).second) return wrong(fmt::format("two values for '{}'", name));
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (scope.names.count(parameters[i].name) != 0) continue;
    if (!parameters[i].fallback) return wrong(fmt::format("no argument '{}'", parameters[i].name));
    scope.names[parameters[i].name] = (*closure.fallbacks)[i];
  }
  return true;
}

}  // namespace kcc::python
