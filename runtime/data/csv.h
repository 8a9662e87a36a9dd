// Comma-separated numbers (RFC 4180), read whole: load_array.cpp makes arrays of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/files/result.h"

namespace kcc::runtime {

struct CsvTable {
  std::vector<std::string> names;  // of the header line; empty: the file has none
  int64_t columns = 0;
  std::vector<double> values;  // row by row
};

// The first line is a header if none of its fields is a number, and data if all of them are; a mixture is refused,
// because skipping a line of data over a slip of the pen would go unnoticed. `source` begins the error messages, as in
// "x.csv:3:7: ...".
Result<CsvTable> parse_csv(const std::string& source, std::string_view text);

// Column by name or by index from 0, negative from the end.
Result<int64_t> find_csv_column(const std::string& source, const CsvTable& table, const std::string& column);

}  // namespace kcc::runtime
