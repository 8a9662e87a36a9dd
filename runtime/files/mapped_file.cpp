#include "runtime/files/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace kcc::runtime {
namespace {

// What the fault handler may look at: it can neither lock nor allocate. A slot is free while `begin` is 0. More maps
// than slots only lose the message, not the data.
struct Map {
  std::atomic<uintptr_t> begin, end;
  std::atomic<const char*> path;
  struct stat opened;  // as it was then; not for the handler
};
Map g_maps[64];

void remember(const std::byte* data, int64_t size, const char* path, const struct stat& opened) {
  const uintptr_t begin = reinterpret_cast<uintptr_t>(data);
  for (Map& map : g_maps) {
    uintptr_t free = 0;
    if (!map.begin.compare_exchange_strong(free, begin)) continue;
    map.path = path;
    map.opened = opened;
    map.end = begin + static_cast<uintptr_t>(size);
    return;
  }
}

void forget(const std::byte* data) {
  for (Map& map : g_maps) {
    if (map.begin != reinterpret_cast<uintptr_t>(data)) continue;
    map.end = 0;
    map.begin = 0;
    return;
  }
}

void say(const char* text) {
  if (write(STDERR_FILENO, text, std::strlen(text)) < 0) _exit(1);
}

void handle_fault(int signal, siginfo_t* info, void*) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(info->si_addr);
  for (const Map& map : g_maps) {
    if (address < map.begin || address >= map.end) continue;
    say("\nerror: ");
    say(map.path);
    say(": the file was cut off or its disk failed while it was being read\n");
    _exit(1);
  }
  std::signal(signal, SIG_DFL);  // not ours: the access repeats and dies as usual
}

Error cannot_read(const std::string& path, int file) {
  const int reason = errno;
  if (file >= 0) close(file);
  return make_error("%s: cannot be read: %s", path.c_str(), std::strerror(reason));
}

}  // namespace

MappedFile::MappedFile(std::string path, const std::byte* data, const struct stat& opened)
    : path_(std::move(path)), data_(data), size_(opened.st_size) {
  if (data_) remember(data_, size_, path_.c_str(), opened);
}

MappedFile::~MappedFile() {
  if (!data_) return;
  forget(data_);
  munmap(const_cast<std::byte*>(data_), static_cast<size_t>(size_));
}

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not hang us
  if (file < 0) return cannot_read(path, file);
  struct stat info {};
  if (fstat(file, &info) != 0) return cannot_read(path, file);
  if (!S_ISREG(info.st_mode)) {
    close(file);
    return make_error("%s: cannot be read: it is %s, expected a file", path.c_str(),
                      S_ISDIR(info.st_mode) ? "a folder" : "not a regular file");
  }
  const std::byte* data = nullptr;
  if (info.st_size > 0) {
    void* map = mmap(nullptr, static_cast<size_t>(info.st_size), PROT_READ, MAP_PRIVATE, file, 0);
    if (map == MAP_FAILED) return cannot_read(path, file);
    data = static_cast<const std::byte*>(map);
  }
  close(file);
  return std::shared_ptr<const MappedFile>(new MappedFile(path, data, info));
}

Status check_mapped_files() {
  for (const Map& map : g_maps) {
    if (map.begin == 0 || map.end == 0) continue;
    struct stat now {};
    const struct stat& opened = map.opened;
    if (stat(map.path, &now) != 0 || now.st_dev != opened.st_dev || now.st_ino != opened.st_ino) continue;
    const bool same_time = now.st_mtim.tv_sec == opened.st_mtim.tv_sec && now.st_mtim.tv_nsec == opened.st_mtim.tv_nsec;
    if (!same_time || now.st_size != opened.st_size) {
      return make_error("%s: the file was changed while it was being read", map.path.load());
    }
  }
  return {};
}

void report_truncated_maps() {
  struct sigaction action {};
  action.sa_sigaction = handle_fault;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace kcc::runtime
