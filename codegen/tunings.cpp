#include "codegen/tunings.h"

#include "codegen/cache.h"
#include "codegen/kernel_key.h"
#include "codegen/machine_peak.h"

namespace kcc {
namespace {

constexpr int kTunedLevel = 2;

// Not the build of kcc: its numbers are checked when they are used, and a search takes minutes.
std::string key_of(const Kernel& kernel, const MachineTarget& target, const BuildOptions& options) {
  static const std::string cpu = cpu_model();
  return "tuning\ncpu " + cpu + "\n" + content_key(nameless(kernel), target, options.schedule.batch);
}

}  // namespace

Tuning find_tuning(const Kernel& kernel, const MachineTarget& target, const BuildOptions& options) {
  if (options.schedule.level < kTunedLevel || options.cache_dir.empty()) return {};
  const auto kept = KernelCache(options.cache_dir).find(key_of(kernel, target, options));
  return kept ? parse_tuning(kept->notes) : Tuning();
}

std::vector<Tuning> find_tunings(const Plan& plan, const BuildOptions& options) {
  std::vector<Tuning> tunings;
  for (const Kernel& kernel : plan.kernels) tunings.push_back(find_tuning(kernel, options.targets[0], options));
  return tunings;
}

void keep_tuning(const Kernel& kernel, const BuildOptions& options, const Tuning& tuning) {
  KernelCache(options.cache_dir).keep(key_of(kernel, options.targets[0], options), {"", to_string(tuning)});
}

}  // namespace kcc
