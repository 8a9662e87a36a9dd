#include "runtime/plot/axis.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "runtime/format.h"

namespace kcc::runtime {
namespace {

constexpr double kAir = 0.05;  // of the extent, on either side

// The smallest of 1, 2, 5 times a power of ten that is at least `step`.
double nice_step(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= step * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

// As many decimals as the step has; powers of ten where that would be long.
std::string label_of(double value, double step) {
  const double size = std::fabs(value);
  if (value == 0) return "0";
  if (size >= 1e5 || step < 0.99e-4) return format("%.4g", value);
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  return format("%.*f", decimals, value);
}

std::vector<Tick> multiples(double low, double high, double step) {
  std::vector<Tick> ticks;
  const double slack = 1e-9 * step;
  for (double i = std::ceil((low - slack) / step); i * step <= high + slack; ++i) {
    const double value = i * step;
    ticks.push_back({value, label_of(value, step)});
  }
  return ticks;
}

}  // namespace

double Axis::place(double value) const {
  if (logarithmic) return std::log(value / low) / std::log(high / low);
  return (value - low) / (high - low);
}

Axis linear_axis(double low, double high, int most) {
  // Extents near the rounding of the values themselves have no ticks of their own.
  const double least = std::max(std::fabs(low), std::fabs(high)) * 1e-6;
  const double air = high - low > least ? (high - low) * kAir : std::max(least, 1e-12) * 10;
  low -= air;
  high += air;
  return {low, high, false, multiples(low, high, nice_step((high - low) / most))};
}

Axis log_axis(double low, double high, int most) {
  const double air = std::pow(high / low, kAir);
  Axis axis{low / air, high * air, true, {}};
  const int first = static_cast<int>(std::floor(std::log10(axis.low)));
  const int last = static_cast<int>(std::floor(std::log10(axis.high)));
  const bool few = last - first < 3;
  const int every = 1 + (last - first) / (most + 1);
  for (int power = first; power <= last; ++power) {
    if (power % every != 0) continue;
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10.0, power);
      const bool shown = factor == 1 || few;
      if (shown && value >= axis.low && value <= axis.high) axis.ticks.push_back({value, format("%g", value)});
    }
  }
  return axis;
}

Axis counting_axis(double low, double high, int most) {
  if (high <= low) return {low - 1, low + 1, false, {{low, format("%.0f", low)}}};
  const double step = std::max(1.0, nice_step((high - low) / most));
  return {low, high, false, multiples(low, high, step)};
}

}  // namespace kcc::runtime
