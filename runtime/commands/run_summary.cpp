#include <cstdio>

#include "runtime/report.h"
#include "runtime/summary.h"
#include "runtime/terminal.h"
#include "runtime/trainer.h"

namespace kcc::runtime {

Result<int> run_summary(const Trainer& trainer) {
  std::fputs(summary_text(trainer.program, page_columns(), utf8_locale()).c_str(), stdout);
  return 0;
}

}  // namespace kcc::runtime
