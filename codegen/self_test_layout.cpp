#include "codegen/self_test_layout.h"

#include <fmt/format.h>

namespace kcc {
namespace {

std::string pointers(const char* name, const std::vector<int64_t>& offsets) {
  std::string rows;
  for (int64_t offset : offsets) rows += fmt::format("    kcc_self_test + {},\n", offset);
  return fmt::format("const void* const {}[] = {{\n{}}};\n", name, rows);
}

}  // namespace

std::string emit_self_test(const SelfTestLayout& layout) {
  if (layout.rows == 0) return "";
  return R"(extern "C" __attribute__((visibility("hidden"))) const char kcc_self_test[];
asm(".pushsection .rodata.kcc_self_test, \"a\"\n.balign 64\nkcc_self_test: .incbin \"self_test.bin\"\n.popsection");
)" + pointers("kSelfTestInputs", layout.inputs) +
         pointers("kSelfTestExpected", layout.expected) +
         fmt::format("const SelfTest kSelfTest = {{{}, kSelfTestInputs, kSelfTestExpected}};\n", layout.rows);
}

}  // namespace kcc
