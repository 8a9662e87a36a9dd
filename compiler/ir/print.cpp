#include "compiler/ir/print.h"

#include <fmt/format.h>

#include "compiler/ops/op.h"

namespace kcc {
namespace {

std::string text_of(const Attr& attr) {
  if (const auto* i = std::get_if<int64_t>(&attr)) return fmt::format("{}", *i);
  if (const auto* d = std::get_if<double>(&attr)) return fmt::format("{:.17g}f", *d);
  if (const auto* s = std::get_if<std::string>(&attr)) return fmt::format("'{}'", *s);
  if (const auto* list = std::get_if<std::vector<int64_t>>(&attr)) return fmt::format("[{}]", fmt::join(*list, ", "));
  return to_string(std::get<Shape>(attr));
}

std::string text_of(const Attrs& attrs) {
  if (attrs.items().empty()) return "";
  std::string text;
  for (const auto& [key, value] : attrs.items())
    text += fmt::format("{}{}: {}", text.empty() ? " {" : ", ", key, text_of(value));
  return text + "}";
}

std::string print(const Graph& graph, const Module* module, const std::string& indent);

std::string line_of(const Graph& graph, ValueId id) {
  const Node& node = graph[id];
  std::string operands;
  for (ValueId input : node.inputs) operands += fmt::format("{}%{}", operands.empty() ? " " : ", ", input);
  return fmt::format("  %{} = {}{}{} : {}", id, info(node.op).name, operands, text_of(node.attrs),
                     to_string(node.type));
}

std::string comment_of(const Node& node, const Module& module) {
  if (node.op == OpKind::kState) return module.states[static_cast<size_t>(node.attrs.integer("index"))].name;
  return node.origin < 0 ? "" : module.origins[static_cast<size_t>(node.origin)].layer;
}

std::string print(const Graph& graph, const Module* module, const std::string& indent) {
  std::string inputs;
  for (const NamedType& input : graph.inputs)
    inputs += fmt::format("{}{}: {}", inputs.empty() ? "" : ", ", input.name, to_string(input.type));
  std::string text = fmt::format("{}graph {}({}) {{\n", indent, graph.name, inputs);
  for (ValueId id = 0; id < graph.size(); ++id) {
    std::string line = indent + line_of(graph, id);
    std::string comment = module ? comment_of(graph[id], *module) : "";
    text += comment.empty() ? line + "\n" : fmt::format("{:<76}  # {}\n", line, comment);
    if (graph[id].body) text += print(*graph[id].body, module, indent + "    ");
  }
  for (const NamedValue& output : graph.outputs)
    text += fmt::format("{}  output {} = %{}\n", indent, output.name, output.value);
  for (const StateWrite& write : graph.writes) {
    text += fmt::format("  write {} = %{}", write.state, write.value);
    text += module ? fmt::format("  # {}\n", module->states[static_cast<size_t>(write.state)].name) : "\n";
  }
  return text + indent + "}\n";
}

}  // namespace

std::string to_string(const Graph& graph) {
  return print(graph, nullptr, "");
}
std::string to_string(const Graph& graph, const Module& module) {
  return print(graph, &module, "");
}

std::string states_to_string(const Module& module) {
  static constexpr const char* kRoles[] = {"weight", "statistic", "slot", "optimizer",
                                           "metric", "random",    "step", "memory"};
  std::string text = "states {\n";
  for (size_t i = 0; i < module.states.size(); ++i) {
    const State& state = module.states[i];
    text +=
        fmt::format("  {} = {} {} : {}\n", i, kRoles[static_cast<int>(state.role)], state.name, to_string(state.type));
  }
  return text + "}\n";
}

}  // namespace kcc
