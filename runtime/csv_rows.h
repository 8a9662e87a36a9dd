// CsvRows: the text of Keras's CSVLogger (keras/src/callbacks/csv_logger.py): the epoch and the logs, sorted by name.
// Used by the callback of that name and by --history FILE.csv.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/logs.h"

namespace kcc::runtime {

class CsvRows {
 public:
  CsvRows() = default;
  // The columns follow from the first epoch. Without validation there are columns for it all the same, filled with NA,
  // so that later rows could have some.
  CsvRows(const Logs& first, char separator);

  std::string header() const;
  std::string row(int64_t epoch, const Logs& logs) const;

 private:
  std::string line(const std::vector<std::string>& cells) const;

  char separator_ = ',';
  std::vector<std::string> names_;
};

}  // namespace kcc::runtime
