#include "codegen/embedded_core.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "codegen/cache.h"
#include "codegen/cross_compiler.h"
#include "codegen/fork_each.h"
#include "codegen/toolchain.h"
#include "compiler/support/subprocess.h"
#include "compiler/support/work_folder.h"

namespace kcc {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr char kArchive[] = "libkcc_embed.a";

Words lines_of(const std::string& text) {
  std::istringstream stream(text);
  Words lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class Builder {
 public:
  Builder(const Words& compiler, const LinkOptions& options, const EmbeddedCore& core, const fs::path& source,
          const fs::path& folder, Diagnostics& diagnostics)
      : compiler_(compiler),
        options_(options),
        core_(core),
        source_(source),
        folder_(folder),
        diagnostics_(diagnostics),
        files_(lines_of(read_bytes(source / "core.files"))) {}

  bool build() {
    const KernelCache cache(options_.cache_dir);
    const std::string key = everything_that_decides();
    if (const auto found = cache.find(key)) return write(found->object);
    if (!compile() || !archive()) return false;
    cache.keep(key, {read_bytes(folder_ / kArchive), ""});
    return true;
  }

 private:
  std::string everything_that_decides() const {
    std::string source = read_bytes(source_ / "core.flags");
    for (const auto& entry : sorted_sources()) source += entry.string() + "\n" + read_bytes(source_ / entry);
    return fmt::format("embedded core for {}\n{}\n{}\n{}", options_.target.name, fmt::join(compiler_, " "),
                       run_command(compiler_and({"--version"}), folder_).messages, hash_text(source));
  }

  Words compiler_and(const Words& words) const {
    Words command = compiler_;
    command.insert(command.end(), words.begin(), words.end());
    return command;
  }

  // With the headers, by their paths inside.
  std::vector<fs::path> sorted_sources() const {
    std::vector<fs::path> paths;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(source_, error))
      if (entry.is_regular_file(error)) paths.push_back(entry.path().lexically_relative(source_));
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  // "runtime/files/result.cpp" -> "runtime_files_result.o": members of one archive have no folders.
  static std::string object_of(std::string file) {
    std::replace(file.begin(), file.end(), '/', '_');
    return file.substr(0, file.rfind('.')) + ".o";
  }

  std::string compile_one(const std::string& file) const {
    const WorkFolder work(folder_);  // for the messages of this one
    if (!work.made()) return std::strerror(errno);
    const Words command =
        compiler_and({core_.flags, "-isystem", core_.include, fmt::format("-I{}", source_.string()), "-c",
                      (source_ / file).string(), "-o", (folder_ / object_of(file)).string()});
    if (options_.verbose) fmt::print(stderr, "{}\n", fmt::join(command, " "));
    const Outcome outcome = run_command(command, work.path());
    return outcome.good() ? "" : fmt::format("({}):\n{}", outcome.why(), outcome.messages);
  }

  bool compile() {
    const std::vector<ForkResult> results =
        fork_each(files_.size(), options_.jobs, [&](size_t i) { return compile_one(files_[i]); });
    for (size_t i = 0; i < files_.size(); ++i) {
      const std::string why = results[i].failure.empty() ? results[i].output : results[i].failure;
      if (why.empty()) continue;
      diagnostics_.error({}, fmt::format("'{}' does not compile kcc's {} for {} {}", compiler_[0], files_[i],
                                         options_.target.name, why));
      return false;
    }
    return true;
  }

  // With std::map's balancing, all that is needed of libstdc++'s objects.
  bool archive() {
    const Words library = lines_of(run_command(compiler_and({"-print-file-name=libstdc++.a"}), folder_).messages);
    const std::string ar = binary_tool(compiler_, options_.target, "ar");
    Words command = {ar, "rcsD", kArchive, "tree.o"};
    for (const std::string& file : files_) command.push_back(object_of(file));
    return run({ar, "x", library.empty() ? "libstdc++.a" : library[0], "tree.o"}) && run(command);
  }

  bool run(const Words& command) const { return run_tool(command, folder_, options_.verbose, diagnostics_); }

  bool write(const std::string& bytes) {
    if (write_bytes(folder_ / kArchive, bytes)) return true;
    diagnostics_.error(file_place(options_.output), fmt::format("cannot write the output: {}", std::strerror(errno)));
    return false;
  }

  const Words& compiler_;
  const LinkOptions& options_;
  const EmbeddedCore& core_;
  const fs::path source_, folder_;
  Diagnostics& diagnostics_;
  const Words files_;  // as the sources include each other: runtime/...
};

}  // namespace

std::optional<EmbeddedCore> embedded_core(const Words& compiler, const LinkOptions& options, const fs::path& folder,
                                          Diagnostics& diagnostics) {
  std::error_code error;
  const fs::path runtime = fs::absolute(options.runtime_dir, error), source = runtime / "source";
  const bool here = links_here(options.target);
  const fs::path needed = here ? runtime / kArchive : source / "core.files";
  if (options.runtime_dir.empty() || !fs::exists(needed, error)) {
    diagnostics.error(file_place(options.runtime_dir),
                      fmt::format("kcc's embedded core ({}) is not there", needed.filename().string()),
                      "kcc expects it in lib/kcc beside itself or beside its folder");
    return std::nullopt;
  }
  const EmbeddedCore core{((here ? runtime : folder) / kArchive).string(),
                          fmt::format("@{}", (source / "core.flags").string()), (runtime / "include").string()};
  if (!here && !Builder(compiler, options, core, source, folder, diagnostics).build()) return std::nullopt;
  return core;
}

}  // namespace kcc
