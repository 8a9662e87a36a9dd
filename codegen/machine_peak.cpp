#include "codegen/machine_peak.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <thread>
#include <vector>

#include "Halide.h"

namespace kcc {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Seconds of the slowest, when all begin together.
double run_together(int threads, const std::function<void(int)>& prepare, const std::function<void(int)>& work) {
  std::barrier start(threads);
  std::vector<double> seconds(static_cast<size_t>(threads));
  const auto body = [&](int thread) {
    prepare(thread);
    start.arrive_and_wait();
    const Clock::time_point began = Clock::now();
    work(thread);
    seconds[static_cast<size_t>(thread)] = since(began);
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(body, t);
  body(0);
  for (std::thread& other : others) other.join();
  return *std::max_element(seconds.begin(), seconds.end());
}

int64_t cache_bytes(int name, int64_t unknown) {
  const int64_t bytes = ::sysconf(name);
  return bytes > 0 ? bytes : unknown;
}

}  // namespace

double MachinePeak::copy_rate(double bytes) const {
  if (bytes <= static_cast<double>(second_cache_bytes)) return second_cache_rate;
  return bytes <= static_cast<double>(last_cache_bytes) ? last_cache_rate : memory_rate;
}

double MachinePeak::least_time(double work_flops, double bytes) const {
  return std::max(work_flops / flops, bytes / copy_rate(bytes));
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  utsname names{};
  return ::uname(&names) == 0 ? names.machine : "unknown";
}

// Chains of multiply-adds in registers, as many as hide their latency and leave a register or two of the smallest set.
// Compiled for this machine's own vectors.
struct PeakMeter::MultiplyAdds {
  static constexpr int kChains = 12, kFactors = 2048, kTurns = 64;

  MultiplyAdds() {
    using Halide::Func;
    using Halide::RDom;
    using Halide::Var;
    const Halide::Target target = Halide::get_jit_target_from_environment();
    const int lanes = target.natural_vector_size<float>();
    width = lanes * kChains;
    Var x("x");
    Func factors("factors"), chains("chains"), out("out");
    RDom r(0, kFactors, 0, kTurns, "r");
    factors(x) = 0.999f - 1e-7f * x;
    chains(x) = Halide::cast<float>(x);
    chains(x) = chains(x) * factors(r.x) + 0.001f;
    out(x) = chains(x);
    out.bound(x, 0, width).vectorize(x, lanes).unroll(x);
    factors.compute_root().vectorize(x, lanes);
    chains.compute_root().store_in(Halide::MemoryType::Stack).bound_extent(x, width);
    chains.vectorize(x, lanes).unroll(x);
    chains.update().reorder(x, r.x, r.y).vectorize(x, lanes).unroll(x);
    run = out.compile_to_callable({}, target);
  }
  double flops() const { return 2.0 * width * kFactors * kTurns; }

  int width = 0;
  Halide::Callable run;
};

PeakMeter::PeakMeter(int threads) : multiply_adds_(std::make_unique<MultiplyAdds>()) {
  peak_.cpu = cpu_model();
  peak_.threads = threads;
  peak_.second_cache_bytes = cache_bytes(_SC_LEVEL2_CACHE_SIZE, 1 << 20) * threads;
  // Half of it: others use it too.
  peak_.last_cache_bytes = std::max(peak_.second_cache_bytes, cache_bytes(_SC_LEVEL3_CACHE_SIZE, 8 << 20) / 2);
}

PeakMeter::~PeakMeter() = default;

void PeakMeter::measure(int rounds) {
  constexpr int64_t kLeast = int64_t{64} << 20, kMost = int64_t{256} << 20;
  const int64_t second = peak_.second_cache_bytes, last = peak_.last_cache_bytes;
  const auto between = static_cast<int64_t>(std::sqrt(static_cast<double>(second) * static_cast<double>(last)));
  for (int round = 0; round < rounds; ++round) {
    measure_flops();
    peak_.second_cache_rate = std::max(peak_.second_cache_rate, copy_rate(second / 2));
    peak_.last_cache_rate = std::max(peak_.last_cache_rate, copy_rate(between));
    peak_.memory_rate = std::max(peak_.memory_rate, copy_rate(std::clamp(4 * last, kLeast, kMost)));
  }
}

void PeakMeter::measure_flops() {
  constexpr int kCalls = 20;
  std::vector<Halide::Buffer<float>> results;
  for (int t = 0; t < peak_.threads; ++t) results.emplace_back(multiply_adds_->width);
  const auto call = [&](int thread, int times) {
    for (int i = 0; i < times; ++i) multiply_adds_->run(results[static_cast<size_t>(thread)]);
  };
  const double seconds = run_together(
      peak_.threads, [&](int thread) { call(thread, 1); }, [&](int thread) { call(thread, kCalls); });
  peak_.flops = std::max(peak_.flops, kCalls * peak_.threads * multiply_adds_->flops() / seconds);
}

double PeakMeter::copy_rate(int64_t bytes) const {
  constexpr int64_t kWork = int64_t{64} << 20;
  const auto size = static_cast<size_t>(std::max<int64_t>(4096, bytes / 2 / peak_.threads));
  const int times = static_cast<int>(std::max<int64_t>(1, kWork / static_cast<int64_t>(size)));
  std::vector<std::vector<char>> from(static_cast<size_t>(peak_.threads)), to(from);
  const auto prepare = [&](int thread) {
    from[static_cast<size_t>(thread)].assign(size, 1);
    to[static_cast<size_t>(thread)].assign(size, 2);
  };
  const auto copy = [&](int thread) {
    char* target = to[static_cast<size_t>(thread)].data();
    for (int i = 0; i < times; ++i) {
      std::memcpy(target, from[static_cast<size_t>(thread)].data(), size);
      asm volatile("" : : "r"(target) : "memory");  // the copy is wanted
    }
  };
  const double seconds = run_together(peak_.threads, prepare, copy);
  return 2.0 * static_cast<double>(size) * times * peak_.threads / seconds;
}

}  // namespace kcc
