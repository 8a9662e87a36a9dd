#include "codegen/build_kernels.h"

#include <elf.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "codegen/elf_object.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codegen/tiny_plan.h"

namespace kcc {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

BuildOptions options_for_tests() {
  BuildOptions options;
  options.targets = {target_for_tests()};
  options.jobs = 1;
  return options;
}

// The tiny plan with `count` kernels that differ in their constant.
Plan plan_of(int count) {
  Plan plan = tiny_plan().plan;
  const Kernel first = plan.kernels[0];
  plan.kernels.clear();
  for (int i = 0; i < count; ++i) {
    plan.kernels.push_back(first);
    plan.kernels.back().name = "tiny_" + std::to_string(i);
    for (Node& node : plan.kernels.back().body.nodes) {
      if (node.op == OpKind::kConstant) node.attrs.set("value", static_cast<double>(i));
    }
  }
  return plan;
}

std::vector<std::string> bytes_of(const std::vector<KernelObject>& kernels) {
  std::vector<std::string> bytes;
  for (const KernelObject& kernel : kernels) bytes.push_back(kernel.bytes);
  return bytes;
}

TEST(BuildKernels, SameBytesForAnyNumberOfJobs) {
  const Plan plan = plan_of(4);
  Diagnostics diagnostics;
  BuildOptions options = options_for_tests();
  const std::vector<KernelObject> one = build_kernels(plan, options, diagnostics);
  ASSERT_EQ(one.size(), 4u);
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].name, plan.kernels[i].name);
    EXPECT_FALSE(one[i].from_cache);
    EXPECT_GT(one[i].seconds, 0);
  }
  for (int jobs : {0, 3}) {
    options.jobs = jobs;
    EXPECT_EQ(bytes_of(build_kernels(plan, options, diagnostics)), bytes_of(one));
  }
  EXPECT_FALSE(diagnostics.has_errors());
}

TEST(BuildKernels, ObjectCarriesOnlyTheKernelsSymbol) {
  Diagnostics diagnostics;
  const std::vector<KernelObject> kernels = build_kernels(plan_of(1), options_for_tests(), diagnostics);
  ASSERT_EQ(kernels.size(), 1u);
  // The string table that the symbols now use is at the object's end.
  const std::string names = kernels[0].bytes.substr(kernels[0].bytes.size() - 400);
  EXPECT_THAT(names, HasSubstr(std::string("tiny_0") + '\0'));
  EXPECT_THAT(names, HasSubstr("tiny_0_par_for"));
}

TEST(BuildKernels, CacheIsSharedByProgramsAndSplitByContent) {
  const fs::path folder = fs::path(testing::TempDir()) / ("kernels_" + std::to_string(::getpid()));
  fs::remove_all(folder);
  Diagnostics diagnostics;
  BuildOptions options = options_for_tests();
  options.cache_dir = folder.string();
  Plan plan = plan_of(2);
  const std::vector<KernelObject> first = build_kernels(plan, options, diagnostics);
  EXPECT_FALSE(first[0].from_cache);

  plan.kernels[0].name = "other_program";
  plan.kernels[0].body.inputs[0].name = "other_layer";
  const std::vector<KernelObject> second = build_kernels(plan, options, diagnostics);
  EXPECT_TRUE(second[0].from_cache);
  EXPECT_EQ(second[0].name, "other_program");
  EXPECT_EQ(second[1].bytes, first[1].bytes);
  EXPECT_EQ(second[1].notes.schedule, first[1].notes.schedule);

  for (Node& node : plan.kernels[0].body.nodes) {
    if (node.op == OpKind::kConstant) node.attrs.set("value", 1e-300);
  }
  EXPECT_FALSE(build_kernels(plan, options, diagnostics)[0].from_cache);
  options.schedule.level = 3;
  EXPECT_FALSE(build_kernels(plan, options, diagnostics)[1].from_cache);
  fs::remove_all(folder);
}

TEST(BuildKernels, FailureNamesKernelAndLayer) {
  struct Row {
    int64_t batch;
    const char* why;
  };
  for (const Row& row :
       {Row{13, "thirteen is no batch"}, Row{14, "its compiler ended by signal 6"}, Row{15, "undefined output Func"}}) {
    Diagnostics diagnostics;
    BuildOptions options = options_for_tests();
    options.schedule.batch = row.batch;
    EXPECT_TRUE(build_kernels(plan_of(1), options, diagnostics).empty());
    ASSERT_EQ(diagnostics.errors().size(), 1u);
    EXPECT_THAT(diagnostics.errors()[0].message,
                HasSubstr("internal error: kernel 'tiny_0' of dense (Dense): matmul + bias + relu does not compile: "));
    EXPECT_THAT(diagnostics.errors()[0].message, HasSubstr(row.why));
  }
}

TEST(BuildKernels, CompilesEachForEveryTarget) {
  Diagnostics diagnostics;
  BuildOptions options = options_for_tests();
  options.targets = parse_targets("x86-64-v2,x86-64-v3", diagnostics);
  const std::vector<KernelObject> objects = build_kernels(plan_of(2), options, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors());
  std::vector<std::pair<size_t, std::string>> names;
  for (const KernelObject& object : objects) names.emplace_back(object.kernel, object.name);
  EXPECT_THAT(names, testing::ElementsAre(testing::Pair(0, "tiny_0_x86_64_v3"), testing::Pair(0, "tiny_0_x86_64_v2"),
                                          testing::Pair(1, "tiny_1_x86_64_v3"), testing::Pair(1, "tiny_1_x86_64_v2")));
  EXPECT_NE(objects[0].bytes, objects[1].bytes);
}

TEST(BuildKernels, CompilesForArm) {
  Diagnostics diagnostics;
  BuildOptions options = options_for_tests();
  options.targets = parse_targets("arm-64-linux", diagnostics);
  const std::vector<KernelObject> objects = build_kernels(plan_of(1), options, diagnostics);
  ASSERT_EQ(objects.size(), 1u) << diagnostics.render(false);
  EXPECT_EQ(objects[0].name, "tiny_0");
  Elf64_Ehdr header;
  ASSERT_GT(objects[0].bytes.size(), sizeof(header));
  std::memcpy(&header, objects[0].bytes.data(), sizeof(header));
  EXPECT_EQ(header.e_machine, EM_AARCH64);
}

TEST(BuildKernels, RefusesTensorsBeyond32Bits) {
  Plan plan = plan_of(1);
  plan.kernels[0].body.inputs[1].type.shape = fixed_shape({40000, 40000});
  Diagnostics diagnostics;
  EXPECT_TRUE(build_kernels(plan, options_for_tests(), diagnostics).empty());
  ASSERT_EQ(diagnostics.errors().size(), 1u);
  EXPECT_THAT(diagnostics.errors()[0].message, HasSubstr("a tensor f32(40000, 40000), larger than the 2 GiB"));
}

TEST(KernelText, HeadsEachKernel) {
  const std::pair<KernelText, const char*> rows[] = {{KernelText::kStmt, "// ---- tiny_1: "},
                                                     {KernelText::kLlvm, "; ---- tiny_1: "},
                                                     {KernelText::kAssembly, "# ---- tiny_1: "}};
  for (const auto& [form, head] : rows) {
    Diagnostics diagnostics;
    const std::string text = kernel_text(plan_of(2), options_for_tests(), form, diagnostics);
    EXPECT_THAT(text, HasSubstr(head));
    EXPECT_GT(text.size(), 500u);
    EXPECT_FALSE(diagnostics.has_errors());
  }
}

TEST(ElfObject, RefusesWhatIsNoObject) {
  EXPECT_EQ(rename_symbols("", "a", "b"), "");
  EXPECT_EQ(rename_symbols(std::string(200, '\x7f'), "a", "b"), "");
  Diagnostics diagnostics;
  const std::string good = build_kernels(plan_of(1), options_for_tests(), diagnostics)[0].bytes;
  for (size_t cut = 0; cut < good.size(); cut += 13) rename_symbols(good.substr(0, cut), "tiny_0", "b");  // no crash
  EXPECT_NE(rename_symbols(good, "tiny_0", "b"), "");
}

}  // namespace
}  // namespace kcc
