#include "runtime/trainer.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>

#include "runtime/files/mapped_file.h"
#include "runtime/format.h"

namespace kcc::runtime {
namespace {

constexpr int kWrongInput = 1;
constexpr int kWrongUsage = 2;

std::string base_name(const char* path) {
  const std::string text = path == nullptr ? "" : path;
  return text.substr(text.rfind('/') + 1);
}

int fail(const Trainer& trainer, const std::string& message, int status) {
  std::fflush(stdout);
  const std::string who = trainer.ranks.first() ? "" : format("rank %d: ", trainer.ranks.rank());
  std::fprintf(stderr, "%s: error: %s%s\n", trainer.name.c_str(), who.c_str(), message.c_str());
  trainer.ranks.abort(status);
  return status;
}

Result<int> print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

// Made by whom, from what; with -v also what its kernels were compiled for, the chosen target first.
std::string version_text(const Trainer& trainer, bool more) {
  const Program& program = trainer.program;
  std::string text =
      trainer.name + " made by kcc " KCC_VERSION " from a model of Keras " + program.keras_version + "\n";
  if (!more || program.cpu_target_count == 0) return text;
  const TargetChoice choice = choose_target(program);
  std::vector<std::string> others;
  for (int32_t i = 0; i < program.cpu_target_count; ++i) {
    if (i != choice.index) others.push_back(program.cpu_targets[i].name);
  }
  if (choice.index >= 0) text += format("kernels for %s\n", program.cpu_targets[choice.index].name);
  if (!others.empty()) text += format("not used here: kernels for %s\n", join(others, ", ").c_str());
  return text + format("processor: %s\n", cpu_level(cpu_features()));
}

// Whether this processor runs the kernels; a few commands call none.
Status check_processor(const Trainer& trainer, const Options& options) {
  const Command command = options.command;
  if (command == Command::kSummary || command == Command::kHelp || command == Command::kVersion) return {};
  const TargetChoice choice = choose_target(trainer.program);
  return choice.index < 0 ? Status(make_error("%s", choice.message)) : Status();
}

Result<int> run_command(const Trainer& trainer, const Options& options) {
  switch (options.command) {
    case Command::kFit:
      return run_fit(trainer, options);
    case Command::kEvaluate:
      return run_evaluate(trainer, options);
    case Command::kPredict:
      return run_predict(trainer, options);
    case Command::kSummary:
      return run_summary(trainer);
    case Command::kBench:
      return run_bench(trainer, options);
    case Command::kVerify:
      return run_verify(trainer, options);
    case Command::kHelp:
      return print(help_text(trainer.name, options.help_topic));
    case Command::kVersion:
      return print(version_text(trainer, options.verbose == 1));
  }
  return 0;
}

// Who works with the other ranks. What is done once must not be done by each of several processes.
Status join_ranks(const Trainer& trainer, const Options& options) {
  const bool together = options.command == Command::kFit || options.command == Command::kEvaluate;
  if (together) return trainer.ranks.join(options.distributed);
  if (options.command == Command::kBench && launched_processes() > 1)
    return make_error("bench runs in one process: start it without mpirun");
  if (options.command == Command::kVerify && launched_processes() > 1)
    return make_error("verify runs in one process: start it without mpirun");
  if (options.command != Command::kPredict || options.distributed == Distributed::kNone || launched_processes() == 1)
    return {};
  return make_error("predict runs in one process: start it without mpirun, or pass --distributed=none");
}

int run(const Trainer& trainer, const Options& options) {
  if (Status status = check_processor(trainer, options); !status)
    return fail(trainer, status.error().message, kWrongInput);
  if (Status status = join_ranks(trainer, options); !status) return fail(trainer, status.error().message, kWrongInput);
  const Result<int> status = run_command(trainer, options);
  if (!status) return fail(trainer, status.error().message, kWrongInput);
  if (std::fflush(stdout) != 0) return fail(trainer, "cannot write to standard output", kWrongInput);
  trainer.ranks.end();
  return *status;
}

}  // namespace

void Trainer::warn(const std::string& message) const {
  if (!ranks.first()) return;
  std::fflush(stdout);
  std::fprintf(stderr, "%s: %s\n", name.c_str(), message.c_str());
}

// The one place that catches what the standard library throws.
int trainer_main(const Program& program, int argc, char** argv) {
  std::string name = base_name(argc > 0 ? argv[0] : nullptr);
  Ranks ranks;
  const Trainer trainer{program, name.empty() ? program.name : std::move(name), ranks};
  try {
    report_truncated_maps();
    std::signal(SIGXFSZ, SIG_IGN);  // a file beyond the user's limit is an error of its write, with a message
    const Result<Options> options = parse_options(argc, argv);
    if (!options) return fail(trainer, options.error().message, kWrongUsage);
    return run(trainer, *options);
  } catch (const std::bad_alloc&) {
    return fail(trainer, "out of memory", kWrongInput);
  } catch (const std::exception& exception) {
    return fail(trainer, exception.what(), kWrongInput);
  }
}

}  // namespace kcc::runtime
