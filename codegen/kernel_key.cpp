#include "codegen/kernel_key.h"

#include <fmt/format.h>

#include <cstdlib>
#include <sstream>

#include "compiler/ir/print.h"

namespace kcc {

Kernel nameless(const Kernel& kernel) {
  Kernel plain = kernel;
  plain.name = kNeutralName;
  plain.body.name = kNeutralName;
  for (size_t i = 0; i < plain.body.inputs.size(); ++i) plain.body.inputs[i].name = fmt::format("in{}", i);
  for (size_t i = 0; i < plain.body.outputs.size(); ++i) plain.body.outputs[i].name = fmt::format("out{}", i);
  for (Node& node : plain.body.nodes) node.origin = -1;
  return plain;
}

std::string content_key(const Kernel& plain, const MachineTarget& target, int64_t batch) {
  return fmt::format("halide {}.{}.{}\ntarget {}\nlanes {} registers {}\nbatch {}\nfamily {} anchor {}\n{}",
                     HALIDE_VERSION_MAJOR, HALIDE_VERSION_MINOR, HALIDE_VERSION_PATCH,
                     target.halide.to_string(), target.lanes, target.registers,
                     batch, name_of(plain.family), plain.anchor, to_string(plain.body));
}

std::string to_string(const Tuning& tuning) {
  std::string text;
  for (const auto& [name, value] : tuning) text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  return text;
}

Tuning parse_tuning(const std::string& text) {
  Tuning tuning;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    if (equals != std::string::npos) tuning[word.substr(0, equals)] = std::atoll(word.c_str() + equals + 1);
  }
  return tuning;
}

}  // namespace kcc
