#include "runtime/data/csv.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace kcc::runtime {
namespace {

struct Field {
  std::string_view text;  // without its quotes
  int64_t line, column;   // of its first character, from 1
  bool quoted;
};

class CsvReader {
 public:
  CsvReader(const std::string& source, std::string_view text) : source_(source), text_(text) {}

  bool at_end() const { return position_ == text_.size(); }

  // One line, or several where a quoted field holds line breaks.
  Status read_record(std::vector<Field>& fields) {
    fields.clear();
    do {
      Field field{{}, line_, static_cast<int64_t>(position_ - line_begin_) + 1, at('"')};
      if (Status status = field.quoted ? read_quoted(field) : read_plain(field); !status) return status;
      fields.push_back(field);
    } while (take(','));
    if (!take_line_end()) return error_here("expected ',' or the line's end after a quoted field");
    return {};
  }

  // Blank lines hold nothing, not one empty field.
  void skip_blank_lines() {
    while (!at_end() && take_line_end()) continue;
  }

 private:
  bool at(char c) const { return position_ < text_.size() && text_[position_] == c; }

  bool take(char c) {
    if (!at(c)) return false;
    ++position_;
    return true;
  }

  bool take_line_end() {
    if (at_end()) return true;
    if (at('\r') && position_ + 1 < text_.size() && text_[position_ + 1] == '\n') ++position_;
    if (!take('\n') && !take('\r')) return false;
    begin_line();
    return true;
  }

  void begin_line() {
    ++line_;
    line_begin_ = position_;
  }

  Status read_plain(Field& field) {
    const size_t end = std::min(text_.find_first_of(",\r\n", position_), text_.size());
    field.text = text_.substr(position_, end - position_);
    position_ = end;
    return {};
  }

  Status read_quoted(Field& field) {
    const size_t begin = ++position_;
    while (position_ < text_.size()) {
      const char c = text_[position_++];
      if (c == '\n') begin_line();
      if (c != '"') continue;
      if (take('"')) continue;  // "" stands for one
      field.text = text_.substr(begin, position_ - 1 - begin);
      return {};
    }
    return make_error("%s:%lld:%lld: no closing quote", source_.c_str(), static_cast<long long>(field.line),
                      static_cast<long long>(field.column));
  }

  Error error_here(const char* message) const {
    return make_error("%s:%lld:%lld: %s", source_.c_str(), static_cast<long long>(line_),
                      static_cast<long long>(position_ - line_begin_) + 1, message);
  }

  const std::string& source_;
  std::string_view text_;
  size_t position_ = 0, line_begin_ = 0;
  int64_t line_ = 1;
};

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

bool read_number(std::string_view text, double& out) {
  text = trim(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (end != text.data() + text.size()) return false;
  // from_chars does not say on which side: 1e-999 is 0, 1e999 is infinity, as in Python.
  if (status == std::errc::result_out_of_range) out = std::strtod(std::string(text).c_str(), nullptr);
  return status != std::errc::invalid_argument;
}

std::string quote(std::string_view text) {
  return "'" + std::string(text.substr(0, 40)) + (text.size() > 40 ? "...'" : "'");
}

Error field_error(const std::string& source, const Field& field, const std::string& message) {
  return make_error("%s:%lld:%lld: %s", source.c_str(), static_cast<long long>(field.line),
                    static_cast<long long>(field.column), message.c_str());
}

std::string unescape(const Field& field) {
  std::string name(trim(field.text));
  for (size_t at = name.find("\"\""); field.quoted && at != std::string::npos; at = name.find("\"\"", at + 1)) {
    name.erase(at, 1);
  }
  return name;
}

// An empty field is a name too: the column of row numbers that pandas writes has none.
bool is_number(const Field& field) {
  double ignored = 0;
  return !field.quoted && read_number(field.text, ignored);
}

Status read_header(const std::string& source, const std::vector<Field>& fields, CsvTable& table) {
  const int64_t numbers = std::count_if(fields.begin(), fields.end(), is_number);
  table.columns = static_cast<int64_t>(fields.size());
  if (numbers == table.columns) return {};
  if (numbers > 0) {
    const Field& odd = *std::find_if_not(fields.begin(), fields.end(), is_number);
    return field_error(source, odd,
                       quote(odd.text) +
                           " among numbers: expected all names (a header) or all numbers; "
                           "quote the names of a header that are numbers");
  }
  for (const Field& field : fields) table.names.push_back(unescape(field));
  return {};
}

Status append_row(const std::string& source, const std::vector<Field>& fields, CsvTable& table) {
  if (static_cast<int64_t>(fields.size()) != table.columns) {
    return field_error(source, fields.front(),
                       "got " + std::to_string(fields.size()) + " fields, expected " + std::to_string(table.columns) +
                           " as in the first line");
  }
  for (const Field& field : fields) {
    double value = 0;
    if (trim(field.text).empty()) return field_error(source, field, "missing value, expected a number");
    if (!read_number(field.text, value)) {
      return field_error(source, field, "got " + quote(field.text) + ", expected a number");
    }
    table.values.push_back(value);
  }
  return {};
}

}  // namespace

Result<CsvTable> parse_csv(const std::string& source, std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // Excel's
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) text.remove_prefix(kByteOrderMark.size());
  CsvReader reader(source, text);
  CsvTable table;
  std::vector<Field> fields;
  for (reader.skip_blank_lines(); !reader.at_end(); reader.skip_blank_lines()) {
    if (Status status = reader.read_record(fields); !status) return status.error();
    if (table.columns == 0) {
      if (Status status = read_header(source, fields, table); !status) return status.error();
      if (!table.names.empty()) continue;
    }
    if (Status status = append_row(source, fields, table); !status) return status.error();
  }
  if (table.values.empty()) return make_error("%s: no rows of numbers", source.c_str());
  return table;
}

Result<int64_t> find_csv_column(const std::string& source, const CsvTable& table, const std::string& column) {
  const auto found = std::find(table.names.begin(), table.names.end(), column);
  if (found != table.names.end()) {
    if (std::find(found + 1, table.names.end(), column) != table.names.end()) {
      return make_error("%s: several columns have the name '%s', expected one", source.c_str(), column.c_str());
    }
    return found - table.names.begin();
  }
  int64_t index = 0;
  const char* end = column.data() + column.size();
  const auto [stop, status] = std::from_chars(column.data(), end, index);
  if (status == std::errc() && stop == end && index >= -table.columns && index < table.columns) {
    return index < 0 ? index + table.columns : index;
  }
  std::string names;
  for (const std::string& name : table.names) names += (names.empty() ? " named '" : "', '") + name;
  return make_error("%s: no column '%s', it has %lld columns%s%s", source.c_str(), column.c_str(),
                    static_cast<long long>(table.columns), names.c_str(), names.empty() ? " without names" : "'");
}

}  // namespace kcc::runtime
