// Work: a kernel with its operands, ready to be called again and again; one maker for each competitor.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "bench/kernels/shape.h"

namespace kcc::bench {

struct Work {
  std::function<void()> call;  // one thread
  std::string note;            // the schedule or the implementation's name
};

// Memory of `count` floats, 64-byte aligned, with small values of both signs. It lives as long as a copy of the
// pointer.
std::shared_ptr<float> filled(int64_t count);

// kcc's kernel, compiled at the first call for its shape.
Work kcc_work(const KernelShape& shape);
// oneDNN's primitive, weights in the layout that it likes best, which no call converts. Nothing where it has none or
// was not found when this program was built.
std::optional<Work> onednn_work(const KernelShape& shape);
// MKL's sgemm on plain matrices; nothing for what is no product or where MKL is not found.
std::optional<Work> mkl_work(const KernelShape& shape);

}  // namespace kcc::bench
