#include "runtime/csv_rows.h"

#include <algorithm>

#include "runtime/format.h"

namespace kcc::runtime {
namespace {

// As Python's csv module: quotes only where they are needed.
std::string quoted(const std::string& text, char separator) {
  if (text.find_first_of(std::string("\"\r\n") + separator) == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

}  // namespace

CsvRows::CsvRows(const Logs& first, char separator) : separator_(separator) {
  for (const auto& [name, value] : first) names_.push_back(name);
  std::sort(names_.begin(), names_.end());
  if (std::any_of(names_.begin(), names_.end(), [](auto& name) { return name.starts_with("val_"); })) return;
  for (size_t i = 0, count = names_.size(); i < count; ++i) names_.push_back("val_" + names_[i]);
}

std::string CsvRows::line(const std::vector<std::string>& cells) const {
  std::string text;
  for (const std::string& cell : cells) {
    if (&cell != &cells.front()) text += separator_;
    text += quoted(cell, separator_);
  }
  return text + "\r\n";
}

std::string CsvRows::header() const {
  std::vector<std::string> cells = {"epoch"};
  cells.insert(cells.end(), names_.begin(), names_.end());
  return line(cells);
}

std::string CsvRows::row(int64_t epoch, const Logs& logs) const {
  std::vector<std::string> cells = {std::to_string(epoch)};
  for (const std::string& name : names_) {
    const std::optional<double> value = find_log(logs, name);
    cells.push_back(value ? python_repr(*value) : "NA");
  }
  return line(cells);
}

}  // namespace kcc::runtime
