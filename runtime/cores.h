// How many threads this process may keep busy: the default size of the pool (threads.h).
#pragma once

#include <string>

namespace kcc::runtime {

// The cores of the affinity mask, or fewer where a cgroup's CPU quota allows less. At least 1.
int default_threads();

// Cores' worth of the tightest CPU quota, rounded up, on the way from the process's cgroup to the root; 0: none.
// `membership` is the text of /proc/self/cgroup, `root` where the hierarchies are mounted: /sys/fs/cgroup.
int quota_cores(const std::string& membership, const std::string& root);

}  // namespace kcc::runtime
