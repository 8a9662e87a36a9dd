// In place of onednn_work.cpp where oneDNN was not found.
#include "bench/kernels/work.h"

namespace kcc::bench {

std::optional<Work> onednn_work(const KernelShape&) {
  return std::nullopt;
}

}  // namespace kcc::bench
