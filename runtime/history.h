// History: loss and metrics of each epoch of a fit, as Keras's History holds them and as --history writes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/logs.h"

namespace kcc::runtime {

class Record;

class History {
 public:
  // Every epoch brings the same names.
  void add(int64_t epoch, const Logs& logs);

  struct Epoch {
    int64_t number;  // from 0
    Logs logs;
  };
  const std::vector<Epoch>& epochs() const { return epochs_; }

  std::string to_json() const;  // {"loss": [...], "val_loss": [...]}, as Python's json.dumps(history.history)
  std::string to_csv() const;   // as Keras's CSVLogger writes it

  void exchange(Record& record);

 private:
  std::vector<Epoch> epochs_;
};

}  // namespace kcc::runtime
