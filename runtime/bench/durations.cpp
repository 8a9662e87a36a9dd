#include "runtime/bench/durations.h"

#include <time.h>

#include <algorithm>
#include <cmath>

#include "runtime/format.h"

namespace kcc::runtime {

double Durations::quantile(double fraction) const {
  if (seconds_.empty()) return 0;
  std::vector<double> sorted = seconds_;
  const auto at = sorted.begin() + std::lround(fraction * static_cast<double>(sorted.size() - 1));
  std::nth_element(sorted.begin(), at, sorted.end());
  return *at;
}

double Durations::spread() const {
  const double middle = median();
  return middle > 0 ? (quantile(0.75) - quantile(0.25)) / middle : 0;
}

std::string Durations::to_json() const {
  return format("{\"best\": %s, \"median\": %s, \"spread\": %s, \"runs\": %zu}", json_number(best()).c_str(),
                json_number(median()).c_str(), json_number(spread()).c_str(), count());
}

double now() {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

std::string duration_text(double seconds) {
  const bool micro = seconds < 1e-3, milli = seconds < 1;
  const double value = seconds * (micro ? 1e6 : milli ? 1e3 : 1);
  const char* unit = micro ? "us" : milli ? "ms" : "s";
  return format("%.*f %s", value < 10 ? 2 : value < 100 ? 1 : 0, value, unit);
}

}  // namespace kcc::runtime
