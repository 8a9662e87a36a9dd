#include "runtime/progress_bar.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "runtime/format.h"

namespace kcc::runtime {
namespace {

constexpr int64_t kWidth = 20;
constexpr double kInterval = 0.05;  // seconds between two drawings

std::string repeat(std::string_view text, int64_t times) {
  std::string out;
  for (int64_t i = 0; i < times; ++i) out += text;
  return out;
}

// As a terminal shows it: escape sequences take no room, a UTF-8 character one column.
int64_t shown_width(const std::string& text) {
  int64_t width = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b')
      i = text.find('m', i);
    else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80)
      ++width;
  }
  return width;
}

std::string step_time(double seconds) {
  if (seconds >= 1 || seconds == 0) return format(" %.0fs/step", seconds);
  if (seconds >= 1e-3) return format(" %.0fms/step", seconds * 1e3);
  return format(" %.0fus/step", seconds * 1e6);
}

std::string remaining_time(double seconds) {
  const int64_t whole = static_cast<int64_t>(seconds);
  if (seconds > 3600) {
    return format("%ld:%02ld:%02ld", whole / 3600, whole % 3600 / 60, whole % 60);
  }
  if (seconds > 60) return format("%ld:%02ld", whole / 60, whole % 60);
  return format("%lds", whole);
}

std::string count(int64_t current, int64_t target) {
  const int digits = static_cast<int>(std::log10(static_cast<double>(target))) + 1;
  return format("%*ld/%ld", digits, current, target);
}

}  // namespace

ProgressBar::ProgressBar(int64_t target, int verbose, BarStyle style, double now)
    : target_(target), verbose_(verbose), style_(style), start_(now) {}

bool ProgressBar::is_due(double now) const {
  return now - last_update_ >= kInterval;
}

std::string ProgressBar::update(int64_t current, const Logs& values, bool finalize, double now) {
  for (const auto& value : values) {
    const auto same = std::find_if(values_.begin(), values_.end(), [&](auto& v) { return v.first == value.first; });
    if (same == values_.end())
      values_.push_back(value);
    else
      same->second = value.second;
  }
  const double seconds_a_step = step_duration(current, now);
  if (verbose_ == 1 && !is_due(now) && !finalize) return "";
  last_update_ = now;
  if (verbose_ == 1) return draw(current, finalize, now, seconds_a_step);
  if (verbose_ == 2 && finalize && target_ > 0) return line(current, now, seconds_a_step);
  return "";
}

std::string ProgressBar::paint(const char* escape, const std::string& text) const {
  return style_ == BarStyle::kPlain ? text : escape + text + "\x1b[0m";
}

std::string ProgressBar::bar(int64_t current) const {
  if (target_ <= 0) return format("%7ld/Unknown", current);
  const char* done = style_ == BarStyle::kPlain ? "=" : "━";
  const char* rest = style_ == BarStyle::kPlain ? "." : "━";
  const int64_t width = static_cast<int64_t>(kWidth * (static_cast<double>(current) / static_cast<double>(target_)));
  std::string text = paint("\x1b[1m", count(current, target_)) + " ";
  if (width > 0) text += paint("\x1b[32m", repeat(done, width));
  return text + paint("\x1b[37m", repeat(rest, kWidth - width));
}

std::string ProgressBar::draw(int64_t current, bool finalize, double now, double seconds_a_step) {
  const bool estimate = target_ > 0 && !finalize;
  const std::string time = estimate ? remaining_time(seconds_a_step * static_cast<double>(target_ - current))
                                    : format("%.0fs", now - start_);
  const std::string text = bar(current) + " " + paint("\x1b[1m", time) + step_time(seconds_a_step) + metrics(true);

  std::string message(static_cast<size_t>(previous_width_), '\b');
  message += "\r" + text;
  const int64_t width = shown_width(text);
  if (previous_width_ > width) message.append(static_cast<size_t>(previous_width_ - width), ' ');
  if (finalize) message += '\n';
  previous_width_ = width;
  return message;
}

std::string ProgressBar::line(int64_t current, double now, double seconds_a_step) const {
  return count(current, target_) + format(" - %.0fs", now - start_) + " -" + step_time(seconds_a_step) +
         metrics(false) + "\n";
}

// Keras's line form forgets the sign of the value: -0.5 prints as -5.0000e-01 there.
std::string ProgressBar::metrics(bool by_magnitude) const {
  std::string text;
  for (const auto& [name, value] : values_) {
    const double size = by_magnitude ? std::fabs(value) : value;
    const std::string number = std::isnan(value) ? "nan" : format(size > 1e-3 ? "%.4f" : "%.4e", value);
    text += " - " + name + ": " + number;
  }
  return text;
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
