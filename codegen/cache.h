// KernelCache: compiled kernels, kept by the text that describes them completely (body, family, target, schedule
// options, versions of Halide and kcc). A key's hash names the file, the text inside is compared on every hit, so a
// collision cannot give a wrong kernel. Files appear whole (temporary file and rename) and carry a checksum, so
// concurrent, killed or read-only users of one folder never see a torn object; a bad entry is a miss.
#pragma once

#include <optional>
#include <string>

namespace kcc {

struct CachedKernel {
  std::string object;  // bytes
  std::string notes;   // kernel_notes.h
};

// XXH3-128 as 32 hexadecimal digits.
std::string hash_text(const std::string& bytes);

class KernelCache {
 public:
  explicit KernelCache(std::string folder);  // "": never finds, never keeps
  std::optional<CachedKernel> find(const std::string& key) const;
  void keep(const std::string& key, const CachedKernel& kernel) const;  // failures are ignored: it is only a cache

  // $XDG_CACHE_HOME/kcc, else ~/.cache/kcc, else "".
  static std::string default_folder();

 private:
  std::string path_of(const std::string& key) const;
  std::string folder_;
};

}  // namespace kcc
