#include "tests/codegen/kernel_case.h"

#include <algorithm>
#include <cmath>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"

namespace kcc::testing {

ValueId Body::operand(const Shape& shape, DType dtype) {
  return input(b, "a" + std::to_string(graph.inputs.size()), {dtype, shape});
}

void PrintTo(const KernelCase& c, std::ostream* out) {
  *out << c.name;
}

Shape batched(std::initializer_list<int64_t> sizes) {
  return batched_shape(sizes);
}
Shape fixed(std::initializer_list<int64_t> sizes) {
  return fixed_shape(sizes);
}

std::vector<ValueId> bias_relu(Body& f, ValueId y) {
  const Shape shape = f.b.shape(y);
  ValueId bias = f.operand({shape.back()});
  return {relu(f.b, add(f.b, y, bias))};
}

Kernel make_kernel(const KernelCase& c) {
  Body body;
  const std::vector<ValueId> outputs = c.build(body);
  for (size_t i = 0; i < outputs.size(); ++i) body.graph.outputs.push_back({"r" + std::to_string(i), outputs[i]});
  body.graph.name = "kernel";
  return {c.family, body.graph, body.anchor, "kernel"};
}

Array operand_values(const Type& type, int64_t batch, std::mt19937& random, const KernelCase& c) {
  Array array = random_array(extents_of(type.shape, batch), random, c.low, c.high);
  for (double& v : array.values) {
    if (type.dtype == DType::kF32) v = static_cast<float>(v);
    if (type.dtype == DType::kI32) v = std::floor((v - c.low) / (c.high - c.low) * 10);
    if (type.dtype == DType::kU32) v = std::floor((v - c.low) / (c.high - c.low) * 4294967295.0);
    if (type.dtype == DType::kBool) v = v > 0;
  }
  return array;
}

std::string difference(const Array& got, const Array& want, double tolerance) {
  double scale = 0;
  for (double v : want.values)
    if (std::isfinite(v)) scale = std::max(scale, std::abs(v));
  for (size_t i = 0; i < want.values.size(); ++i) {
    const double g = got.values[i], w = want.values[i];
    if (g == w || (std::isnan(g) && std::isnan(w))) continue;
    if (std::isfinite(g) && std::isfinite(w) && std::abs(g - w) <= tolerance * std::max(scale, 1e-30)) continue;
    return "element " + std::to_string(i) + " of " + std::to_string(want.values.size()) + ": got " + std::to_string(g) +
           ", expected " + std::to_string(w) + ", largest " + std::to_string(scale);
  }
  return "";
}

}  // namespace kcc::testing
