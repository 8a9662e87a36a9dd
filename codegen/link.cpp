#include "codegen/link.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "codegen/cross_compiler.h"
#include "codegen/toolchain.h"
#include "compiler/support/subprocess.h"
#include "compiler/support/work_folder.h"

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
  // Only those archives become part of the program whose functions it names: few take in pictures.
  // -l:NAME.a, so that no shared library of the same name becomes a dependency.
  add({"-L" + runtime.string(), "-l:libkcc_images.a", "-l:libkcc_runtime.a", "-l:libjpeg.a", "-l:libpng.a",
       "-l:libminizip.a", "-l:libz.a", "-Xlinker", "-rpath", "-Xlinker", plugins, "-o", "program"});
  return command;
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
  std::vector<std::string> command = find_compiler_for(options.target, options.compiler, diagnostics);
  if (command.empty()) return false;

  const WorkFolder work(output.parent_path());
  if (!work.made()) {
    diagnostics.error(file_place(options.output), fmt::format("cannot write the output: {}", std::strerror(errno)));
    return false;
  }
  bool written = write_bytes(work.path() / "program.cpp", source) &&
                 (options.weights.empty() || write_bytes(work.path() / "weights.bin", options.weights)) &&
                 (options.self_test.empty() || write_bytes(work.path() / "self_test.bin", options.self_test));
  std::vector<std::string> objects;
  for (const KernelObject& kernel : kernels) {
    objects.push_back(fmt::format("{}.o", objects.size()));  // symbols may be longer than file names
    written = written && write_bytes(work.path() / objects.back(), kernel.bytes);
  }
  if (!written) {
    diagnostics.error(file_place(options.output),
                      fmt::format("cannot write beside the output: {}", std::strerror(errno)));
    return false;
  }
  command = link_command(std::move(command), objects, runtime);
  if (options.verbose) fmt::print(stderr, "{}\n", fmt::join(command, " "));
  const Outcome outcome = run_command(command, work.path());
  if (!outcome.good()) {
    diagnostics.error(
        {}, fmt::format("the C++ compiler '{}' failed ({}):\n{}", command[0], outcome.why(), outcome.messages),
        "kcc -v shows the command");
    return false;
  }
  if (::rename((work.path() / "program").c_str(), output.c_str()) != 0) {
    diagnostics.error(file_place(options.output), fmt::format("cannot write the output: {}", std::strerror(errno)));
    return false;
  }
  return true;
}

}  // namespace kcc
