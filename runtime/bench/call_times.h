// CallTimes: how long each kernel call of a step takes. Programs that `kcc bench` compiles say before and after each
// call which one it is (Context::begin_call); a call inside a loop counts as one, all its turns added up.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/bench/durations.h"

namespace kcc::runtime {

class CallTimes {
 public:
  explicit CallTimes(int32_t calls) : calls_(static_cast<size_t>(calls)) {}

  void begin() { began_ = now(); }
  void end(int32_t call);
  // After each run of an entry: what its calls took goes to their durations.
  void end_step();

  // {"call": index, "turns": of a step at most, "best": ...}, one for each call that was made, by index.
  std::string to_json() const;

 private:
  struct Call {
    double seconds = 0;  // of this step
    int64_t turns = 0;
    int64_t most_turns = 0;
    Durations steps;
  };
  double began_ = 0;
  std::vector<Call> calls_;
};

}  // namespace kcc::runtime
