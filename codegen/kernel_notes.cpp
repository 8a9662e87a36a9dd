#include "codegen/kernel_notes.h"

#include <fmt/format.h>

#include <sstream>

namespace kcc {

// A block a line, then the schedule.
std::string to_text(const KernelNotes& notes) {
  std::string text = fmt::format("{}\n", notes.scratch.size());
  for (const ScratchBlock& block : notes.scratch)
    text += fmt::format("{} {} {}\n", block.each_thread ? 1 : 0, block.fixed, block.batch);
  return text + notes.schedule;
}

KernelNotes parse_notes(const std::string& text) {
  std::istringstream lines(text);
  KernelNotes notes;
  size_t blocks = 0;
  lines >> blocks;
  for (size_t i = 0; i < blocks && lines; ++i) {
    ScratchBlock block{};
    lines >> block.each_thread >> block.fixed >> block.batch;
    notes.scratch.push_back(block);
  }
  lines.ignore();
  std::getline(lines, notes.schedule, '\0');
  return notes;
}

}  // namespace kcc
