#include "compiler/ir/scan.h"

#include "compiler/support/check.h"

namespace kcc {

ScanLayout layout_of(const Node& scan) {
  KCC_CHECK(scan.op == OpKind::kScan && scan.body, "a scan with a body");
  ScanLayout layout;
  layout.steps = scan.attrs.integer("steps");
  layout.reverse = scan.attrs.integer("reverse") != 0;
  layout.carries = scan.attrs.integer("carries");
  layout.sequences = scan.attrs.integer("sequences");
  layout.invariants = static_cast<int64_t>(scan.inputs.size()) - layout.carries - layout.sequences;
  layout.stacked = static_cast<int64_t>(scan.body->outputs.size()) - layout.carries;
  layout.mask = scan.attrs.integer("mask");
  return layout;
}

Type stacked_type(const Type& step, int64_t steps) {
  Type type = step;
  type.shape.insert(type.shape.begin(), Dim{steps, false});
  return type;
}

Type step_type(const Type& stacked) {
  KCC_CHECK(!stacked.shape.empty() && !stacked.shape[0].batched, "a sequence's steps come first");
  return {stacked.dtype, Shape(stacked.shape.begin() + 1, stacked.shape.end())};
}

Type result_type(const Node& scan, int64_t index) {
  const ScanLayout layout = layout_of(scan);
  KCC_CHECK(index >= 0 && index < layout.results(), "a result of the scan");
  const auto output = [&](int64_t i) { return (*scan.body)[scan.body->outputs[static_cast<size_t>(i)].value].type; };
  if (index < layout.carries) return output(index);
  if (index < layout.stack(0)) return stacked_type(output(index % layout.carries), layout.steps);
  return stacked_type(output(index - 2 * layout.carries), layout.steps);
}

}  // namespace kcc
