#include "runtime/cursor.h"

namespace kcc::runtime {

void Cursor::go_to(Position position) {
  const int64_t epochs_a_pass = (plan_.steps.available + plan_.steps.count - 1) / plan_.steps.count;
  next_ = position.epoch % epochs_a_pass * plan_.steps.count + position.step;
  const int64_t pass = position.epoch / epochs_a_pass;
  if (pass == pass_) return;
  pass_ = pass;
  order_ = epoch_order(plan_.shuffle, plan_.steps.samples, plan_.steps.batch, plan_.seed, pass);
}

}  // namespace kcc::runtime
