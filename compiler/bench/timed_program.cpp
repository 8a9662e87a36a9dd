#include "compiler/bench/timed_program.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "compiler/support/subprocess.h"

namespace kcc {

namespace fs = std::filesystem;

TimedProgram::TimedProgram() : work_(fs::temp_directory_path()) {}

std::unique_ptr<TimedProgram> TimedProgram::link(const BenchSubject& subject, const std::vector<KernelObject>& kernels,
                                                 Diagnostics& diagnostics) {
  std::unique_ptr<TimedProgram> program(new TimedProgram);
  if (!program->work_.made()) {
    diagnostics.error({fs::temp_directory_path().string()}, fmt::format("cannot be written: {}", std::strerror(errno)));
    return nullptr;
  }
  LinkOptions link = subject.link;
  link.output = program->program_ = (program->work_.path() / subject.name).string();
  return link_program(subject.source, kernels, link, diagnostics) ? std::move(program) : nullptr;
}

std::optional<ProgramTimes> TimedProgram::run(int threads, double seconds, Diagnostics& diagnostics) const {
  const Outcome outcome = run_command(
      {program_, "bench", "--json", fmt::format("--threads={}", threads), fmt::format("--seconds={}", seconds)},
      work_.path());
  if (outcome.good()) return read_program_times(outcome.messages, diagnostics);
  const std::string said = outcome.messages.empty() ? "it said nothing" : outcome.messages;
  diagnostics.error({}, fmt::format("the program does not run here ({}): {}", outcome.why(), said),
                    "with --target, this machine must be able to run what it names");
  return std::nullopt;
}

}  // namespace kcc
