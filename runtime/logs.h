// Logs: names and values of the loss and the metrics, in the order in which they are shown.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kcc::runtime {

using Logs = std::vector<std::pair<std::string, double>>;

inline std::optional<double> find_log(const Logs& logs, const std::string& name) {
  for (const auto& [known, value] : logs) {
    if (known == name) return value;
  }
  return std::nullopt;
}

// As a dict's item: in its old place, or at the end.
inline void set_log(Logs& logs, const std::string& name, double value) {
  for (auto& [known, old] : logs) {
    if (known == name) {
      old = value;
      return;
    }
  }
  logs.emplace_back(name, value);
}

}  // namespace kcc::runtime
