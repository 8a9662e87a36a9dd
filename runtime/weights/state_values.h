// Which values of a file go to which state of a program: what every reader of weights ends in.
#pragma once

#include <string>
#include <vector>

#include "runtime/data/array.h"
#include "runtime/program.h"

namespace kcc::runtime {

struct StateValues {
  const StateInfo* state;
  Array array;
};

std::vector<int64_t> shape_of(const TensorInfo& tensor);

// The state's values in a state block.
Array view_state(const StateInfo& state, const char* block);

// Whether the file's numbers can be this state's: its integers must be whole and in range.
Status check_values(const std::string& source, const StateInfo& state, const Array& array);

void copy_values(const std::vector<StateValues>& values, char* block);

// Those that the optimizer keeps in files, in Keras's order ("optimizer/vars/0", "optimizer/vars/1", ...).
std::vector<const StateInfo*> optimizer_states(const Program& program);
bool is_optimizer_path(const std::string& path);

}  // namespace kcc::runtime
