// MachinePeak: what this machine does at most, measured: the roof that `kcc bench` holds kernels against.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace kcc {

struct MachinePeak {
  std::string cpu;  // as the system calls it
  int threads = 1;
  double flops = 0;  // a second, of multiply-adds between registers, two each
  // Bytes a second, read and written, of copies that stay in the first, second or last cache, or in none; and the most
  // bytes of a call for which each cache counts.
  double first_cache_rate = 0, second_cache_rate = 0, last_cache_rate = 0, memory_rate = 0;
  int64_t first_cache_bytes = 0, second_cache_bytes = 0, last_cache_bytes = 0;

  double copy_rate(double bytes) const;
  // Seconds that so much work takes at least.
  double least_time(double work_flops, double bytes) const;
};

// "Intel(R) Xeon(R) ...", or the kind of machine where the system has no name for it.
std::string cpu_model();

// Measures in rounds, each a few milliseconds and all of its threads: the best of all counts, so that rounds before and
// after other work find the machine at its best.
class PeakMeter {
 public:
  explicit PeakMeter(int threads);
  ~PeakMeter();
  PeakMeter(const PeakMeter&) = delete;
  PeakMeter& operator=(const PeakMeter&) = delete;

  void measure(int rounds);
  const MachinePeak& peak() const { return peak_; }

 private:
  struct MultiplyAdds;
  void measure_flops();
  // `bytes`: all that is touched, by all threads; `shared`: in memory that they share.
  double copy_rate(int64_t bytes, bool shared) const;

  MachinePeak peak_;
  std::unique_ptr<MultiplyAdds> multiply_adds_;
};

}  // namespace kcc
