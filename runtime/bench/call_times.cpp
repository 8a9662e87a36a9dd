#include "runtime/bench/call_times.h"

#include <algorithm>

#include "runtime/context.h"
#include "runtime/format.h"

namespace kcc::runtime {

void CallTimes::end(int32_t call) {
  Call& c = calls_[static_cast<size_t>(call)];
  c.seconds += now() - began_;
  ++c.turns;
}

void CallTimes::end_step() {
  for (Call& c : calls_) {
    if (c.turns == 0) continue;
    c.steps.add(c.seconds);
    c.most_turns = std::max(c.most_turns, c.turns);
    c.seconds = 0;
    c.turns = 0;
  }
}

std::string CallTimes::to_json() const {
  std::vector<std::string> items;
  for (size_t i = 0; i < calls_.size(); ++i) {
    const Call& c = calls_[i];
    if (c.steps.count() == 0) continue;
    items.push_back(
        format("{\"call\": %zu, \"turns\": %ld, \"time\": %s}", i, c.most_turns, c.steps.to_json().c_str()));
  }
  return "[" + join(items, ", ") + "]";
}

// Here rather than with the rest of Context: only programs that time their calls take it in.
void Context::begin_call(int32_t) {
  if (times_ != nullptr) times_->begin();
}

void Context::end_call(int32_t call) {
  if (times_ != nullptr) times_->end(call);
}

}  // namespace kcc::runtime
