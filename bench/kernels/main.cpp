// The kernels of shapes.txt in kcc, oneDNN and MKL, one thread, with Google Benchmark:
//   bench_kernels [--shapes=FILE] [--benchmark_filter=REGEX] [--benchmark_out=FILE] ...
// Names are KIND/SIZES/WHO. Unless told otherwise each is measured five times, in an order that mixes all of them, so
// that a noisy moment falls on everybody; table.py makes a table of the JSON.
#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <malloc.h>

#include <cstdlib>
#include <cstring>

#include "bench/kernels/work.h"
#include "codegen/machine_peak.h"

namespace kcc::bench {
namespace {

// A round of the machine's own limits; the best of all rounds counts.
void machine(benchmark::State& state) {
  static PeakMeter meter(1);
  for ([[maybe_unused]] auto _ : state) meter.measure(1);
  const MachinePeak& peak = meter.peak();
  state.counters["flops"] = peak.flops;
  state.counters["first_cache_bytes"] = static_cast<double>(peak.first_cache_bytes);
  state.counters["second_cache_bytes"] = static_cast<double>(peak.second_cache_bytes);
  state.counters["last_cache_bytes"] = static_cast<double>(peak.last_cache_bytes);
  state.counters["first_cache_rate"] = peak.first_cache_rate;
  state.counters["second_cache_rate"] = peak.second_cache_rate;
  state.counters["last_cache_rate"] = peak.last_cache_rate;
  state.counters["memory_rate"] = peak.memory_rate;
}

void time_work(benchmark::State& state, const KernelShape& shape, const std::optional<Work>& work) {
  if (!work) {
    state.SkipWithError("not available");
    return;
  }
  work->call();
  for ([[maybe_unused]] auto _ : state) work->call();
  state.SetLabel(work->note);
  state.counters["flops"] = shape.flops();
  state.counters["bytes"] = shape.bytes();
}

void add(const KernelShape& shape) {
  const auto one = [&](const char* who, auto make) {
    benchmark::RegisterBenchmark((shape.name() + "/" + who).c_str(), [shape, make](benchmark::State& state) {
      time_work(state, shape, make(shape));
    })->Unit(benchmark::kMicrosecond);
  };
  const bool is_product = shape.kind == "nn" || shape.kind == "nt" || shape.kind == "tn";
  const bool in_onednn = is_product || shape.kind.rfind("conv", 0) == 0 || shape.kind.rfind("max_pool", 0) == 0;
  one("kcc", kcc_work);
  if (in_onednn) one("onednn", onednn_work);
  if (is_product) one("mkl", mkl_work);
}

// Before libraries that read them start: everybody has one thread.
void allow_one_thread() {
  setenv("OMP_NUM_THREADS", "1", 1);
  setenv("MKL_THREADING_LAYER", "SEQUENTIAL", 1);
  if (void* set = dlsym(RTLD_DEFAULT, "omp_set_num_threads")) reinterpret_cast<void (*)(int)>(set)(1);
}

// Scratch of kernels comes from malloc here; giving large blocks back each time would be measured with them.
void keep_memory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

}  // namespace
}  // namespace kcc::bench

int main(int argc, char** argv) {
  using namespace kcc::bench;
  allow_one_thread();
  keep_memory();
  std::string shapes = KCC_BENCH_SHAPES;
  char repetitions[] = "--benchmark_repetitions=5", mixed[] = "--benchmark_enable_random_interleaving=true",
       seconds[] = "--benchmark_min_time=0.05", aggregates[] = "--benchmark_display_aggregates_only=true";
  std::vector<char*> words{argv[0], repetitions, mixed, seconds, aggregates};  // later ones win
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "--shapes=", 9) == 0)
      shapes = argv[i] + 9;
    else
      words.push_back(argv[i]);
  }
  int count = static_cast<int>(words.size());
  benchmark::Initialize(&count, words.data());
  if (benchmark::ReportUnrecognizedArguments(count, words.data())) return 2;
  benchmark::RegisterBenchmark("machine", machine)->Iterations(1);
  for (const KernelShape& shape : read_shapes(shapes)) add(shape);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
