#include <dlfcn.h>

#include "bench/kernels/work.h"

namespace kcc::bench {
namespace {

constexpr int kRowMajor = 101, kPlain = 111, kTransposed = 112;
using Sgemm = void (*)(int layout, int a_transposed, int b_transposed, int m, int n, int k, float alpha, const float* a,
                       int lda, const float* b, int ldb, float beta, float* c, int ldc);

Sgemm sgemm() {
  static const Sgemm found = [] {
    for (const char* name :
         {KCC_BENCH_PEERS "/lib/libmkl_rt.so.3", KCC_BENCH_PEERS "/lib/libmkl_rt.so.2", "libmkl_rt.so"})
      if (void* library = dlopen(name, RTLD_NOW)) return reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm"));
    return Sgemm{};
  }();
  return found;
}

}  // namespace

std::optional<Work> mkl_work(const KernelShape& shape) {
  if ((shape.kind != "nn" && shape.kind != "nt" && shape.kind != "tn") || !sgemm()) return std::nullopt;
  const auto m = static_cast<int>(shape.sizes[0]), k = static_cast<int>(shape.sizes[1]),
             n = static_cast<int>(shape.sizes[2]);
  const auto x = filled(shape.sizes[0] * k), w = filled(shape.sizes[1] * n), y = filled(shape.sizes[0] * n);
  if (shape.kind == "nn")
    return Work{[=] { sgemm()(kRowMajor, kPlain, kPlain, m, n, k, 1, x.get(), k, w.get(), n, 0, y.get(), n); },
                "sgemm"};
  if (shape.kind == "nt")
    return Work{[=] { sgemm()(kRowMajor, kPlain, kTransposed, m, k, n, 1, y.get(), n, w.get(), n, 0, x.get(), k); },
                "sgemm"};
  return Work{[=] { sgemm()(kRowMajor, kTransposed, kPlain, k, n, m, 1, x.get(), k, y.get(), n, 0, w.get(), n); },
              "sgemm"};
}

}  // namespace kcc::bench
