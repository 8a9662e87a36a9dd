// One axis of a chart: which part of the numbers it shows, where its ticks stand and what they say. Linear ticks are
// multiples of 1, 2 or 5 times a power of ten (Heckbert, "Nice Numbers for Graph Labels", Graphics Gems, 1990).
#pragma once

#include <string>
#include <vector>

namespace kcc::runtime {

struct Tick {
  double value;
  std::string label;
};

struct Axis {
  double low, high;  // low < high; both > 0 if logarithmic
  bool logarithmic;
  std::vector<Tick> ticks;  // within [low, high], rising

  // 0 at low, 1 at high.
  double place(double value) const;
};

// Values of single precision from `low` to `high`, which may be equal, with some air around them; about `most` ticks.
Axis linear_axis(double low, double high, int most);
// 0 < low.
Axis log_axis(double low, double high, int most);
// Whole numbers from `low` to `high` and no air.
Axis counting_axis(double low, double high, int most);

}  // namespace kcc::runtime
