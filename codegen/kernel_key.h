// What a kernel computes, as text: what the cache finds objects and schedules by. Names that people gave are not in it.
#pragma once

#include <string>

#include "codegen/build_kernels.h"

namespace kcc {

// The kernel under a neutral name, so that what is compiled depends on nothing else than the key.
constexpr char kNeutralName[] = "kcc_kernel";
Kernel nameless(const Kernel& kernel);

// What is compiled of a nameless kernel, for which machine and batch.
std::string content_key(const Kernel& plain, const MachineTarget& target, int64_t batch);

// "columns=4 rows=6"; and back: words that are none are left out.
std::string to_string(const Tuning& tuning);
Tuning parse_tuning(const std::string& text);

}  // namespace kcc
