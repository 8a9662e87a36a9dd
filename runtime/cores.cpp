#include "runtime/cores.h"

#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace kcc::runtime {
namespace {

// Without streams: they would make every program half a megabyte larger.
std::string read_text(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return "";
  std::string text(1 << 16, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

double number_in(const std::string& path) {
  double number = 0;
  return std::sscanf(read_text(path).c_str(), "%lf", &number) == 1 ? number : 0;
}

// The parts of `text` between separators.
std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// Version 2 keeps "quota period" or "max period" in one file, version 1 each in its own; microseconds.
int cores_at(const std::string& folder) {
  double quota = 0, period = 0;
  if (std::sscanf(read_text(folder + "/cpu.max").c_str(), "%lf %lf", &quota, &period) != 2) {
    quota = number_in(folder + "/cpu.cfs_quota_us");
    period = number_in(folder + "/cpu.cfs_period_us");
  }
  if (!(quota > 0 && period > 0)) return 0;
  return static_cast<int>(std::min(65536.0, (quota + period - 1) / period));
}

int tighter(int a, int b) {
  if (a == 0 || b == 0) return std::max(a, b);
  return std::min(a, b);
}

// Inside a container the path may not exist below the mount; the mount itself is then the container's own group.
int cores_along(const std::string& mount, std::string path) {
  int cores = cores_at(mount);
  while (path.size() > 1) {
    cores = tighter(cores, cores_at(mount + path));
    path.resize(path.rfind('/'));
  }
  return cores;
}

int affinity_cores() {
  // The mask's size is the kernel's business: grow until it fits.
  for (int bits = 1024; bits <= 1 << 20; bits *= 4) {
    std::vector<unsigned long> mask(static_cast<size_t>(bits) / (8 * sizeof(unsigned long)));
    cpu_set_t* set = reinterpret_cast<cpu_set_t*>(mask.data());
    const size_t bytes = mask.size() * sizeof(unsigned long);
    if (sched_getaffinity(0, bytes, set) == 0) return CPU_COUNT_S(bytes, set);
  }
  return 1;
}

}  // namespace

int quota_cores(const std::string& membership, const std::string& root) {
  int cores = 0;
  // Each line is id:controllers:path; version 2 has no controllers.
  for (const std::string& line : split(membership, '\n')) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) cores = tighter(cores, cores_along(root, path));
    const std::vector<std::string> names = split(controllers, ',');
    if (std::count(names.begin(), names.end(), "cpu") > 0) {
      cores = tighter(cores, cores_along(root + "/" + controllers, path));
      if (controllers != "cpu") cores = tighter(cores, cores_along(root + "/cpu", path));
    }
  }
  return cores;
}

int default_threads() {
  const int quota = quota_cores(read_text("/proc/self/cgroup"), "/sys/fs/cgroup");
  return std::max(1, tighter(affinity_cores(), quota));
}

}  // namespace kcc::runtime
