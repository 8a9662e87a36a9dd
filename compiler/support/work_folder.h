// WorkFolder: a folder of our own beside an output, so that the final rename stays within one file system. Goes with
// all that is in it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace kcc {

class WorkFolder {
 public:
  explicit WorkFolder(const std::filesystem::path& beside) : path_((beside / ".kcc-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~WorkFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  bool made() const { return !path_.empty(); }
  std::filesystem::path path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace kcc
