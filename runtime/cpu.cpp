#include "runtime/cpu.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/program.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace kcc::runtime {
namespace {

enum Leaf { kLeaf1, kLeaf7, kLeaf7Sub1, kLeafExtended, kLeaves };
enum Register { kEax, kEbx, kEcx, kEdx };
// Registers that the operating system must save when it changes tasks, or the instructions do not work.
enum Saved { kNothing, kYmm, kZmm };

struct FeatureRow {
  uint64_t feature;
  const char* name;  // Intel's
  Leaf leaf;
  Register word;
  int bit;
  Saved saved;
};

constexpr FeatureRow kFeatures[] = {
    {kCpuSse3, "SSE3", kLeaf1, kEcx, 0, kNothing},
    {kCpuSsse3, "SSSE3", kLeaf1, kEcx, 9, kNothing},
    {kCpuSse41, "SSE4.1", kLeaf1, kEcx, 19, kNothing},
    {kCpuSse42, "SSE4.2", kLeaf1, kEcx, 20, kNothing},
    {kCpuPopcnt, "POPCNT", kLeaf1, kEcx, 23, kNothing},
    {kCpuCx16, "CMPXCHG16B", kLeaf1, kEcx, 13, kNothing},
    {kCpuLahf, "LAHF", kLeafExtended, kEcx, 0, kNothing},
    {kCpuAvx, "AVX", kLeaf1, kEcx, 28, kYmm},
    {kCpuAvx2, "AVX2", kLeaf7, kEbx, 5, kYmm},
    {kCpuBmi1, "BMI1", kLeaf7, kEbx, 3, kNothing},
    {kCpuBmi2, "BMI2", kLeaf7, kEbx, 8, kNothing},
    {kCpuF16c, "F16C", kLeaf1, kEcx, 29, kYmm},
    {kCpuFma, "FMA", kLeaf1, kEcx, 12, kYmm},
    {kCpuLzcnt, "LZCNT", kLeafExtended, kEcx, 5, kNothing},
    {kCpuMovbe, "MOVBE", kLeaf1, kEcx, 22, kNothing},
    {kCpuAvx512f, "AVX512F", kLeaf7, kEbx, 16, kZmm},
    {kCpuAvx512bw, "AVX512BW", kLeaf7, kEbx, 30, kZmm},
    {kCpuAvx512cd, "AVX512CD", kLeaf7, kEbx, 28, kZmm},
    {kCpuAvx512dq, "AVX512DQ", kLeaf7, kEbx, 17, kZmm},
    {kCpuAvx512vl, "AVX512VL", kLeaf7, kEbx, 31, kZmm},
    {kCpuAvx512er, "AVX512ER", kLeaf7, kEbx, 27, kZmm},
    {kCpuAvx512pf, "AVX512PF", kLeaf7, kEbx, 26, kZmm},
    {kCpuAvx512ifma, "AVX512-IFMA", kLeaf7, kEbx, 21, kZmm},
    {kCpuAvx512vbmi, "AVX512-VBMI", kLeaf7, kEcx, 1, kZmm},
    {kCpuAvx512vbmi2, "AVX512-VBMI2", kLeaf7, kEcx, 6, kZmm},
    {kCpuAvx512vnni, "AVX512-VNNI", kLeaf7, kEcx, 11, kZmm},
    {kCpuAvx512bitalg, "AVX512-BITALG", kLeaf7, kEcx, 12, kZmm},
    {kCpuAvx512vpopcntdq, "AVX512-VPOPCNTDQ", kLeaf7, kEcx, 14, kZmm},
    {kCpuAvx512bf16, "AVX512-BF16", kLeaf7Sub1, kEax, 5, kZmm},
    {kCpuAvx512fp16, "AVX512-FP16", kLeaf7, kEdx, 23, kZmm},
    {kCpuGfni, "GFNI", kLeaf7, kEcx, 8, kNothing},
    {kCpuVaes, "VAES", kLeaf7, kEcx, 9, kYmm},
    {kCpuVpclmulqdq, "VPCLMULQDQ", kLeaf7, kEcx, 10, kYmm},
    {kCpuAvxVnni, "AVX-VNNI", kLeaf7Sub1, kEax, 4, kYmm},
};

bool covers(uint64_t features, uint64_t needed) {
  return (needed & ~features) == 0;
}

// Words one after the other into an array of fixed size; what does not fit is left out.
class Sentence {
 public:
  Sentence(char* out, size_t size) : out_(out), size_(size) { *out_ = '\0'; }

  Sentence& operator<<(const char* text) {
    const int written = std::snprintf(out_, size_, "%s", text);
    const size_t taken = written < 0 ? 0 : static_cast<size_t>(written);
    const size_t step = taken < size_ ? taken : size_ - 1;
    out_ += step;
    size_ -= step;
    return *this;
  }

 private:
  char* out_;
  size_t size_;
};

void list_targets(const CpuTarget* targets, int32_t count, const char* separator, Sentence& sentence) {
  for (int32_t i = 0; i < count; ++i) sentence << (i == 0 ? "" : separator) << targets[i].name;
}

void list_features(uint64_t features, Sentence& sentence) {
  bool first = true;
  for (const FeatureRow& row : kFeatures) {
    if ((features & row.feature) == 0) continue;
    sentence << (first ? "" : ", ") << row.name;
    first = false;
  }
}

// Lowest first; what each brings, in a word.
struct Level {
  const char* name;
  const char* brings;
  uint64_t features;
};
constexpr Level kLevels[] = {{"x86-64", "SSE2", 0},
                             {"x86-64-v2", "SSE4.2", kCpuLevel2},
                             {"x86-64-v3", "AVX2", kCpuLevel3},
                             {"x86-64-v4", "AVX-512", kCpuLevel4}};

const Level& level_of(uint64_t features) {
  const Level* level = kLevels;
  for (const Level& next : kLevels)
    if (covers(features, next.features)) level = &next;
  return *level;
}

// "needs a processor with AVX-512 (x86-64-v4), this one has AVX2 (x86-64-v3)"
void say_what_lacks(const CpuTarget& target, uint64_t features, Sentence& sentence) {
  const Level& needed = level_of(target.features);
  const Level& here = level_of(features);
  sentence << "needs a processor with ";
  if (needed.features > here.features) {
    sentence << needed.brings << " (" << needed.name << "), this one has " << here.brings << " (" << here.name << ")";
    return;
  }
  list_features(target.features & ~features, sentence);
  sentence << ", which this one (" << here.name << ") does not have";
}

}  // namespace

#if defined(__x86_64__)

uint64_t cpu_features() {
  unsigned words[kLeaves][4] = {};
  const auto read = [&words](Leaf leaf, unsigned number, unsigned sub) {
    unsigned* word = words[leaf];
    __get_cpuid_count(number, sub, &word[kEax], &word[kEbx], &word[kEcx], &word[kEdx]);
  };
  read(kLeaf1, 1, 0);
  read(kLeaf7, 7, 0);
  if (words[kLeaf7][kEax] >= 1) read(kLeaf7Sub1, 7, 1);
  read(kLeafExtended, 0x80000001, 0);

  constexpr unsigned kOsxsave = 1u << 27;
  uint32_t saved = 0;  // XCR0
  if ((words[kLeaf1][kEcx] & kOsxsave) != 0) {
    uint32_t high;
    asm volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  }
  constexpr uint32_t kYmmState = 0x6, kZmmState = 0xe6;
  const bool has[] = {true, (saved & kYmmState) == kYmmState, (saved & kZmmState) == kZmmState};

  uint64_t features = 0;
  for (const FeatureRow& row : kFeatures) {
    if ((words[row.leaf][row.word] >> row.bit & 1) != 0 && has[row.saved]) features |= row.feature;
  }
  return features;
}

#else

uint64_t cpu_features() {
  return 0;
}

#endif

const char* cpu_level(uint64_t features) {
  return level_of(features).name;
}

TargetChoice choose_target(const CpuTarget* targets, int32_t count, uint64_t features, const char* wanted) {
  TargetChoice choice{0, ""};
  Sentence sentence(choice.message, sizeof(choice.message));
  const bool named = wanted != nullptr && *wanted != '\0';
  for (int32_t i = 0; i < count; ++i) {
    if (named && std::strcmp(targets[i].name, wanted) != 0) continue;
    choice.index = i;
    if (covers(features, targets[i].features)) return choice;
    if (!named) continue;
    choice.index = -1;
    sentence << "KCC_TARGET is '" << wanted << "', which ";
    say_what_lacks(targets[i], features, sentence);
    return choice;
  }
  if (count == 0) return choice;
  choice.index = -1;
  if (named) {
    sentence << "KCC_TARGET is '" << wanted << "', but this program was compiled for ";
    list_targets(targets, count, ", ", sentence);
    return choice;
  }
  sentence << "this program ";
  say_what_lacks(targets[count - 1], features, sentence);
  const Level& here = level_of(features);
  if (here.features == 0) return choice;  // no target would do
  sentence << "; compile it with --target=";
  list_targets(targets, count, ",", sentence);
  sentence << "," << here.name;
  return choice;
}

TargetChoice choose_target(const Program& program) {
  return choose_target(program.cpu_targets, program.cpu_target_count, cpu_features(), std::getenv("KCC_TARGET"));
}

}  // namespace kcc::runtime
