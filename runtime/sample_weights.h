// Sample weights: how much each sample counts in the loss, from files or from the classes of the labels. Completes a
// Dataset that bind_data made.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/bind_data.h"

namespace kcc::runtime {

// "0=1,1=50": classes that are not named weigh 1.
using ClassWeights = std::map<int64_t, double>;
Result<ClassWeights> parse_class_weights(const std::string& text);

// `option` names the files' option in messages: "--sample-weight".
Status bind_sample_weights(const Program& program, const std::string& option, const std::vector<std::string>& files,
                           Dataset* data);
Status bind_class_weights(const Program& program, const ClassWeights& weights, Dataset* data);

}  // namespace kcc::runtime
