#include "compiler/ops/builder.h"

#include "compiler/ops/op.h"
#include "compiler/support/check.h"

namespace kcc {

ValueId Builder::node(OpKind op, std::vector<ValueId> inputs, Attrs attrs) {
  std::vector<Type> operands;
  for (ValueId input : inputs) {
    KCC_CHECK(input >= 0 && input < graph.size(), "an operand that does not exist yet");
    operands.push_back(type(input));
  }
  Type result = info(op).infer(operands, attrs);
  return graph.add({op, std::move(inputs), std::move(attrs), std::move(result), origin});
}

}  // namespace kcc
