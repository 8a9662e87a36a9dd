#include "runtime/progress_text.h"

#include <cmath>
#include <string_view>

#include "runtime/format.h"

namespace kcc::runtime {
namespace {

std::string repeat(std::string_view text, int64_t times) {
  std::string out;
  for (int64_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string duration(double seconds, const char* unit) {
  if (seconds >= 1 || seconds == 0) return format(" %.0fs/%s", seconds, unit);
  if (seconds >= 1e-3) return format(" %.0fms/%s", seconds * 1e3, unit);
  return format(" %.0fus/%s", seconds * 1e6, unit);
}

std::string remaining_time(const Moment& m) {
  const double seconds = m.seconds_a_step * static_cast<double>(m.target - m.current);
  const int64_t whole = static_cast<int64_t>(seconds);
  if (seconds > 3600) return format("%ld:%02ld:%02ld", whole / 3600, whole % 3600 / 60, whole % 60);
  if (seconds > 60) return format("%ld:%02ld", whole / 60, whole % 60);
  return format("%lds", whole);
}

std::string count(const Moment& m) {
  const int digits = static_cast<int>(std::log10(static_cast<double>(m.target))) + 1;
  return format("%*ld/%ld", digits, m.current, m.target);
}

std::string unknown_count(const Moment& m) {
  return format("%7ld/Unknown", m.current);
}

int64_t filled(const Moment& m, int64_t width) {
  return static_cast<int64_t>(static_cast<double>(width) *
                              (static_cast<double>(m.current) / static_cast<double>(m.target)));
}

// Keras's lines forget the sign of the value, its bars do not: -0.5 prints as -5.0000e-01 in a line.
std::string metrics(const Logs& values, bool by_magnitude) {
  std::string text;
  for (const auto& [name, value] : values) {
    const double size = by_magnitude ? std::fabs(value) : value;
    text += " - " + name + ": " + (std::isnan(value) ? "nan" : format(size > 1e-3 ? "%.4f" : "%.4e", value));
  }
  return text;
}

// Keras 3's, or the same without colours.
struct Paint {
  bool colours;
  std::string operator()(const char* escape, const std::string& text) const {
    return colours ? escape + text + "\x1b[0m" : text;
  }
};

std::string keras3_bar(const Moment& m, bool plain) {
  constexpr int64_t kWidth = 20;
  const Paint paint{!plain};
  std::string text;
  if (m.target > 0) {
    const int64_t width = filled(m, kWidth);
    text = paint("\x1b[1m", count(m)) + " ";
    if (width > 0) text += paint("\x1b[32m", repeat(plain ? "=" : "━", width));
    text += paint("\x1b[37m", repeat(plain ? "." : "━", kWidth - width));
  } else {
    text = unknown_count(m);
  }
  const bool estimate = m.target > 0 && !m.last;
  const std::string time = estimate ? remaining_time(m) : format("%.0fs", m.seconds);
  return text + " " + paint("\x1b[1m", time) + duration(m.seconds_a_step, "step") + metrics(m.values, true);
}

std::string keras2_bar(const Moment& m) {
  constexpr int64_t kWidth = 30;
  std::string text;
  if (m.target > 0) {
    const int64_t width = filled(m, kWidth);
    text = count(m) + " [";
    if (width > 0) text += repeat("=", width - 1) + (m.current < m.target ? ">" : "=");
    text += repeat(".", kWidth - width) + "]";
  } else {
    text = unknown_count(m);
  }
  const bool estimate = m.target > 0 && !m.last;
  text +=
      estimate ? " - ETA: " + remaining_time(m) : format(" - %.0fs", m.seconds) + duration(m.seconds_a_step, "step");
  return text + metrics(m.values, true);
}

}  // namespace

std::string bar_text(BarStyle style, const Moment& moment) {
  return style == BarStyle::kKeras2 ? keras2_bar(moment) : keras3_bar(moment, style == BarStyle::kPlain);
}

std::string line_text(BarStyle style, const Moment& m) {
  const std::string begin = count(m) + format(" - %.0fs", m.seconds);
  if (style != BarStyle::kKeras2) return begin + " -" + duration(m.seconds_a_step, "step") + metrics(m.values, false);
  // Keras 2's mean over the whole epoch, its first step included.
  return begin + metrics(m.values, false) + " -" + duration(m.seconds, "epoch") + " -" +
         duration(m.seconds / static_cast<double>(m.target), "step");
}

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

std::string clipped(const std::string& text, int64_t columns) {
  std::string out;
  int64_t width = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      const size_t end = text.find('m', i);
      out.append(text, i, end - i + 1);
      i = end;
      continue;
    }
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) ++width;
    if (width <= columns) out += text[i];
  }
  return out;
}

}  // namespace kcc::runtime
