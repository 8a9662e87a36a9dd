// What the tests of kernel families share: kernels under test, operands for them, and the comparison of results.
#pragma once

#include <functional>
#include <initializer_list>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "codegen/kernels/family.h"
#include "compiler/ops/builder.h"
#include "tests/support/array.h"

namespace kcc::testing {

// A body under construction; its outputs are what `build` returns.
struct Body {
  Graph graph;
  Builder b{graph};
  ValueId anchor = -1;

  ValueId operand(const Shape& shape, DType dtype = DType::kF32);
  ValueId anchored(ValueId v) { return anchor = v; }
};

using BuildBody = std::function<std::vector<ValueId>(Body&)>;

struct KernelCase {
  std::string name;
  Family family;
  BuildBody build;
  double tolerance = 2e-6;  // relative to the largest value of the result
  std::vector<int64_t> batches = {1, 3, 33};
  double low = -1, high = 1;  // of random operands
};

void PrintTo(const KernelCase& c, std::ostream* out);

Shape batched(std::initializer_list<int64_t> sizes);
Shape fixed(std::initializer_list<int64_t> sizes);

// What often follows a product.
std::vector<ValueId> bias_relu(Body& f, ValueId y);

Kernel make_kernel(const KernelCase& c);
Array operand_values(const Type& type, int64_t batch, std::mt19937& random, const KernelCase& c);

// "" or where they differ.
std::string difference(const Array& got, const Array& want, double tolerance);

}  // namespace kcc::testing
