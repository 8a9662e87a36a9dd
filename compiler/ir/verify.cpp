#include "compiler/ir/verify.h"

#include <set>

#include "compiler/ops/op.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

void verify_node(const Graph& graph, ValueId id) {
  const Node& node = graph[id];
  std::vector<Type> operands;
  for (ValueId input : node.inputs) {
    KCC_CHECK(input >= 0 && input < id, "an operand that comes after its user");
    operands.push_back(graph[input].type);
  }
  KCC_CHECK(info(node.op).infer(operands, node.attrs) == node.type, "a type that its operation does not give");
}

}  // namespace

void verify(const Graph& graph, const Module& module) {
  for (ValueId id = 0; id < graph.size(); ++id) {
    verify_node(graph, id);
    const Node& node = graph[id];
    if (node.op == OpKind::kInput)
      KCC_CHECK(graph.inputs.at(static_cast<size_t>(node.attrs.integer("index"))).type == node.type, "an input's type");
    if (node.op == OpKind::kState)
      KCC_CHECK(module.states.at(static_cast<size_t>(node.attrs.integer("index"))).type == node.type, "a state's type");
  }
  for (const NamedValue& output : graph.outputs)
    KCC_CHECK(output.value >= 0 && output.value < graph.size(), "an output");
  std::set<StateId> written;
  for (const StateWrite& write : graph.writes) {
    KCC_CHECK(write.value >= 0 && write.value < graph.size(), "a state write");
    KCC_CHECK(written.insert(write.state).second, "a state written twice");
    KCC_CHECK(module.states.at(static_cast<size_t>(write.state)).type == graph[write.value].type, "a written type");
  }
}

}  // namespace kcc
