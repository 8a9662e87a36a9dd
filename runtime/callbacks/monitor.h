// Monitor: whether a quantity of the logs has improved, as Keras's MonitorCallback judges it
// (keras/src/callbacks/monitor_callback.py). Used by EarlyStopping, ModelCheckpoint and ReduceLROnPlateau.
#pragma once

#include <optional>
#include <string>

#include "runtime/training.h"

namespace kcc::runtime {

struct Monitor {
  std::string monitor = "val_loss";
  std::string mode = "auto";  // "min", "max"
  double min_delta = 0;

  // Settles what "auto" means; an Error, Keras's, if the quantity's name does not tell. Keras finds out after the first
  // epoch, we before it. `callback`: for the message.
  Status begin(Training& training, const char* callback);

  // Empty where the logs lack it.
  std::optional<double> value(const Logs& logs) const;

  // Always, where there is no reference yet.
  bool is_improvement(double value, std::optional<double> reference) const;

 private:
  bool wants_more_ = false;
};

// "loss,val_loss", as Keras's warnings list what there is.
std::string list_names(const Logs& logs);

}  // namespace kcc::runtime
