#include "codegen/template.h"

#include "compiler/support/check.h"

namespace kcc {

std::string fill_template(const std::string& frame, const std::map<std::string, std::string>& holes) {
  std::string text;
  for (size_t at = 0;;) {
    const size_t open = frame.find('@', at);
    text += frame.substr(at, open - at);
    if (open == std::string::npos) return text;
    const size_t close = frame.find('@', open + 1);
    const auto hole = holes.find(frame.substr(open + 1, close - open - 1));
    KCC_CHECK(hole != holes.end(), "the template has a hole that nothing fills");
    text += hole->second;
    at = close + 1;
  }
}

}  // namespace kcc
