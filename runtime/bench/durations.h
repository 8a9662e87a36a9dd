// Durations: how long each of many runs took, in a few numbers. The best is what the machine can do; the median is
// what it does; the quartiles say how far to trust both.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kcc::runtime {

class Durations {
 public:
  void add(double seconds) { seconds_.push_back(seconds); }
  size_t count() const { return seconds_.size(); }

  // Seconds; 0 where there are none. `fraction` of the runs are no longer than the quantile: 0 the best, 0.5 the
  // median.
  double quantile(double fraction) const;
  double best() const { return quantile(0); }
  double median() const { return quantile(0.5); }
  // How far the middle half of the runs is apart, as a part of the median.
  double spread() const;

  // {"best": seconds, "median": ..., "spread": ..., "runs": ...}
  std::string to_json() const;

 private:
  std::vector<double> seconds_;
};

// Seconds of a clock that only goes forward.
double now();

// "12.3 us", "4.56 ms", "1.23 s"
std::string duration_text(double seconds);

}  // namespace kcc::runtime
