#include "compiler/support/timing.h"

#include <fmt/format.h>

namespace kcc {

void StageTimes::end() {
  if (running_) stages_.back().second = std::chrono::duration<double>(Clock::now() - started_).count();
  running_ = false;
}

void StageTimes::begin(const std::string& stage) {
  end();
  stages_.emplace_back(stage, 0.0);
  started_ = Clock::now();
  running_ = true;
}

std::string StageTimes::report() {
  end();
  double total = 0;
  for (const auto& [stage, seconds] : stages_) total += seconds;
  std::string text;
  for (const auto& [stage, seconds] : stages_)
    text += fmt::format("{:8.3f} s {:5.1f} %  {}\n", seconds, 100 * seconds / total, stage);
  return text + fmt::format("{:8.3f} s          total\n", total);
}

}  // namespace kcc
