#include "codegen/cross_compiler.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "compiler/support/subprocess.h"
#include "compiler/support/work_folder.h"

namespace kcc {
namespace {

struct Kind {
  const char* machine;  // as GNU calls it, before the first dash
  std::vector<std::string> compilers;
  const char* package;  // Debian's, where none of them is the system's own
};

Kind kind_of(const MachineTarget& target) {
  const bool arm = target.halide.arch == Halide::Target::ARM;
  const char* machine = arm ? "aarch64" : "x86_64";
  if (links_here(target)) return {machine, {"c++", "g++", "clang++"}, "g++"};
  return {machine, {fmt::format("{}-linux-gnu-g++", machine)}, arm ? "g++-aarch64-linux-gnu" : "g++-x86-64-linux-gnu"};
}

// "ccache g++" is two words.
std::vector<std::string> words_of(const std::string& text) {
  std::istringstream words(text);
  std::vector<std::string> list;
  for (std::string word; words >> word;) list.push_back(word);
  return list;
}

// "x86_64-linux-gnu"; "" if it does not say.
std::string machine_of(std::vector<std::string> compiler) {
  const WorkFolder work(std::filesystem::temp_directory_path());
  if (!work.made()) return "";
  compiler.push_back("-dumpmachine");
  const Outcome outcome = run_command(compiler, work.path());
  const std::vector<std::string> words = words_of(outcome.messages);
  return outcome.good() && words.size() == 1 ? words[0] : "";
}

bool check_machine(const std::vector<std::string>& compiler, const Kind& kind, const MachineTarget& target,
                   const std::string& origin, Diagnostics& diagnostics) {
  const std::string machine = machine_of(compiler);
  if (machine.empty() || machine.rfind(fmt::format("{}-", kind.machine), 0) == 0) return true;
  diagnostics.error({}, fmt::format("C++ compiler '{}' compiles for {}, not for {}", compiler[0], machine, target.name),
                    origin);
  return false;
}

}  // namespace

std::vector<std::string> find_compiler_for(const MachineTarget& target, const std::string& wanted,
                                           Diagnostics& diagnostics) {
  const Kind kind = kind_of(target);
  const char* environment = std::getenv("CXX");
  const std::string named = !wanted.empty() ? wanted : environment != nullptr ? environment : "";
  const std::string origin = wanted.empty() ? "it comes from the environment variable CXX" : "";
  const std::vector<std::string> command = words_of(named);
  if (!command.empty()) {
    if (is_command(command[0]))
      return check_machine(command, kind, target, origin, diagnostics) ? command : std::vector<std::string>();
    diagnostics.error({}, fmt::format("C++ compiler '{}' is not there or cannot be run", command[0]), origin);
    return {};
  }
  for (const std::string& name : kind.compilers) {
    if (is_command(name)) return {name};
  }
  diagnostics.error({},
                    fmt::format("no C++ compiler for {} found: tried {}", target.name, fmt::join(kind.compilers, ", ")),
                    fmt::format("install one (Debian: apt install {}) or set CXX", kind.package));
  return {};
}

std::string binary_tool(const std::vector<std::string>& compiler, const MachineTarget& target,
                        const std::string& tool) {
  const std::string& name = compiler.back();  // behind "ccache"
  const std::string beside = name.substr(0, name.rfind('-') + 1) + tool;
  if (is_command(beside)) return beside;
  const std::string of_machine = fmt::format("{}-linux-gnu-{}", kind_of(target).machine, tool);
  return !links_here(target) && is_command(of_machine) ? of_machine : tool;
}

}  // namespace kcc
