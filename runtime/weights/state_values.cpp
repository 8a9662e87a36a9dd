#include "runtime/weights/state_values.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "runtime/data/convert.h"
#include "runtime/data/rows.h"

namespace kcc::runtime {
namespace {

constexpr char kOptimizer[] = "optimizer/";

int64_t number_of(const StateInfo* state) {
  const std::string path = state->file_path;
  return std::atoll(path.c_str() + path.rfind('/') + 1);
}

}  // namespace

std::vector<int64_t> shape_of(const TensorInfo& tensor) {
  return std::vector<int64_t>(tensor.extents, tensor.extents + tensor.rank);
}

Array view_state(const StateInfo& state, const char* block) {
  return view_array(state.tensor.type, shape_of(state.tensor), block + state.offset);
}

Status check_values(const std::string& source, const StateInfo& state, const Array& array) {
  const std::string place = source + ": '" + state.tensor.name + "'";
  if (state.tensor.type == ElementType::kI32)
    return check_integral(place, array, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
  if (state.tensor.type == ElementType::kU32)
    return check_integral(place, array, 0, std::numeric_limits<uint32_t>::max());
  return {};
}

void copy_values(const std::vector<StateValues>& values, char* block) {
  for (const StateValues& value : values)
    convert_array(value.array, value.state->tensor.type, block + value.state->offset);
}

bool is_optimizer_path(const std::string& path) {
  return path.starts_with(kOptimizer);
}

std::vector<const StateInfo*> optimizer_states(const Program& program) {
  std::vector<const StateInfo*> states;
  for (int32_t i = 0; i < program.state_count; ++i)
    if (is_optimizer_path(program.states[i].file_path)) states.push_back(&program.states[i]);
  std::sort(states.begin(), states.end(), [](auto* a, auto* b) { return number_of(a) < number_of(b); });
  return states;
}

}  // namespace kcc::runtime
