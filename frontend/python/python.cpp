#include "frontend/python/python.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/ops/elementwise.h"
#include "frontend/python/interpreter.h"
#include "frontend/python/parser.h"
#include "frontend/python/tensors.h"

namespace kcc::python {
namespace {

// ---- what a file says, without running it

// A statement at the top of a file that binds a function's name: the statement's function or value.
struct Definition {
  std::string name;
  const Stmt* statement = nullptr;
};

std::vector<Definition> definitions(const std::vector<std::shared_ptr<const Source>>& sources) {
  std::vector<Definition> found;
  for (const auto& source : sources)
    for (const Stmt& s : source->body) {
      if (s.kind == StmtKind::kDefine) found.push_back({s.function->name, &s});
      if (s.kind == StmtKind::kAssign && s.exprs[0].kind == ExprKind::kName) found.push_back({s.exprs[0].text, &s});
    }
  return found;
}

// Every name and attribute inside.
void collect(const std::vector<Stmt>& body, std::set<std::string>& names);

void collect(const Expr& e, std::set<std::string>& names) {
  if (e.kind == ExprKind::kName || e.kind == ExprKind::kAttribute) names.insert(e.text);
  for (const Expr& part : e.parts) collect(part, names);
  if (e.function) collect(e.function->body, names);
}

void collect(const std::vector<Stmt>& body, std::set<std::string>& names) {
  for (const Stmt& s : body) {
    for (const Expr& e : s.exprs) collect(e, names);
    collect(s.body, names);
    collect(s.otherwise, names);
    if (s.function) collect(s.function->body, names);
  }
}

// ---- values from and to the frontend

std::optional<Value> from_json(Context& c, const json::Value& value, int depth = 0) {
  switch (value.kind) {
    case json::Kind::kNull:
      return Value(None{});
    case json::Kind::kBool:
      return Value(value.boolean);
    case json::Kind::kInteger:
      return Value(value.integer);
    case json::Kind::kNumber:
      return Value(value.number);
    case json::Kind::kString:
      return Value(value.text);
    case json::Kind::kArray: {
      std::vector<Value> items;
      for (const json::Value& item : value.items) {
        const auto element = depth < 8 ? from_json(c, item, depth + 1) : std::nullopt;
        if (!element) return std::nullopt;
        items.push_back(*element);
      }
      return c.sequence({}, std::move(items), true);
    }
    case json::Kind::kObject:
      break;
  }
  // Keras 3 writes tuples so.
  const json::Value* class_name = value.find("class_name");
  const json::Value* items = value.find("items");
  if (!class_name || class_name->text != "__tuple__" || !items) return std::nullopt;
  const auto list = from_json(c, *items, depth + 1);
  if (!list || !list->is<Sequence>()) return std::nullopt;
  return make_tuple(items_of(*list));
}

std::optional<Value> value_of(Context& c, const Argument& argument, const std::string& function) {
  if (argument.constant) {
    if (const auto value = from_json(c, *argument.constant)) return value;
    return c.fail({}, fmt::format("the argument '{}' of '{}' is {}, expected numbers, strings or lists", argument.name,
                                  function, json::to_text(*argument.constant)));
  }
  std::vector<Value> tensors;
  for (ValueId tensor : argument.tensors) tensors.push_back(Tensor{tensor});
  if (argument.is_list) return make_list(std::move(tensors));
  return tensors.empty() ? Value(None{}) : tensors[0];
}

bool accepts(const Value& callee, const std::string& name) {
  const Closure* closure = callee.get<Closure>();
  if (!closure) return false;
  for (const Parameter& parameter : closure->function->parameters)
    if (parameter.name == name) return true;
  return false;
}

Result call_with(Interpreter& interpreter, Context& c, Mark mark, const Value& callee, const std::string& function,
                 const std::vector<Argument>& arguments) {
  std::vector<Value> by_position;
  std::vector<std::pair<std::string, Value>> by_name;
  for (const Argument& argument : arguments) {
    if (argument.optional && !accepts(callee, argument.name)) continue;
    const auto value = value_of(c, argument, function);
    if (!value) return std::nullopt;
    if (argument.name.empty())
      by_position.push_back(*value);
    else
      by_name.emplace_back(argument.name, *value);
  }
  return interpreter.call(mark, callee, std::move(by_position), by_name);
}

std::optional<Outcome> outcome_of(Context& c, Mark mark, const Value& value, const std::string& function) {
  Outcome outcome;
  const Sequence* sequence = value.get<Sequence>();
  outcome.is_list = sequence && std::any_of(sequence->items->values.begin(), sequence->items->values.end(),
                                            [](const Value& v) { return v.is<Tensor>() || v.is<Sequence>(); });
  const std::vector<Value> parts = outcome.is_list ? items_of(value) : std::vector<Value>{value};
  if (value.is_none())
    return c.fail(mark, fmt::format("the function '{}' returns nothing", function), "end it with return");
  for (const Value& part : parts) {
    const auto tensor = part.is_number() ? to_float(c, mark, part) : to_tensor(c, mark, part);
    if (!tensor) return std::nullopt;
    outcome.tensors.push_back(*tensor);
  }
  return outcome;
}

}  // namespace

bool Program::add(const std::string& text, const std::string& file, Diagnostics& diagnostics) {
  auto source = parse_source(text, file, diagnostics);
  if (!source) return false;
  sources_.push_back(std::make_shared<const Source>(std::move(*source)));
  return true;
}

std::vector<std::string> Program::names() const {
  std::vector<std::string> names;
  for (const Definition& definition : definitions(sources_)) names.push_back(definition.name);
  return names;
}

bool Program::has(const std::string& name) const {
  const std::vector<std::string> all = names();
  return std::find(all.begin(), all.end(), name) != all.end();
}

bool Program::mentions(const std::string& function, const std::function<bool(const std::string&)>& test) const {
  const std::vector<Definition> all = definitions(sources_);
  std::set<std::string> seen;
  std::vector<std::string> open{function};
  while (!open.empty()) {
    const std::string name = open.back();
    open.pop_back();
    if (!seen.insert(name).second) continue;
    if (test(name)) return true;
    for (const Definition& definition : all) {
      if (definition.name != name) continue;
      std::set<std::string> names;
      for (const Expr& e : definition.statement->exprs) collect(e, names);
      if (definition.statement->function) collect(definition.statement->function->body, names);
      open.insert(open.end(), names.begin(), names.end());
    }
  }
  return false;
}

std::optional<Outcome> call(const Program& functions, const std::string& function,
                            const std::vector<Argument>& arguments, const Run& run,
                            const std::vector<Argument>& factory_arguments) {
  Context c{run.b, run};
  Interpreter interpreter(c);
  for (const auto& source : functions.sources())
    if (!interpreter.run(*source)) return std::nullopt;
  const Value* found = interpreter.find(function);
  if (!found || !found->is_callable())
    return c.fail({}, fmt::format("'{}' is no function", function), did_you_mean(function, functions.names()));
  Value callee = *found;
  Mark mark;
  if (const Closure* closure = callee.get<Closure>()) {
    mark = closure->function->mark;
    c.file = closure->function->file;
  }
  if (!factory_arguments.empty()) {
    const Result made = call_with(interpreter, c, mark, callee, function, factory_arguments);
    if (!made) return std::nullopt;
    if (!made->is_callable()) return c.fail(mark, fmt::format("'{}' does not return a function", function));
    callee = *made;
  }
  const Result result = call_with(interpreter, c, mark, callee, function, arguments);
  return result ? outcome_of(c, mark, *result, function) : std::nullopt;
}

}  // namespace kcc::python
