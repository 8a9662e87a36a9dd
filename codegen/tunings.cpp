#include "codegen/tunings.h"

#include "codegen/cache.h"
#include "codegen/kernel_key.h"
#include "codegen/machine_peak.h"

namespace kcc {
namespace {

constexpr int kTunedLevel = 2;

// Not the build of kcc: its numbers are checked when they are used, and a search takes minutes.
std::string key_of(const Kernel& kernel, const BuildOptions& options, const std::string& cpu) {
  return "tuning\ncpu " + cpu + "\n" + content_key(nameless(kernel), options);
}

}  // namespace

std::vector<Tuning> find_tunings(const Plan& plan, const BuildOptions& options) {
  std::vector<Tuning> tunings(plan.kernels.size());
  if (options.schedule.level < kTunedLevel || options.cache_dir.empty()) return tunings;
  const KernelCache cache(options.cache_dir);
  const std::string cpu = cpu_model();
  for (size_t k = 0; k < tunings.size(); ++k) {
    const auto kept = cache.find(key_of(plan.kernels[k], options, cpu));
    if (kept) tunings[k] = parse_tuning(kept->notes);
  }
  return tunings;
}

void keep_tuning(const Kernel& kernel, const BuildOptions& options, const Tuning& tuning) {
  KernelCache(options.cache_dir).keep(key_of(kernel, options, cpu_model()), {"", to_string(tuning)});
}

}  // namespace kcc
