#include "compiler/ops/scan.h"

#include "compiler/ops/families.h"
#include "compiler/ops/leaf.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

// A scan has no value of its own; its results do. The body's types are checked by verify.
Type scan_type(const std::vector<Type>& operands, const Attrs& attrs) {
  const int64_t steps = attrs.integer("steps"), carries = attrs.integer("carries");
  for (int64_t i = 0; i < attrs.integer("sequences"); ++i) {
    const Shape& shape = operands.at(static_cast<size_t>(carries + i)).shape;
    KCC_CHECK(!shape.empty() && shape[0] == (Dim{steps, false}), "a sequence of as many steps");
  }
  return {DType::kBool, {}};
}

Type declared(const std::vector<Type>&, const Attrs& attrs) {
  DType dtype;
  KCC_CHECK(dtype_from_name(attrs.text("dtype"), &dtype), "no such dtype");
  return {dtype, attrs.shape("shape")};
}

// Marks results as differentiable; passes/differentiate_scan.cpp does the work.
void grad_elsewhere(GradContext&) {
  KCC_CHECK(false, "a loop's gradient is made by its pass");
}

}  // namespace

std::vector<OpInfo> scan_ops() {
  return {{OpKind::kScan, "scan", OpCategory::kLoop, scan_type, grad_elsewhere, nullptr, nullptr, false},
          {OpKind::kResult, "result", OpCategory::kLoop, declared, grad_elsewhere, nullptr, nullptr, false}};
}

ValueId scan(Builder& b, const ScanOperands& operands, Graph body) {
  const auto count = [](const std::vector<ValueId>& values) { return static_cast<int64_t>(values.size()); };
  std::vector<ValueId> inputs = operands.carries;
  inputs.insert(inputs.end(), operands.sequences.begin(), operands.sequences.end());
  inputs.insert(inputs.end(), operands.invariants.begin(), operands.invariants.end());
  const ValueId node = b.node(OpKind::kScan, inputs,
                              {{"steps", operands.steps},
                               {"reverse", int64_t{operands.reverse}},
                               {"carries", count(operands.carries)},
                               {"sequences", count(operands.sequences)},
                               {"mask", operands.mask}});
  b.graph.nodes.back().body = std::make_shared<const Graph>(std::move(body));
  return node;
}

ValueId scan(Builder& b, const ScanOperands& operands, const std::function<ScanOutputs(ScanStep&)>& step) {
  Graph body;
  body.name = "step";
  ScanStep s{Builder{body, b.origin}, {}, {}, {}};
  const auto declare = [&](const std::vector<ValueId>& values, const char* prefix, bool sliced,
                           std::vector<ValueId>& inside) {
    for (ValueId value : values) {
      const Type type = sliced ? step_type(b.type(value)) : b.type(value);
      inside.push_back(input(s.b, prefix + std::to_string(inside.size()), type));
    }
  };
  declare(operands.carries, "c", false, s.carries);
  declare(operands.sequences, "s", true, s.sequences);
  declare(operands.invariants, "w", false, s.invariants);
  const ScanOutputs outputs = step(s);
  KCC_CHECK(outputs.carries.size() == operands.carries.size(), "a next value for every carry");
  for (ValueId value : outputs.carries) body.outputs.push_back({"c" + std::to_string(body.outputs.size()), value});
  for (ValueId value : outputs.stacked)
    body.outputs.push_back({"y" + std::to_string(body.outputs.size() - outputs.carries.size()), value});
  return scan(b, operands, std::move(body));
}

ValueId scan_result(Builder& b, ValueId scan, int64_t index) {
  const Type type = result_type(b.graph[scan], index);
  return b.node(OpKind::kResult, {scan},
                {{"index", index}, {"dtype", std::string(name_of(type.dtype))}, {"shape", type.shape}});
}

ValueId final_carry(Builder& b, ValueId scan, int64_t i) {
  return scan_result(b, scan, i);
}
ValueId stacked_output(Builder& b, ValueId scan, int64_t i) {
  return scan_result(b, scan, layout_of(b.graph[scan]).stack(i));
}
ValueId carries_before(Builder& b, ValueId scan, int64_t i) {
  return scan_result(b, scan, layout_of(b.graph[scan]).before(i));
}
ValueId carries_after(Builder& b, ValueId scan, int64_t i) {
  return scan_result(b, scan, layout_of(b.graph[scan]).after(i));
}

}  // namespace kcc
