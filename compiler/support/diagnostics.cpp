#include "compiler/support/diagnostics.h"

#include <algorithm>
#include <cctype>
#include <numeric>

#include <fmt/format.h>

namespace kcc {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Levenshtein distance without regard to case.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (lower(a[i]) != lower(b[j]))});
      diagonal = above;
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
    text += fmt::format("{}: {}error:{} {}", where(d.place), color ? "\x1b[1;31m" : "", color ? "\x1b[0m" : "", d.message);
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
