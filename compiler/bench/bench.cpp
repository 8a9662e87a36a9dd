#include "compiler/bench/bench.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "codegen/machine_peak.h"
#include "compiler/bench/compare.h"
#include "compiler/bench/join.h"
#include "compiler/bench/table.h"
#include "compiler/bench/tune.h"
#include "compiler/support/file.h"
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

}  // namespace

bool run_bench(const Options& options, const BenchSubject& subject, Diagnostics& diagnostics) {
  if (!check_folder(options.bench.json, diagnostics)) return false;
  const int threads = options.bench.threads > 0 ? options.bench.threads : runtime::default_threads();
  std::vector<KernelObject> kernels = subject.kernels;
  if (options.bench.tune > 0) {
    BuildOptions build = subject.build;
    build.tunings = tune(subject, options.bench.tune, threads, diagnostics);
    if (!diagnostics.has_errors()) kernels = build_kernels(subject.plan, build, diagnostics);
    if (diagnostics.has_errors()) return false;
  }
  PeakMeter meter(threads);
  meter.measure(kPeakRounds);
  const std::unique_ptr<TimedProgram> program = TimedProgram::link(subject, kernels, diagnostics);
  if (!program) return false;
  const std::optional<ProgramTimes> times = program->run(threads, options.bench.seconds, diagnostics);
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
  for (const KernelObject& kernel : kernels) schedules.push_back(kernel.notes.schedule);
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
