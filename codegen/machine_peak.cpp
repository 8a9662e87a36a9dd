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

// All begin together and do their work `bursts` times: the seconds of each one's best. Bursts are short, so that some
// go by without a neighbour on the machine.
std::vector<double> run_together(int threads, int bursts, const std::function<void(int)>& prepare,
                                 const std::function<void(int)>& work) {
  std::barrier start(threads);
  std::vector<double> seconds(static_cast<size_t>(threads), 1e9);
  const auto body = [&](int thread) {
    double best = 1e9;
    prepare(thread);
    start.arrive_and_wait();
    for (int burst = 0; burst < bursts; ++burst) {
      const Clock::time_point began = Clock::now();
      work(thread);
      best = std::min(best, since(began));
    }
    seconds[static_cast<size_t>(thread)] = best;
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(body, t);
  body(0);
  for (std::thread& other : others) other.join();
  return seconds;
}

int64_t cache_bytes(int name, int64_t unknown) {
  const int64_t bytes = ::sysconf(name);
  return bytes > 0 ? bytes : unknown;
}

}  // namespace

double MachinePeak::copy_rate(double bytes) const {
  if (bytes <= static_cast<double>(first_cache_bytes)) return first_cache_rate;
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
  peak_.first_cache_bytes = cache_bytes(_SC_LEVEL1_DCACHE_SIZE, 1 << 15) * threads;
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
    peak_.first_cache_rate = std::max(peak_.first_cache_rate, copy_rate(peak_.first_cache_bytes / 2, false));
    peak_.second_cache_rate = std::max(peak_.second_cache_rate, copy_rate(second / 2, false));
    peak_.last_cache_rate = std::max(peak_.last_cache_rate, copy_rate(between, true));
    peak_.memory_rate = std::max(peak_.memory_rate, copy_rate(std::clamp(4 * last, kLeast, kMost), true));
  }
}

void PeakMeter::measure_flops() {
  constexpr int kBursts = 20;
  std::vector<Halide::Buffer<float>> results;
  for (int t = 0; t < peak_.threads; ++t) results.emplace_back(multiply_adds_->width);
  const auto call = [&](int thread) { multiply_adds_->run(results[static_cast<size_t>(thread)]); };
  double flops = 0;
  for (double seconds : run_together(peak_.threads, kBursts, call, call)) flops += multiply_adds_->flops() / seconds;
  peak_.flops = std::max(peak_.flops, flops);
}

double PeakMeter::copy_rate(int64_t bytes, bool shared) const {
  constexpr int64_t kBurst = int64_t{8} << 20;
  const auto size = static_cast<size_t>(std::max<int64_t>(4096, bytes / 2 / peak_.threads));
  const auto times = std::max<int64_t>(1, kBurst / static_cast<int64_t>(size));
  std::vector<std::vector<char>> from(static_cast<size_t>(peak_.threads)), to(from);
  const auto prepare = [&](int thread) {
    from[static_cast<size_t>(thread)].assign(size, 1);
    to[static_cast<size_t>(thread)].assign(size, 2);
  };
  const auto copy = [&](int thread) {
    char* target = to[static_cast<size_t>(thread)].data();
    for (int64_t i = 0; i < times; ++i) {
      std::memcpy(target, from[static_cast<size_t>(thread)].data(), size);
      asm volatile("" : : "r"(target) : "memory");  // the copy is wanted
    }
  };
  const std::vector<double> seconds = run_together(peak_.threads, shared ? 3 : 20, prepare, copy);
  const double work = 2.0 * static_cast<double>(size) * static_cast<double>(times);
  // What threads share cannot be had by each of them at its own best moment.
  if (shared) return work * peak_.threads / *std::max_element(seconds.begin(), seconds.end());
  double rate = 0;
  for (double s : seconds) rate += work / s;
  return rate;
}

}  // namespace kcc
