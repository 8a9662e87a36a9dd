#include "runtime/progress_bar.h"

#include <algorithm>

namespace kcc::runtime {
namespace {

constexpr double kInterval = 0.05;  // seconds between two drawings

}  // namespace

ProgressBar::ProgressBar(int64_t target, int verbose, BarStyle style, double now)
    : target_(target), verbose_(verbose), style_(style), start_(now) {}

bool ProgressBar::is_due(double now) const {
  return now - last_update_ >= kInterval;
}

std::string ProgressBar::update(int64_t current, const Logs& values, bool finalize, double now, int64_t columns) {
  for (const auto& value : values) {
    const auto same = std::find_if(values_.begin(), values_.end(), [&](auto& v) { return v.first == value.first; });
    if (same == values_.end())
      values_.push_back(value);
    else
      same->second = value.second;
  }
  const Moment moment{current, target_, finalize, now - start_, step_duration(current, now), values_};
  if (verbose_ == 1 && !is_due(now) && !finalize) return "";
  last_update_ = now;
  if (verbose_ == 1) return draw(moment, columns);
  if (verbose_ == 2 && finalize && target_ > 0) return line_text(style_, moment) + "\n";
  return "";
}

std::string ProgressBar::draw(const Moment& moment, int64_t columns) {
  std::string text = bar_text(style_, moment);
  if (columns > 0 && !moment.last && shown_width(text) >= columns) text = clipped(text, columns - 1);
  std::string message(static_cast<size_t>(previous_width_), '\b');
  message += "\r" + text;
  const int64_t width = shown_width(text);
  if (previous_width_ > width) message.append(static_cast<size_t>(previous_width_ - width), ' ');
  if (moment.last) message += '\n';
  previous_width_ = width;
  return message;
}

// The first step is not representative: later estimates leave it out.
double ProgressBar::step_duration(int64_t current, double now) {
  if (current == 0) return 0;
  const double steps = static_cast<double>(current);
  const double duration =
      has_first_step_ && current > 1 ? (now - after_first_step_) / (steps - 1) : (now - start_) / steps;
  if (current == 1) {
    after_first_step_ = now;
    has_first_step_ = true;
  }
  return duration;
}

}  // namespace kcc::runtime
