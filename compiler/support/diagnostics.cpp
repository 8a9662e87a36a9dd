#include "compiler/support/diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>

namespace kcc {
namespace {

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

// Edit distance without regard to case; two letters exchanged count once ("Desne", "Dense").
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> before, above, row(b.size() + 1);  // rows i - 2, i - 1 and i
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    before = std::move(above);
    above = row;
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool differ = lower(a[i - 1]) != lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + differ});
      const bool exchanged = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (exchanged) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

std::string where(const Place& place) {
  std::string text = place.file;
  if (place.line > 0) text += fmt::format(":{}:{}", place.line, place.column);
  if (!place.layer.empty()) text += fmt::format("{}layer '{}'", text.empty() ? "" : ": ", place.layer);
  return text.empty() ? "kcc" : text;
}

}  // namespace

void Diagnostics::error(Place place, std::string message, std::string hint) {
  errors_.push_back({std::move(place), std::move(message), std::move(hint)});
}

std::string Diagnostics::render(bool color) const {
  std::string text;
  for (const Diagnostic& d : errors_) {
    text +=
        fmt::format("{}: {}error:{} {}", where(d.place), color ? "\x1b[1;31m" : "", color ? "\x1b[0m" : "", d.message);
    if (!d.hint.empty()) text += fmt::format("; {}", d.hint);
    text += '\n';
  }
  return text;
}

std::string nearest(const std::string& name, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates) {
  std::string near = nearest(name, candidates);
  return near.empty() ? "" : fmt::format("did you mean '{}'?", near);
}

}  // namespace kcc
