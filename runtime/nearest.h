// nearest: "did you mean": the known name closest to one that nobody knows.
#pragma once

#include <string>
#include <vector>

namespace kcc::runtime {

// ", did you mean 'epochs'?", or "" if none is near.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& known);

}  // namespace kcc::runtime
