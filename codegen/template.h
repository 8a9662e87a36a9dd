// Text frames with holes: codegen/templates/*.in.
#pragma once

#include <map>
#include <string>

namespace kcc {

// The frame with every @hole@ filled.
std::string fill_template(const std::string& frame, const std::map<std::string, std::string>& holes);

}  // namespace kcc
