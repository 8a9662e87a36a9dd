#include "frontend/tensor_references.h"

#include <fmt/format.h>

#include <algorithm>

namespace kcc {
namespace {

using json::Kind;
using json::Value;

// "name" alone, or [name, call, output], maybe with an object of keyword arguments behind.
bool is_reference(const Value& value) {
  const auto& items = value.items;
  if (!value.is_array() || items.empty() || items.size() > 4 || !items[0].is_string()) return false;
  for (size_t i = 1; i < items.size(); ++i)
    if (items[i].kind != (i < 3 ? Kind::kInteger : Kind::kObject)) return false;
  return true;
}

const Value* history_of(const Value& value) {
  const Value* class_name = value.find("class_name");
  if (!class_name || class_name->text != "__keras_tensor__") return nullptr;
  const Value* config = value.find("config");
  return config ? config->find("keras_history") : nullptr;
}

bool all_null(const Value& value) {
  return value.is_null() || (value.is_array() && std::all_of(value.items.begin(), value.items.end(), all_null));
}

class CallReader {
 public:
  explicit CallReader(const Report& report) : report_(report) {}

  std::optional<TensorSpec> reference(const Value& value) const {
    if (value.is_string()) return TensorSpec{value.text, 0, 0, value.mark};
    if (!is_reference(value)) return wrong(value, "a layer's name or [name, call, output]");
    TensorSpec tensor{value.items[0].text, 0, 0, value.mark};
    if (value.items.size() > 1) tensor.call = value.items[1].integer;
    if (value.items.size() > 2) tensor.output = value.items[2].integer;
    return tensor;
  }

  CallSpec call(const Value& node) const {
    CallSpec call;
    call.mark = node.mark;
    if (!node.is_object()) {
      call.inputs = read_references(node, report_);
      listed_keywords(node, call);
      return call;
    }
    const Value* args = node.find("args");
    if (!args) report_.error(node.mark, "a call without 'args'");
    if (args) arguments(*args, call);
    const Value* kwargs = node.find("kwargs");
    for (const json::Member& member : kwargs ? kwargs->members : std::vector<json::Member>{}) keyword(member, call);
    return call;
  }

  CallSpec operation_call(const Value& node) const {
    CallSpec call;
    call.mark = node.mark;
    if (const Value* args = node.find("args")) tensors_among(*args, call.inputs);
    return call;
  }

  std::nullopt_t wrong(const Value& value, const std::string& expected) const {
    report_.error(value.mark, fmt::format("found {}, expected {}", json::to_text(value), expected));
    return std::nullopt;
  }

 private:
  void arguments(const Value& value, CallSpec& call) const {
    const Value* class_name = value.find("class_name");
    if (class_name && class_name->text == "__keras_tensor__") return tensor(value, call.inputs);
    if (!value.is_array()) {
      wrong(value, "a tensor as an argument of a layer's call");
      return;
    }
    for (const Value& item : value.items) arguments(item, call);
  }

  void tensor(const Value& value, std::vector<TensorSpec>& tensors) const {
    const Value* history = history_of(value);
    if (!history) return report_.error(value.mark, "a tensor without 'keras_history'");
    if (const auto found = reference(*history)) tensors.push_back(*found);
  }

  void tensors_among(const Value& value, std::vector<TensorSpec>& tensors) const {
    if (history_of(value)) return tensor(value, tensors);
    for (const Value& item : value.items) tensors_among(item, tensors);
  }

  // Keras 2 writes a call's keyword arguments behind its tensors; behind each of several, the same ones.
  void listed_keywords(const Value& node, CallSpec& call) const {
    const Value* last = is_reference(node) ? &node : node.items.empty() ? nullptr : &node.items[0];
    if (!last || last->items.size() != 4) return;
    for (const json::Member& member : last->items[3].members) keyword(member, call);
  }

  // A call's own "training" says nothing: Keras 3 replaces it by the mode of fit, evaluate or predict.
  void keyword(const json::Member& member, CallSpec& call) const {
    if (all_null(member.value) || (member.key == "training" && member.value.kind == Kind::kBool)) return;
    std::vector<TensorSpec> tensors;
    if (keyword_tensors(member.value, tensors)) {
      call.by_name[member.key] = std::move(tensors);
      return;
    }
    report_.error(member.mark, fmt::format("the call's argument '{}' = {} is not supported yet", member.key,
                                           json::to_text(member.value)));
  }

  // False where the value is not made of tensors alone.
  bool keyword_tensors(const Value& value, std::vector<TensorSpec>& tensors) const {
    const Value* history = history_of(value);
    const Value& triple = history ? *history : value;
    if (is_reference(triple) && triple.items.size() > 1) {
      if (const auto found = reference(triple)) tensors.push_back(*found);
      return true;
    }
    if (!value.is_array() || value.items.empty()) return false;
    return std::all_of(value.items.begin(), value.items.end(),
                       [&](const Value& item) { return keyword_tensors(item, tensors); });
  }

  const Report& report_;
};

}  // namespace

std::vector<TensorSpec> read_references(const Value& value, const Report& report) {
  const CallReader reader(report);
  std::vector<const Value*> items;
  std::vector<const json::Member*> members;
  for (const json::Member& member : value.members) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
  if (value.is_string() || is_reference(value))
    items.push_back(&value);
  else
    for (const Value& item : value.items) items.push_back(&item);
  for (const json::Member* member : members) items.push_back(&member->value);
  std::vector<TensorSpec> tensors;
  for (const Value* item : items)
    if (const auto tensor = reader.reference(*item)) tensors.push_back(*tensor);
  return tensors;
}

std::vector<CallSpec> read_operation_calls(const Value& nodes, const Report& report) {
  const CallReader reader(report);
  if (nodes.items.size() == 1) return {reader.operation_call(nodes.items[0])};
  report.error(nodes.mark, fmt::format("an operation that is called {} times, expected once", nodes.items.size()));
  return {};
}

std::vector<CallSpec> read_calls(const Value& nodes, const Report& report) {
  const CallReader reader(report);
  if (!nodes.is_array()) {
    reader.wrong(nodes, "a list of calls");
    return {};
  }
  const auto is_string = [](const Value& item) { return item.is_string(); };
  if (!nodes.items.empty() && std::all_of(nodes.items.begin(), nodes.items.end(), is_string))
    return {reader.call(nodes)};
  std::vector<CallSpec> calls;
  for (const Value& node : nodes.items) calls.push_back(reader.call(node));
  return calls;
}

}  // namespace kcc
