#include "compiler/bench/bench.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "codegen/machine_peak.h"
#include "compiler/bench/compare.h"
#include "compiler/bench/join.h"
#include "compiler/bench/table.h"
#include "compiler/support/file.h"
#include "compiler/support/subprocess.h"
#include "compiler/support/work_folder.h"
#include "runtime/cores.h"

namespace kcc {
namespace {

namespace fs = std::filesystem;

constexpr int kPeakRounds = 4;  // before the program and after it

// Before minutes of measuring.
bool check_folder(const std::string& file, Diagnostics& diagnostics) {
  const fs::path folder = fs::path(file).parent_path();
  std::error_code error;
  if (file.empty() || folder.empty() || fs::is_directory(folder, error)) return true;
  diagnostics.error({file}, fmt::format("cannot be written: there is no folder '{}'", folder.string()));
  return false;
}

std::optional<ProgramTimes> run_program(const Options& options, const Subject& subject, int threads,
                                        Diagnostics& diagnostics) {
  const WorkFolder work(fs::temp_directory_path());
  if (!work.made()) {
    diagnostics.error({fs::temp_directory_path().string()}, fmt::format("cannot be written: {}", std::strerror(errno)));
    return std::nullopt;
  }
  LinkOptions link = subject.link;
  link.output = (work.path() / subject.name).string();
  if (!link_program(subject.source, subject.kernels, link, diagnostics)) return std::nullopt;
  const Outcome outcome = run_command({link.output, "bench", "--json", fmt::format("--threads={}", threads),
                                       fmt::format("--seconds={}", options.bench.seconds)},
                                      work.path());
  if (outcome.good()) return read_program_times(outcome.messages, diagnostics);
  diagnostics.error(
      {options.model},
      fmt::format("the program does not run here ({}): {}", outcome.why(),
                  outcome.messages.empty() ? "it said nothing" : outcome.messages),
      options.target == "host" ? "" : fmt::format("--target={}: can this machine run it?", options.target));
  return std::nullopt;
}

}  // namespace

bool run_bench(const Options& options, const Subject& subject, Diagnostics& diagnostics) {
  if (!check_folder(options.bench.json, diagnostics)) return false;
  const int threads = options.bench.threads > 0 ? options.bench.threads : runtime::default_threads();
  PeakMeter meter(threads);
  meter.measure(kPeakRounds);
  const std::optional<ProgramTimes> times = run_program(options, subject, threads, diagnostics);
  if (!times) return false;
  meter.measure(kPeakRounds);

  BenchReport report;
  report.kcc = KCC_VERSION;
  report.model = subject.name;
  report.target = options.target;
  report.level = options.level;
  report.batch = times->batch;
  report.machine = meter.peak();
  std::vector<std::string> schedules;
  for (const KernelObject& kernel : subject.kernels) schedules.push_back(kernel.schedule);
  report.rows = join_rows(subject.module, subject.plan, schedules, *times, report.machine);
  report.steps = times->steps;
  std::fputs(bench_table(report).c_str(), stdout);
  return options.bench.json.empty() || write_file(options.bench.json, report_json(report), diagnostics);
}

bool compare_benches(const Options& options, Diagnostics& diagnostics) {
  const std::string &file_a = options.bench.compare[0], &file_b = options.bench.compare[1];
  const std::optional<BenchReport> a = read_report(file_a, diagnostics), b = read_report(file_b, diagnostics);
  if (!a || !b) return false;
  const std::optional<std::string> text = comparison(*a, *b, file_a, file_b, diagnostics);
  if (text) std::fputs(text->c_str(), stdout);
  return text.has_value();
}

}  // namespace kcc
