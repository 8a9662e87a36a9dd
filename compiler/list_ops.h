// `kcc ops`: what is supported, as text for a terminal or as the page docs/ops.md.
#pragma once

#include <string>

namespace kcc {

enum class OpsForm { kText, kMarkdown };

std::string ops_text(OpsForm form);

}  // namespace kcc
