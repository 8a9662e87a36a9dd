#include "codegen/fork_each.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>

namespace kcc {
namespace {

bool write_all(int file, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(file, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) done += static_cast<size_t>(n);
  }
  return true;
}

std::string read_all(int file) {
  struct stat status;
  if (::fstat(file, &status) != 0) return "";
  std::string text(static_cast<size_t>(status.st_size), '\0');
  for (size_t done = 0; done < text.size();) {
    const ssize_t n = ::pread(file, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return "";
    done += static_cast<size_t>(n);
  }
  return text;
}

struct Child {
  size_t index;
  int output;  // memory shared with the child
};

[[noreturn]] void be_child(pid_t parent, int output, const std::function<std::string(size_t)>& work, size_t index) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before that took effect
  const bool written = write_all(output, work(index));
  std::fflush(nullptr);
  ::_exit(written ? 0 : 1);
}

int default_jobs() {
  cpu_set_t set;
  return ::sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

std::string failure_of(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("ended by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return fmt::format("ended with status {}", WEXITSTATUS(status));
  return "";
}

}  // namespace

std::vector<ForkResult> fork_each(size_t count, int jobs, const std::function<std::string(size_t)>& work) {
  if (jobs <= 0) jobs = default_jobs();
  std::vector<ForkResult> results(count);
  std::map<pid_t, Child> running;
  std::fflush(nullptr);
  for (size_t next = 0; next < count || !running.empty();) {
    if (next < count && running.size() < static_cast<size_t>(jobs)) {
      const size_t index = next++;
      const int output = ::memfd_create("kcc", MFD_CLOEXEC);
      const pid_t parent = ::getpid();
      const pid_t pid = output < 0 ? -1 : ::fork();
      if (pid == 0) be_child(parent, output, work, index);
      if (pid > 0) running[pid] = {index, output};
      if (pid < 0) results[index].failure = fmt::format("could not start: {}", std::strerror(errno));
      if (pid < 0 && output >= 0) ::close(output);
      continue;
    }
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, 0);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) break;
    const auto found = running.find(pid);
    if (found == running.end()) continue;
    ForkResult& result = results[found->second.index];
    result.failure = failure_of(status);
    if (result.failure.empty()) result.output = read_all(found->second.output);
    ::close(found->second.output);
    running.erase(found);
  }
  return results;
}

}  // namespace kcc
