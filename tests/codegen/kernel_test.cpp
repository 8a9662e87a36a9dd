#include "tests/codegen/kernel_test.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <vector>

#include "compiler/ir/print.h"
#include "tests/codegen/arm_kernel.h"
#include "tests/codegen/kernel_runner.h"
#include "tests/support/interpreter.h"

namespace kcc::testing {
namespace {

std::vector<Array> operands_of(const KernelCase& c, const Kernel& kernel, int64_t batch) {
  std::mt19937 random(static_cast<uint32_t>(batch));
  std::vector<Array> operands;
  for (const NamedType& input : kernel.body.inputs) operands.push_back(operand_values(input.type, batch, random, c));
  return operands;
}

void check(const KernelCase& c, const Kernel& kernel, const std::string& target, int level) {
  const LoadedKernel loaded(kernel, target, {level, 32});
  if (std::getenv("KCC_SHOW")) {
    printf("  %s, level %d: %.2f s, %zu bytes, %s\n", target.c_str(), level, loaded.compile_seconds(),
           loaded.object_bytes(), loaded.schedule().c_str());
  }
  for (int64_t batch : c.batches) {
    const std::vector<Array> operands = operands_of(c, kernel, batch);
    const Evaluation expected = interpret(kernel.body, batch, operands);
    const std::vector<Array> forward = loaded.run(operands, batch, TaskOrder::kForward);
    const std::vector<Array> backward = loaded.run(operands, batch, TaskOrder::kBackward);
    // Plain loops add long sums one by one.
    const double tolerance = level > 0 ? c.tolerance : 100 * c.tolerance;
    for (size_t i = 0; i < forward.size(); ++i) {
      EXPECT_EQ(difference(forward[i], expected.outputs[i], tolerance), "")
          << "result " << i << ", batch " << batch << ", " << target << ", level " << level << ", " << loaded.schedule()
          << "\n"
          << to_string(kernel.body);
      EXPECT_EQ(difference(backward[i], forward[i], 0), "")
          << "depends on the order of tasks: result " << i << ", batch " << batch;
    }
  }
}

void check_on_arm(const KernelCase& c, const Kernel& kernel) {
  const ArmKernel arm(kernel, {2, 32});
  for (int64_t batch : c.batches) {
    const std::vector<Array> operands = operands_of(c, kernel, batch);
    const Evaluation expected = interpret(kernel.body, batch, operands);
    const std::vector<Array> results = arm.run(operands, batch);
    for (size_t i = 0; i < results.size(); ++i)
      EXPECT_EQ(difference(results[i], expected.outputs[i], c.tolerance), "") << "result " << i << ", batch " << batch;
  }
}

TEST_P(KernelTest, AgreesWithTheInterpreter) {
  const Kernel kernel = make_kernel(GetParam());
  check(GetParam(), kernel, "host", 2);
  check(GetParam(), kernel, "host", 0);
}

// Narrower vectors and half the registers, or ARM, for some of the cases.
TEST_P(KernelTest, AgreesOnOtherMachines) {
  const size_t draw = std::hash<std::string>()(GetParam().name) % 24;
  if (draw == 23) {
    const std::string missing = ArmKernel::missing_tool();
    if (!missing.empty()) GTEST_SKIP() << missing;
    return check_on_arm(GetParam(), make_kernel(GetParam()));
  }
  const Halide::Target host = Halide::get_host_target();
  if (draw % 6 > 2 || host.arch != Halide::Target::X86 || !host.has_feature(Halide::Target::AVX2)) GTEST_SKIP();
  check(GetParam(), make_kernel(GetParam()), draw % 6 == 0 ? "x86-64-v2" : "x86-64-v3", 2);
}

// The first rows of a batch.
Array first_rows(const Array& whole, int64_t rows) {
  const size_t row = whole.values.size() / static_cast<size_t>(whole.extents[0]);
  Array first{whole.extents, {whole.values.begin(), whole.values.begin() + rows * static_cast<int64_t>(row)}};
  first.extents[0] = rows;
  return first;
}

}  // namespace

void check_rows_of_batches(const KernelCase& c) {
  const Kernel kernel = make_kernel(c);
  const LoadedKernel loaded(kernel, "host", {2, 32});
  const std::vector<Array> operands = operands_of(c, kernel, 40);
  const std::vector<Array> whole = loaded.run(operands, 40);
  for (int64_t rows : {1, 2, 3, 4, 5, 7, 8, 17}) {
    std::vector<Array> first = operands;
    for (size_t i = 0; i < first.size(); ++i)
      if (element_count(kernel.body.inputs[i].type.shape).batched) first[i] = first_rows(operands[i], rows);
    const std::vector<Array> got = loaded.run(first, rows);
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_EQ(difference(got[i], first_rows(whole[i], rows), 0), "")
          << c.name << ", result " << i << ", " << rows << " rows, " << loaded.schedule();
  }
}

std::string test_name(const ::testing::TestParamInfo<KernelCase>& info) {
  return info.param.name;
}

}  // namespace kcc::testing
