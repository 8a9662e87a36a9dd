// The weights of a library's model by name.
#include <cstring>

#include "runtime/embed/model.h"

namespace kcc::runtime {
namespace {

bool is_weight(const StateInfo& state) {
  return state.role == Role::kWeight || state.role == Role::kStatistic;
}

}  // namespace

const StateInfo* weight_of(const Program& program, int32_t number) {
  for (int32_t i = 0; i < program.state_count; ++i)
    if (is_weight(program.states[i]) && number-- == 0) return &program.states[i];
  return nullptr;
}

Code Model::find_weight(const char* name, int64_t count, int32_t* state) const {
  if (name == nullptr) return fail(Code::kBadArgument, "no name of a weight");
  for (int32_t i = 0; i < program_.state_count; ++i) {
    const StateInfo& candidate = program_.states[i];
    if (!is_weight(candidate) || std::strcmp(candidate.tensor.name, name) != 0) continue;
    if (candidate.tensor.type != ElementType::kF32)
      return fail(Code::kUnsupported, "weight '%s' is not of floats", name);
    if (candidate.tensor.elements != count)
      return fail(Code::kBadArgument, "weight '%s' has %lld elements, received %lld", name,
                  static_cast<long long>(candidate.tensor.elements), static_cast<long long>(count));
    *state = i;
    return Code::kOk;
  }
  return fail(Code::kBadArgument, "no weight '%s'", name);
}

Code Model::get_weight(const char* name, float* values, int64_t count) const {
  int32_t state = 0;
  if (Code code = find_weight(name, count, &state); code != Code::kOk) return code;
  if (values == nullptr) return fail(Code::kBadArgument, "weight '%s': no memory for its values", name);
  std::memcpy(values, weights_->block.data() + program_.states[state].offset,
              static_cast<size_t>(count) * sizeof(float));
  return Code::kOk;
}

Code Model::set_weight(const char* name, const float* values, int64_t count) {
  int32_t state = 0;
  if (Code code = find_weight(name, count, &state); code != Code::kOk) return code;
  if (values == nullptr) return fail(Code::kBadArgument, "weight '%s': no values", name);
  std::memcpy(weights_->block.data() + program_.states[state].offset, values,
              static_cast<size_t>(count) * sizeof(float));
  weights_->known = true;
  return Code::kOk;
}

}  // namespace kcc::runtime
