// StageTimes: how long each stage took, for --time-report.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace kcc {

class StageTimes {
 public:
  // Ends the stage before, if any, and begins this one.
  void begin(const std::string& stage);
  // A line a stage: seconds, share, name.
  std::string report();

 private:
  using Clock = std::chrono::steady_clock;
  void end();
  std::vector<std::pair<std::string, double>> stages_;
  Clock::time_point started_;
  bool running_ = false;
};

}  // namespace kcc
