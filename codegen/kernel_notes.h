// KernelNotes: what is known of a compiled kernel besides its object. Kept with it in the cache, as text.
#pragma once

#include <string>
#include <vector>

#include "codegen/scratch.h"

namespace kcc {

struct KernelNotes {
  std::string schedule;  // for people
  std::vector<ScratchBlock> scratch;
};

std::string to_text(const KernelNotes& notes);
KernelNotes parse_notes(const std::string& text);

}  // namespace kcc
