#include "compiler/ir/verify.h"

#include <set>

#include "compiler/ir/scan.h"
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

void verify_types(const std::vector<Type>& got, const std::vector<Type>& wanted) {
  KCC_CHECK(got == wanted, "a loop's body that fits its operands");
}

void verify_body(const Graph& graph, const Node& scan) {
  const ScanLayout layout = layout_of(scan);
  const Graph& body = *scan.body;
  KCC_CHECK(layout.invariants >= 0 && layout.stacked >= 0, "enough operands and results");
  KCC_CHECK(body.writes.empty(), "a loop's body without states");
  std::vector<Type> seen, wanted, next, carries;
  for (const NamedType& input : body.inputs) seen.push_back(input.type);
  for (int64_t i = 0; i < static_cast<int64_t>(scan.inputs.size()); ++i) {
    const Type& type = graph[scan.inputs[static_cast<size_t>(i)]].type;
    const bool sliced = i >= layout.carries && i < layout.invariant(0);
    wanted.push_back(sliced ? step_type(type) : type);
  }
  verify_types(seen, wanted);
  for (int64_t i = 0; i < layout.carries; ++i) {
    next.push_back(body[body.outputs[static_cast<size_t>(i)].value].type);
    carries.push_back(wanted[static_cast<size_t>(i)]);
  }
  verify_types(next, carries);
  if (layout.mask >= 0) {
    const Type& mask = wanted[static_cast<size_t>(layout.sequence(layout.mask))];
    KCC_CHECK(mask.dtype == DType::kBool && mask.rank() == 1, "a mask, one a sample");
  }
  for (const Node& node : body.nodes)
    KCC_CHECK(node.op != OpKind::kState && node.op != OpKind::kRandomUniform && node.op != OpKind::kScan,
              "a loop's body without states, random numbers and loops");
}

// A stateful layer's memory of a fixed batch is (B, ...) in graphs and (n, ...) in the table.
bool is_state_type(const Type& type, const Type& state, int64_t fixed_batch) {
  if (type == state) return true;
  Type given = type;
  for (Dim& dim : given.shape)
    if (dim.batched) dim = {dim.size * fixed_batch, false};
  return fixed_batch > 0 && given == state;
}

}  // namespace

void verify(const Graph& graph, const Module& module) {
  for (ValueId id = 0; id < graph.size(); ++id) {
    verify_node(graph, id);
    const Node& node = graph[id];
    if (node.op == OpKind::kInput)
      KCC_CHECK(graph.inputs.at(static_cast<size_t>(node.attrs.integer("index"))).type == node.type, "an input's type");
    if (node.op == OpKind::kState) {
      const State& state = module.states.at(static_cast<size_t>(node.attrs.integer("index")));
      KCC_CHECK(is_state_type(node.type, state.type, module.fixed_batch), "a state's type");
    }
    if (node.op == OpKind::kScan) {
      verify_body(graph, node);
      verify(*node.body, module);
    }
    if (node.op == OpKind::kResult)
      KCC_CHECK(result_type(graph[node.inputs.at(0)], node.attrs.integer("index")) == node.type, "a loop's result");
  }
  for (const NamedValue& output : graph.outputs)
    KCC_CHECK(output.value >= 0 && output.value < graph.size(), "an output");
  std::set<StateId> written;
  for (const StateWrite& write : graph.writes) {
    KCC_CHECK(write.value >= 0 && write.value < graph.size(), "a state write");
    KCC_CHECK(written.insert(write.state).second, "a state written twice");
    const State& state = module.states.at(static_cast<size_t>(write.state));
    KCC_CHECK(is_state_type(graph[write.value].type, state.type, module.fixed_batch), "a written type");
  }
}

}  // namespace kcc
