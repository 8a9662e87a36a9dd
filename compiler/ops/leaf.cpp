#include "compiler/ops/leaf.h"

#include "compiler/ops/families.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

// Inputs and states carry their type as attributes, so that a printed graph is complete.
Type declared(const std::vector<Type>&, const Attrs& attrs) {
  DType dtype;
  KCC_CHECK(dtype_from_name(attrs.text("dtype"), &dtype), "no such dtype");
  return {dtype, attrs.shape("shape")};
}

Type scalar(const std::vector<Type>&, const Attrs& attrs) {
  DType dtype;
  KCC_CHECK(dtype_from_name(attrs.text("dtype"), &dtype), "no such dtype");
  return {dtype, {}};
}

Type iota_type(const std::vector<Type>&, const Attrs& attrs) {
  return {DType::kI32, attrs.shape("shape")};
}
Type extent_type(const std::vector<Type>&, const Attrs&) {
  return {DType::kF32, {}};
}

ValueId declare(Builder& b, OpKind kind, int64_t index, const Type& type) {
  return b.node(kind, {}, {{"index", index}, {"dtype", std::string(name_of(type.dtype))}, {"shape", type.shape}});
}

}  // namespace

ValueId input(Builder& b, const std::string& name, const Type& type) {
  b.graph.inputs.push_back({name, type});
  return declare(b, OpKind::kInput, static_cast<int64_t>(b.graph.inputs.size()) - 1, type);
}

ValueId state(Builder& b, StateId id, const Type& type) {
  return declare(b, OpKind::kState, id, type);
}

std::vector<OpInfo> leaf_ops() {
  return {{OpKind::kInput, "input", OpCategory::kLeaf, declared},
          {OpKind::kState, "state", OpCategory::kLeaf, declared},
          {OpKind::kConstant, "constant", OpCategory::kLeaf, scalar},
          {OpKind::kIota, "iota", OpCategory::kLeaf, iota_type},
          {OpKind::kExtent, "extent", OpCategory::kLeaf, extent_type}};
}

}  // namespace kcc
