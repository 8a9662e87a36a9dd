#include "frontend/python/value.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/layer.h"

namespace kcc::python {

double Value::number() const {
  if (const bool* flag = get<bool>()) return *flag ? 1 : 0;
  if (const int64_t* integer = get<int64_t>()) return static_cast<double>(*integer);
  return *get<double>();
}

Value make_sequence(std::vector<Value> values, bool is_list) {
  auto items = std::make_shared<Items>();
  for (const Value& value : values) {
    const Sequence* inner = value.get<Sequence>();
    if (inner) inner->items->inside = true;
    items->depth = std::max(items->depth, inner ? inner->items->depth + 1 : 1);
    items->leaves += inner ? inner->items->leaves : 1;
  }
  items->values = std::move(values);
  return Sequence{is_list, std::move(items)};
}

Value make_tuple(std::vector<Value> values) {
  return make_sequence(std::move(values), false);
}
Value make_list(std::vector<Value> values) {
  return make_sequence(std::move(values), true);
}

const std::vector<Value>& items_of(const Value& sequence) {
  return sequence.get<Sequence>()->items->values;
}

Value shape_value(const Shape& shape) {
  std::vector<Value> extents;
  for (const Dim& dim : shape) extents.push_back(dim.batched ? Value(Extent{dim}) : Value(dim.size));
  return make_tuple(std::move(extents));
}

namespace {

struct Describe {
  const Graph& graph;

  std::string operator()(const None&) const { return "None"; }
  std::string operator()(bool flag) const { return flag ? "True" : "False"; }
  std::string operator()(int64_t number) const { return fmt::format("the number {}", number); }
  std::string operator()(double number) const { return fmt::format("the number {}", number); }
  std::string operator()(const std::string& text) const { return fmt::format("the string '{}'", text.substr(0, 40)); }
  std::string operator()(const Ellipsis&) const { return "'...'"; }
  std::string operator()(const Tensor& t) const {
    return fmt::format("a tensor {}", keras_shape(graph[t.id].type.shape));
  }
  std::string operator()(const Extent&) const { return "the size of the batch"; }
  std::string operator()(const Sequence& s) const {
    return fmt::format("a {} of {}", s.is_list ? "list" : "tuple", s.items->values.size());
  }
  std::string operator()(const Slice&) const { return "a slice"; }
  std::string operator()(const Closure& c) const { return fmt::format("the function '{}'", c.function->name); }
  std::string operator()(const Native&) const { return "a function"; }
  std::string operator()(const Module& module) const { return fmt::format("the module '{}'", module.path); }
  std::string operator()(const TypeName&) const { return "a dtype"; }
};

}  // namespace

std::string describe(const Value& value, const Graph& graph) {
  return std::visit(Describe{graph}, value.data);
}

}  // namespace kcc::python
