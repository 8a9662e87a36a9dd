// OpInfo: everything that passes may know about an operation. Passes ask for rules and categories, never for names.
// To add an operation: its kind in ir/graph.h, its row in its family's file here, its kernel in codegen/kernels.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compiler/ops/builder.h"

namespace kcc {

enum class OpCategory {
  kLeaf,         // no operands
  kElementwise,  // result element i depends on element i of each operand; equal shapes
  kMovement,     // result element i is one element of an operand
  kReduction,    // over some axes
  kProduct,      // matmul and convolutions
  kPool,         // window operations and their gradients
  kComposite,    // has a decompose rule; none is left after the decompose pass
  kRandom,       // a function of the key and the element's position
  kScatter,      // rows added up by index
  kLoop,         // a scan and its results
  kExchange,     // between processes
};

// What a gradient rule sees: the node, the gradient of its value, and a builder at the end of the same graph.
struct GradContext {
  Builder& b;
  ValueId value;     // the node's own value
  ValueId gradient;  // dL/dvalue, of the value's type
  // Adds `g` to the gradient of operand `i`; does nothing where that operand needs none.
  std::function<void(int i, ValueId g)> add;
  std::function<bool(int i)> needs;  // whether operand i leads to anything that is differentiated

  const Node& node() const { return b.graph[value]; }
  ValueId operand(int i) const { return node().inputs[static_cast<size_t>(i)]; }
};

struct OpInfo {
  OpKind kind;
  std::string name;
  OpCategory category;
  // Result type from operand types and attributes.
  Type (*infer)(const std::vector<Type>& operands, const Attrs& attrs);
  // Adds to the operands' gradients; null: no gradient flows (integers, comparisons, piecewise constants).
  void (*gradient)(GradContext& c) = nullptr;
  // Rewrites the node into other operations; null unless kComposite.
  ValueId (*decompose)(Builder& b, const Node& node) = nullptr;
  // Floating-point operations a result element (reductions and products: in all, per result element).
  double (*flops)(const Graph& graph, const Node& node) = nullptr;
  bool cheap = true;  // cheaper to compute again in a consumer than to store and load
};

const OpInfo& info(OpKind kind);
const OpInfo* find_op(const std::string& name);

}  // namespace kcc
