#include "codegen/link.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace kcc {
namespace {

namespace fs = std::filesystem;

// Small, whole and hardened programs; every path that could end up inside is relative, so that the same input gives
// the same bytes. Without -fno-tree-pta g++ 12 takes 20 s instead of 2 for an entry of 600 calls. KCC_SANITIZE: the
// runtime is instrumented, so programs must be.
const std::vector<std::string>& flags() {
  static const std::vector<std::string> list{"-std=c++17",
                                             "-O1",
                                             "-fno-tree-pta",
                                             "-fPIE",
                                             "-pie",
                                             "-fvisibility=hidden",
                                             "-ffunction-sections",
                                             "-fdata-sections",
                                             "-pthread",
                                             "-static-libstdc++",
                                             "-static-libgcc",
                                             "-s",
                                             "-Wl,--gc-sections",
                                             "-Wl,--build-id=sha1",
                                             "-Wl,-z,relro,-z,now",
                                             "-Wl,-z,noexecstack"};
  return list;
}

// A folder of our own beside the output, so that the final rename stays within one file system.
class WorkFolder {
 public:
  explicit WorkFolder(const fs::path& beside) : path_((beside / ".kcc-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~WorkFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  bool made() const { return !path_.empty(); }
  fs::path path() const { return path_; }

 private:
  std::string path_;
};

bool write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file.good() && (file.close(), file.good());
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Place file_place(const std::string& path) {
  return {path, 0, 0, ""};
}

// "ccache g++" is two words.
std::vector<std::string> words_of(const std::string& text) {
  std::istringstream words(text);
  std::vector<std::string> list;
  for (std::string word; words >> word;) list.push_back(word);
  return list;
}

bool is_command(const std::string& name) {
  const auto runs = [](const std::string& path) {
    struct stat status;
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string::npos) return runs(name);
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (runs(folder + "/" + name)) return true;
  }
  return false;
}

// The command's first words, or none after an error.
std::vector<std::string> find_compiler(const std::string& wanted, Diagnostics& diagnostics) {
  const char* environment = std::getenv("CXX");
  const std::string named = !wanted.empty() ? wanted : environment != nullptr ? environment : "";
  std::vector<std::string> command = words_of(named);
  if (!command.empty()) {
    if (is_command(command[0])) return command;
    diagnostics.error({}, fmt::format("C++ compiler '{}' is not there or cannot be run", command[0]),
                      wanted.empty() ? "it comes from the environment variable CXX" : "");
    return {};
  }
  for (const char* name : {"c++", "g++", "clang++"}) {
    if (is_command(name)) return {name};
  }
  diagnostics.error({}, "no C++ compiler found: tried c++, g++ and clang++",
                    "kcc links programs with the system's compiler; install one (Debian: apt install g++) or set CXX");
  return {};
}

struct Outcome {
  int status = -1;      // as waitpid gives it
  std::string failure;  // "" or why it could not be started
};

// Runs a command in `folder` with its messages in the file "messages" there.
Outcome run(const std::vector<std::string>& command, const fs::path& folder) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "messages", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return {-1, std::strerror(error)};
  Outcome outcome;
  while (::waitpid(pid, &outcome.status, 0) < 0 && errno == EINTR) {
  }
  return outcome;
}

// Where the output really goes: through symbolic links, never over a device or a folder. "" after an error.
fs::path output_path(const std::string& output, Diagnostics& diagnostics) {
  std::error_code error;
  fs::path path = fs::weakly_canonical(fs::absolute(output, error), error);
  if (error) {
    diagnostics.error(file_place(output), fmt::format("cannot write the output: {}", error.message()));
    return {};
  }
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    const char* what = fs::is_directory(status) ? "a folder" : "a device";
    diagnostics.error(file_place(output), fmt::format("the output is {}, expected the name of a file", what));
    return {};
  }
  return path;
}

std::vector<std::string> link_command(std::vector<std::string> command, const std::vector<std::string>& objects,
                                      const fs::path& runtime) {
  // Where programs look for what they load at run time, the MPI plugin: beside themselves, then in kcc's folder.
  const std::string plugins = "$ORIGIN:" + runtime.string();
  const auto add = [&](const std::vector<std::string>& words) {
    command.insert(command.end(), words.begin(), words.end());
  };
  add(flags());
  if (std::strlen(KCC_SANITIZE) > 0) add({std::string("-fsanitize=") + KCC_SANITIZE});
  add({"-isystem", (runtime / "include").string(), "program.cpp"});
  add(objects);
  // -l:NAME.a, so that no shared library of the same name becomes a dependency.
  add({"-L" + runtime.string(), "-l:libkcc_runtime.a", "-l:libminizip.a", "-l:libz.a", "-Xlinker", "-rpath", "-Xlinker",
       plugins, "-o", "program"});
  return command;
}

void report_failure(const std::vector<std::string>& command, const Outcome& outcome, const fs::path& folder,
                    Diagnostics& diagnostics) {
  std::string why = outcome.failure;
  if (why.empty() && WIFSIGNALED(outcome.status)) why = fmt::format("ended by signal {}", WTERMSIG(outcome.status));
  if (why.empty()) why = fmt::format("exit status {}", WEXITSTATUS(outcome.status));
  diagnostics.error(
      {}, fmt::format("the C++ compiler '{}' failed ({}):\n{}", command[0], why, read_file(folder / "messages")),
      "kcc -v shows the command");
}

}  // namespace

bool link_program(const std::string& source, const std::vector<KernelObject>& kernels, const LinkOptions& options,
                  Diagnostics& diagnostics) {
  const fs::path output = output_path(options.output, diagnostics);
  if (output.empty()) return false;
  std::error_code error;
  const fs::path runtime = fs::absolute(options.runtime_dir, error);
  if (options.runtime_dir.empty() || !fs::exists(runtime / "libkcc_runtime.a", error)) {
    diagnostics.error(file_place(options.runtime_dir), "kcc's runtime (libkcc_runtime.a) is not there",
                      "kcc expects it in lib/kcc beside itself or beside its folder");
    return false;
  }
  std::vector<std::string> command = find_compiler(options.compiler, diagnostics);
  if (command.empty()) return false;

  const WorkFolder work(output.parent_path());
  if (!work.made()) {
    diagnostics.error(file_place(options.output), fmt::format("cannot write the output: {}", std::strerror(errno)));
    return false;
  }
  bool written = write_file(work.path() / "program.cpp", source) &&
                 (options.weights.empty() || write_file(work.path() / "weights.bin", options.weights));
  std::vector<std::string> objects;
  for (const KernelObject& kernel : kernels) {
    objects.push_back(fmt::format("{}.o", objects.size()));  // symbols may be longer than file names
    written = written && write_file(work.path() / objects.back(), kernel.bytes);
  }
  if (!written) {
    diagnostics.error(file_place(options.output),
                      fmt::format("cannot write beside the output: {}", std::strerror(errno)));
    return false;
  }
  command = link_command(std::move(command), objects, runtime);
  if (options.verbose) fmt::print(stderr, "{}\n", fmt::join(command, " "));
  const Outcome outcome = run(command, work.path());
  if (!outcome.failure.empty() || outcome.status != 0) {
    report_failure(command, outcome, work.path(), diagnostics);
    return false;
  }
  if (::rename((work.path() / "program").c_str(), output.c_str()) != 0) {
    diagnostics.error(file_place(options.output), fmt::format("cannot write the output: {}", std::strerror(errno)));
    return false;
  }
  return true;
}

}  // namespace kcc
