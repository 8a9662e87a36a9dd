#include "runtime/history.h"

#include "runtime/callbacks/record.h"
#include "runtime/csv_rows.h"
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

std::string History::to_csv() const {
  if (epochs_.empty()) return "";
  const CsvRows rows(epochs_.front().logs, ',');
  std::string text = rows.header();
  for (const Epoch& epoch : epochs_) text += rows.row(epoch.number, epoch.logs);
  return text;
}

void History::exchange(Record& record) {
  std::vector<int64_t> numbers;
  std::vector<std::string> names;
  std::vector<double> values;  // an epoch after the other
  if (!epochs_.empty()) {
    for (const auto& [name, value] : epochs_.front().logs) names.push_back(name);
  }
  for (const Epoch& epoch : epochs_) {
    numbers.push_back(epoch.number);
    for (const auto& [name, value] : epoch.logs) values.push_back(value);
  }
  record.field("epochs", &numbers);
  record.field("names", &names);
  record.field("values", &values);
  if (!record.loads() || values.size() != numbers.size() * names.size()) return;
  epochs_.clear();
  for (const int64_t number : numbers) {
    Epoch epoch{number, {}};
    for (const std::string& name : names)
      epoch.logs.emplace_back(name, values[epochs_.size() * names.size() + epoch.logs.size()]);
    epochs_.push_back(std::move(epoch));
  }
}

}  // namespace kcc::runtime
