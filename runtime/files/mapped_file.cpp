#include "runtime/files/mapped_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "runtime/files/open_file.h"

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
  Result<FileHandle> handle = open_to_read(path);
  if (!handle) return handle.error();
  const size_t size = static_cast<size_t>(handle->info.st_size);
  void* map = nullptr;  // of an empty file
  if (size > 0) map = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, handle->file, 0);
  const int reason = errno;
  close(handle->file);
  if (map == MAP_FAILED) return make_error("%s: cannot be read: %s", path.c_str(), std::strerror(reason));
  return std::shared_ptr<const MappedFile>(new MappedFile(path, static_cast<const std::byte*>(map), handle->info));
}

Status check_mapped_files() {
  for (const Map& map : g_maps) {
    if (map.begin == 0 || map.end == 0) continue;
    struct stat now {};
    const struct stat& opened = map.opened;
    if (stat(map.path, &now) != 0 || now.st_dev != opened.st_dev || now.st_ino != opened.st_ino) continue;
    if (was_changed(opened, now)) {
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
