#include "tests/codegen/kernel_test.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "compiler/ir/print.h"
#include "tests/codegen/arm_kernel.h"
#include "tests/codegen/cpp_library.h"
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

// `tunings`: the kernel is compiled with each of them.
void check(const KernelCase& c, const Kernel& kernel, const std::string& target, int level,
           const std::vector<Tuning>& tunings = {{}}) {
  std::vector<std::unique_ptr<LoadedKernel>> kernels;
  for (const Tuning& tuning : tunings) {
    kernels.push_back(std::make_unique<LoadedKernel>(kernel, target, ScheduleOptions{level, 32, tuning}));
    if (!std::getenv("KCC_SHOW")) continue;
    printf("  %s, level %d: %.2f s, %zu bytes, %s\n", target.c_str(), level, kernels.back()->compile_seconds(),
           kernels.back()->object_bytes(), kernels.back()->schedule().c_str());
  }
  for (int64_t batch : c.batches) {
    const std::vector<Array> operands = operands_of(c, kernel, batch);
    const Evaluation expected = interpret(kernel.body, batch, operands);
    // Plain loops add long sums one by one.
    const double tolerance = level > 0 ? c.tolerance : 100 * c.tolerance;
    for (const auto& loaded : kernels) {
      const std::vector<Array> forward = loaded->run(operands, batch, TaskOrder::kForward);
      const std::vector<Array> backward = loaded->run(operands, batch, TaskOrder::kBackward);
      for (size_t i = 0; i < forward.size(); ++i) {
        EXPECT_EQ(difference(forward[i], expected.outputs[i], tolerance), "")
            << "result " << i << ", batch " << batch << ", " << target << ", level " << level << ", "
            << loaded->schedule() << "\n"
            << to_string(kernel.body);
        EXPECT_EQ(difference(backward[i], forward[i], 0), "")
            << "depends on the order of tasks: result " << i << ", batch " << batch << ", " << loaded->schedule();
      }
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

// What kcc bench --tune may take: one other number a case; with KCC_ALL_CHOICES each of them.
TEST_P(KernelTest, AgreesWithOtherChoices) {
  const Kernel kernel = make_kernel(GetParam());
  MachineTarget target;
  Diagnostics diagnostics;
  ASSERT_TRUE(parse_target("host", &target, diagnostics));
  std::vector<Tuning> tunings;
  for (const Choice& choice : build_kernel(kernel, target, {2, 32}).choices)
    for (int64_t value : choice.others) tunings.push_back({{choice.name, value}});
  if (tunings.empty()) GTEST_SKIP();
  const size_t drawn = std::hash<std::string>()(GetParam().name) % tunings.size();
  if (!std::getenv("KCC_ALL_CHOICES")) tunings = {tunings[drawn]};
  check(GetParam(), kernel, "host", 2, tunings);
}

std::vector<KernelCase>& all_cases() {
  static std::vector<KernelCase> cases;
  return cases;
}

// Interpreting a convolution takes long; two batches show what all do.
std::vector<int64_t> batches_of(const KernelCase& c, bool all) {
  const bool is_convolution =
      c.family == Family::kConv || c.family == Family::kConvInputGrad || c.family == Family::kConvWeightGrad;
  if (all && !is_convolution) return c.batches;
  const std::vector<int64_t> two(c.batches.begin(), c.batches.begin() + std::min<int64_t>(2, std::ssize(c.batches)));
  return all ? two : std::vector<int64_t>{two.back()};
}

// Every case of this file's families as C++, whatever the width of vectors.
void check_cpp(const std::string& flags, bool all_batches) {
  const std::vector<KernelCase>& cases = all_cases();
  std::vector<Kernel> kernels;
  for (const KernelCase& c : cases) kernels.push_back(make_kernel(c));
  const CppLibrary library(kernels, flags);
  for (size_t k = 0; k < kernels.size(); ++k) {
    for (int64_t batch : batches_of(cases[k], all_batches)) {
      std::mt19937 random(static_cast<uint32_t>(batch));
      std::vector<Array> operands;
      for (const NamedType& input : kernels[k].body.inputs)
        operands.push_back(operand_values(input.type, batch, random, cases[k]));
      const Evaluation expected = interpret(kernels[k].body, batch, operands);
      const std::vector<Array> got = library.run(k, operands, batch);
      for (size_t i = 0; i < got.size(); ++i)
        EXPECT_EQ(difference(got[i], expected.outputs[i], cases[k].tolerance), "")
            << cases[k].name << ", result " << i << ", batch " << batch << ", " << flags << "\n"
            << library.text(k);
    }
  }
}

TEST(CppKernels, AgreeWithTheInterpreter) {
  check_cpp("-O2 -march=native -ffp-contract=fast", true);
}

// Four lanes, and no fused multiplications.
TEST(CppKernels, AgreeWithoutFlags) {
  check_cpp("-O1", false);
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

std::vector<KernelCase> remembered(std::vector<KernelCase> cases) {
  all_cases().insert(all_cases().end(), cases.begin(), cases.end());
  return cases;
}

std::string test_name(const ::testing::TestParamInfo<KernelCase>& info) {
  return info.param.name;
}

}  // namespace kcc::testing
