// EventFile: a file of events in a folder that TensorBoard watches. Made with the first event; events are whole or not
// there.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/files/result.h"

namespace kcc::runtime {

class EventFile {
 public:
  explicit EventFile(std::string folder) : folder_(std::move(folder)) {}
  ~EventFile();
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  // Kept until flush.
  void add(const std::string& event);
  Status flush();

 private:
  Status open_file();
  Error failed(const char* action) const;  // from errno

  std::string folder_;
  std::string path_;
  std::string waiting_;
  int file_ = -1;
  int64_t size_ = 0;
};

// Since 1970, for events.
double wall_seconds();

}  // namespace kcc::runtime
