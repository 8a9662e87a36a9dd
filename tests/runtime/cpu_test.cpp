#include "runtime/cpu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

namespace kcc::runtime {
namespace {

using testing::HasSubstr;

constexpr CpuTarget kTargets[] = {{"x86-64-v4", kCpuLevel4}, {"x86-64-v3", kCpuLevel3}, {"x86-64-v2", kCpuLevel2}};

TEST(Cpu, LevelsHoldThoseBelow) {
  EXPECT_STREQ(cpu_level(0), "x86-64");
  EXPECT_STREQ(cpu_level(kCpuLevel2), "x86-64-v2");
  EXPECT_STREQ(cpu_level(kCpuLevel3), "x86-64-v3");
  EXPECT_STREQ(cpu_level(kCpuLevel4), "x86-64-v4");
  EXPECT_STREQ(cpu_level(kCpuLevel4 & ~kCpuBmi2), "x86-64-v2");
}

#if defined(__x86_64__)
// The kernel of the operating system reads the same registers; it leaves out what it does not support.
TEST(Cpu, AgreesWithLinux) {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line) && line.rfind("flags", 0) != 0) continue;
  std::istringstream words(line);
  std::string all = " ";
  for (std::string word; words >> word;) all += word + " ";
  const std::pair<uint64_t, const char*> rows[] = {{kCpuSse3, "pni"},
                                                   {kCpuSsse3, "ssse3"},
                                                   {kCpuSse41, "sse4_1"},
                                                   {kCpuSse42, "sse4_2"},
                                                   {kCpuPopcnt, "popcnt"},
                                                   {kCpuCx16, "cx16"},
                                                   {kCpuLahf, "lahf_lm"},
                                                   {kCpuAvx, "avx"},
                                                   {kCpuAvx2, "avx2"},
                                                   {kCpuBmi1, "bmi1"},
                                                   {kCpuBmi2, "bmi2"},
                                                   {kCpuF16c, "f16c"},
                                                   {kCpuFma, "fma"},
                                                   {kCpuLzcnt, "abm"},
                                                   {kCpuMovbe, "movbe"},
                                                   {kCpuAvx512f, "avx512f"},
                                                   {kCpuAvx512bw, "avx512bw"},
                                                   {kCpuAvx512cd, "avx512cd"},
                                                   {kCpuAvx512dq, "avx512dq"},
                                                   {kCpuAvx512vl, "avx512vl"},
                                                   {kCpuAvx512vbmi, "avx512vbmi"},
                                                   {kCpuGfni, "gfni"},
                                                   {kCpuAvx512bf16, "avx512_bf16"},
                                                   {kCpuAvx512fp16, "avx512_fp16"},
                                                   {kCpuVaes, "vaes"},
                                                   {kCpuAvxVnni, "avx_vnni"},
                                                   {kCpuAvx512vnni, "avx512_vnni"}};
  for (const auto& [feature, word] : rows) {
    EXPECT_EQ((cpu_features() & feature) != 0, all.find(" " + std::string(word) + " ") != std::string::npos) << word;
  }
}
#endif

TEST(ChooseTarget, TakesTheFirstThatRuns) {
  const std::pair<uint64_t, int32_t> rows[] = {
      {kCpuLevel4, 0}, {kCpuLevel3, 1}, {kCpuLevel4 & ~kCpuAvx512vl, 1}, {kCpuLevel2, 2}, {~uint64_t{0}, 0}};
  for (const auto& [features, index] : rows) {
    const TargetChoice choice = choose_target(kTargets, 3, features, nullptr);
    EXPECT_EQ(choice.index, index);
    EXPECT_STREQ(choice.message, "");
  }
}

TEST(ChooseTarget, TakesTheNamedOne) {
  EXPECT_EQ(choose_target(kTargets, 3, kCpuLevel4, "x86-64-v2").index, 2);
  EXPECT_EQ(choose_target(kTargets, 3, kCpuLevel4, "x86-64-v4").index, 0);
  EXPECT_EQ(choose_target(kTargets, 3, kCpuLevel3, "").index, 1);
}

TEST(ChooseTarget, TrustsProgramsWithoutTargets) {
  EXPECT_EQ(choose_target(nullptr, 0, 0, nullptr).index, 0);
}

TEST(ChooseTarget, SaysWhyThereIsNone) {
  constexpr CpuTarget kHost = {"host", kCpuLevel4 | kCpuAvx512vnni | kCpuGfni};
  struct Row {
    const CpuTarget* targets;
    int32_t count;
    uint64_t features;
    const char* wanted;
    const char* message;
  };
  const Row rows[] = {
      {kTargets, 1, kCpuLevel3, nullptr,
       "this program needs a processor with AVX-512 (x86-64-v4), this one has AVX2 (x86-64-v3); "
       "compile it with --target=x86-64-v4,x86-64-v3"},
      {kTargets, 3, 0, nullptr, "this program needs a processor with SSE4.2 (x86-64-v2), this one has SSE2 (x86-64)"},
      {&kHost, 1, kCpuLevel4 | kCpuGfni, nullptr,
       "this program needs a processor with AVX512-VNNI, which this one (x86-64-v4) does not have; "
       "compile it with --target=host,x86-64-v4"},
      {kTargets, 3, kCpuLevel2, "x86-64-v3",
       "KCC_TARGET is 'x86-64-v3', which needs a processor with AVX2 (x86-64-v3), this one has SSE4.2 (x86-64-v2)"},
      {kTargets, 2, kCpuLevel4, "x86-64-v2",
       "KCC_TARGET is 'x86-64-v2', but this program was compiled for x86-64-v4, x86-64-v3"},
  };
  for (const Row& row : rows) {
    const TargetChoice choice = choose_target(row.targets, row.count, row.features, row.wanted);
    EXPECT_EQ(choice.index, -1);
    EXPECT_STREQ(choice.message, row.message);
  }
}

TEST(ChooseTarget, KeepsLongMessagesInBounds) {
  const std::string name(2000, 'x');
  const CpuTarget target = {name.c_str(), kCpuLevel4};
  const TargetChoice choice = choose_target(&target, 1, kCpuLevel2, nullptr);
  EXPECT_EQ(choice.index, -1);
  EXPECT_EQ(std::strlen(choice.message), sizeof(choice.message) - 1);
}

}  // namespace
}  // namespace kcc::runtime
