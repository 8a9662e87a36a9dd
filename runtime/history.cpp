#include "runtime/history.h"

#include <algorithm>

#include "runtime/format.h"

namespace kcc::runtime {

void History::add(int64_t epoch, const Logs& logs) {
  epochs_.push_back({epoch, logs});
}

std::string History::to_json() const {
  if (epochs_.empty()) return "{}";
  std::vector<std::string> series;
  for (size_t i = 0; i < epochs_.front().logs.size(); ++i) {
    std::vector<std::string> values;
    for (const Epoch& epoch : epochs_) values.push_back(json_number(epoch.logs[i].second));
    const std::string name = json_string(epochs_.front().logs[i].first);
    series.push_back(format("%s: [%s]", name.c_str(), join(values, ", ").c_str()));
  }
  return format("{%s}", join(series, ", ").c_str());
}

// Without validation CSVLogger keeps columns for it, filled with NA, so that later rows could have some.
std::string History::to_csv() const {
  if (epochs_.empty()) return "";
  const Logs& first = epochs_.front().logs;
  const bool validated = std::any_of(first.begin(), first.end(), [](auto& v) { return v.first.rfind("val_", 0) == 0; });
  std::string text = "epoch";
  for (const auto& value : first) text += ',' + value.first;
  if (!validated) {
    for (const auto& value : first) text += ",val_", text += value.first;
  }
  text += "\r\n";
  for (const Epoch& epoch : epochs_) {
    text += std::to_string(epoch.number);
    for (const auto& value : epoch.logs) text += ',' + python_repr(value.second);
    if (!validated) {
      for (size_t i = 0; i < first.size(); ++i) text += ",NA";
    }
    text += "\r\n";
  }
  return text;
}

}  // namespace kcc::runtime
