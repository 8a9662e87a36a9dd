// Cpu: what this machine's processor offers, and which of a program's targets runs on it. The first thing that happens
// before any kernel runs: kernels use instructions that older processors do not have, and would die of SIGILL there.
// Plain C++ without the standard library, because libraries for other people's programs hold this, too.
#pragma once

#include <cstdint>

namespace kcc::runtime {

struct Program;

// Bits of what a processor offers and the operating system supports. Only what kernels' code may use.
constexpr uint64_t kCpuSse3 = 1ull << 0;
constexpr uint64_t kCpuSsse3 = 1ull << 1;
constexpr uint64_t kCpuSse41 = 1ull << 2;
constexpr uint64_t kCpuSse42 = 1ull << 3;
constexpr uint64_t kCpuPopcnt = 1ull << 4;
constexpr uint64_t kCpuCx16 = 1ull << 5;
constexpr uint64_t kCpuLahf = 1ull << 6;
constexpr uint64_t kCpuAvx = 1ull << 7;
constexpr uint64_t kCpuAvx2 = 1ull << 8;
constexpr uint64_t kCpuBmi1 = 1ull << 9;
constexpr uint64_t kCpuBmi2 = 1ull << 10;
constexpr uint64_t kCpuF16c = 1ull << 11;
constexpr uint64_t kCpuFma = 1ull << 12;
constexpr uint64_t kCpuLzcnt = 1ull << 13;
constexpr uint64_t kCpuMovbe = 1ull << 14;
constexpr uint64_t kCpuAvx512f = 1ull << 15;
constexpr uint64_t kCpuAvx512bw = 1ull << 16;
constexpr uint64_t kCpuAvx512cd = 1ull << 17;
constexpr uint64_t kCpuAvx512dq = 1ull << 18;
constexpr uint64_t kCpuAvx512vl = 1ull << 19;
constexpr uint64_t kCpuAvx512er = 1ull << 20;
constexpr uint64_t kCpuAvx512pf = 1ull << 21;
constexpr uint64_t kCpuAvx512ifma = 1ull << 22;
constexpr uint64_t kCpuAvx512vbmi = 1ull << 23;
constexpr uint64_t kCpuAvx512vbmi2 = 1ull << 24;
constexpr uint64_t kCpuAvx512vnni = 1ull << 25;
constexpr uint64_t kCpuAvx512bitalg = 1ull << 26;
constexpr uint64_t kCpuAvx512vpopcntdq = 1ull << 27;
constexpr uint64_t kCpuAvx512bf16 = 1ull << 28;
constexpr uint64_t kCpuAvx512fp16 = 1ull << 29;
constexpr uint64_t kCpuGfni = 1ull << 30;
constexpr uint64_t kCpuVaes = 1ull << 31;
constexpr uint64_t kCpuVpclmulqdq = 1ull << 32;
constexpr uint64_t kCpuAvxVnni = 1ull << 33;

// The levels of the x86-64 psABI; what comes with SSE2 is in every 64-bit processor.
constexpr uint64_t kCpuLevel2 = kCpuSse3 | kCpuSsse3 | kCpuSse41 | kCpuSse42 | kCpuPopcnt | kCpuCx16 | kCpuLahf;
constexpr uint64_t kCpuLevel3 =
    kCpuLevel2 | kCpuAvx | kCpuAvx2 | kCpuBmi1 | kCpuBmi2 | kCpuF16c | kCpuFma | kCpuLzcnt | kCpuMovbe;
constexpr uint64_t kCpuLevel4 = kCpuLevel3 | kCpuAvx512f | kCpuAvx512bw | kCpuAvx512cd | kCpuAvx512dq | kCpuAvx512vl;

// What a program's kernels were compiled for.
struct CpuTarget {
  const char* name;   // as --target calls it: "x86-64-v3", "host"
  uint64_t features;  // that it needs; 0: any processor of its kind
};

// Of this processor; 0 where it is no x86.
uint64_t cpu_features();

// The highest level that the features reach: "x86-64-v3"; "x86-64" is the lowest.
const char* cpu_level(uint64_t features);

struct TargetChoice {
  int32_t index;      // of the best target that runs; -1: there is none
  char message[640];  // why there is none: a sentence for the user
};

// `targets` best first. `wanted` names the one to take instead of the best; null or "": none is named.
TargetChoice choose_target(const CpuTarget* targets, int32_t count, uint64_t features, const char* wanted);

// For this processor and what the environment variable KCC_TARGET wants. 0 for programs that do not say their targets.
TargetChoice choose_target(const Program& program);

}  // namespace kcc::runtime
