#include "runtime/tensorboard/event_file.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/files/folders.h"
#include "runtime/format.h"
#include "runtime/tensorboard/event.h"
#include "runtime/tensorboard/record.h"

namespace kcc::runtime {

double wall_seconds() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

EventFile::~EventFile() {
  if (file_ >= 0) close(file_);
}

void EventFile::add(const std::string& event) {
  if (file_ < 0 && waiting_.empty()) waiting_ = framed_record(version_event(wall_seconds()));
  waiting_ += framed_record(event);
}

// TensorBoard reads all files of a folder in the order of their names: time, machine, process and number, as
// TensorFlow names them.
Status EventFile::open_file() {
  if (Status status = make_folder(folder_); !status) return status;
  char host[256] = "localhost";
  if (gethostname(host, sizeof(host) - 1) != 0) std::strcpy(host, "localhost");
  for (int number = 0; file_ < 0; ++number) {
    path_ =
        format("%s/events.out.tfevents.%010.0f.%s.%d.%d.v2", folder_.c_str(), wall_seconds(), host, getpid(), number);
    file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file_ < 0 && errno != EEXIST) return failed("open");
  }
  return {};
}

Status EventFile::flush() {
  if (waiting_.empty()) return {};
  if (file_ < 0) {
    if (Status status = open_file(); !status) return status;
  }
  size_t written = 0;
  while (written < waiting_.size()) {
    const ssize_t bytes = write(file_, waiting_.data() + written, waiting_.size() - written);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) {
      const Error error = failed("write");
      return ftruncate(file_, size_) == 0 ? error : failed("write");
    }
    written += static_cast<size_t>(bytes);
  }
  size_ += static_cast<int64_t>(written);
  waiting_.clear();
  return {};
}

Error EventFile::failed(const char* action) const {
  return make_error("TensorBoard: %s: cannot %s: %s", path_.c_str(), action, std::strerror(errno));
}

}  // namespace kcc::runtime
