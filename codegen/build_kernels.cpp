#include "codegen/build_kernels.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "codegen/cache.h"
#include "codegen/elf_object.h"
#include "codegen/fork_each.h"
#include "codegen/kernel_key.h"
#include "codegen/kernel_notes.h"
#include "codegen/names.h"
#include "codegen/tunings.h"
#include "compiler/ir/print.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

constexpr int64_t kLargestTensor = INT32_MAX;  // bytes: kernels index with 32 bits

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// What kcc itself is: a rebuilt kcc may schedule differently.
std::string own_version() {
  return fmt::format("kcc {} {}", KCC_VERSION, hash_text(read_file("/proc/self/exe")));
}

// One object to compile: a kernel without names, for one target.
struct Job {
  size_t kernel;  // index into the plan's
  const Kernel* plain;
  const MachineTarget* target;
  ScheduleOptions schedule;
};

// Everything that decides the object.
std::string key_of(const Job& job, const std::string& version) {
  return fmt::format("{}\nlevel {} winograd {} tuning {}\n{}", version, job.schedule.level, job.schedule.winograd,
                     to_string(job.schedule.tuning), content_key(*job.plain, *job.target, job.schedule.batch));
}

// Halide's warnings are about schedules, which are kcc's; its errors come back as exceptions.
class Reporter : public Halide::CompileTimeErrorReporter {
 public:
  void warning(const char*) override {}
  [[noreturn]] void error(const char* message) override { throw std::runtime_error(message); }
};

struct Compiled {
  std::string bytes;
  std::string notes;
  double seconds = 0;
};

Compiled compile(const Job& job, Halide::OutputFileType form) {
  const auto start = std::chrono::steady_clock::now();
  Compiled compiled;
  BuiltKernel built = build_kernel(*job.plain, *job.target, job.schedule);
  KernelNotes notes = {built.schedule, {}};
  find_scratch(built.pipeline, job.plain->body, &notes.scratch);
  Halide::Target target = job.target->halide;
  if (built.strict_float) target.set_feature(Halide::Target::StrictFloat);
  Halide::Module module =
      built.pipeline.compile_to_module(built.arguments, kNeutralName, target, Halide::LinkageType::External);
  compiled.notes = to_text(notes);
  // Halide writes to a path: a file without a place on any disk has one.
  const int file = ::memfd_create("kernel", MFD_CLOEXEC);
  const std::string path = fmt::format("/proc/self/fd/{}", file);
  module.compile({{form, path}});
  compiled.bytes = read_file(path);
  ::close(file);
  compiled.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return compiled;
}

// What a child process says: "ok" or "error", then the rest.
std::string compile_in_child(const Job& job, Halide::OutputFileType form) {
  Reporter reporter;
  Halide::set_custom_compile_time_error_reporter(&reporter);
  try {
    const Compiled compiled = compile(job, form);
    return fmt::format("ok {} {}\n{}{}", compiled.seconds, compiled.notes.size(), compiled.notes, compiled.bytes);
  } catch (const std::exception& e) {
    return fmt::format("error {}", e.what());
  }
}

std::optional<Compiled> parse_answer(const std::string& answer) {
  Compiled compiled;
  std::string word;
  size_t notes_bytes = 0;
  std::istringstream head(answer);
  if (!(head >> word >> compiled.seconds >> notes_bytes) || word != "ok") return std::nullopt;
  const size_t body = answer.find('\n') + 1;
  compiled.notes = answer.substr(body, notes_bytes);
  compiled.bytes = answer.substr(body + notes_bytes);
  return compiled;
}

// What the kernel is for, in the words of its first call.
std::string purpose_of(const Plan& plan, size_t kernel) {
  for (const EntryPlan& entry : plan.entries) {
    for (const KernelCall* call : calls_of(entry)) {
      if (static_cast<size_t>(call->kernel) == kernel) return call->comment;
    }
  }
  return plan.kernels[kernel].name;
}

void report_failure(const Plan& plan, size_t kernel, const ForkResult& result, Diagnostics& diagnostics) {
  std::string why = result.failure.empty() ? result.output : "its compiler " + result.failure;
  if (why.rfind("error ", 0) == 0) why.erase(0, 6);
  while (!why.empty() && (why.back() == '\n' || why.back() == '.')) why.pop_back();
  diagnostics.error({},
                    fmt::format("internal error: kernel '{}' of {} does not compile: {}", plan.kernels[kernel].name,
                                purpose_of(plan, kernel), why),
                    "this is a mistake in kcc, not in your model");
}

// In child processes.
std::vector<Compiled> compile_all(const Plan& plan, const std::vector<Job>& work, const BuildOptions& options,
                                  Halide::OutputFileType form, Diagnostics& diagnostics) {
  std::vector<Compiled> all(work.size());
  const std::vector<ForkResult> results =
      fork_each(work.size(), options.jobs, [&](size_t i) { return compile_in_child(work[i], form); });
  for (size_t i = 0; i < results.size(); ++i) {
    std::optional<Compiled> compiled = parse_answer(results[i].output);
    if (compiled) all[i] = std::move(*compiled);
    if (!compiled) report_failure(plan, work[i].kernel, results[i], diagnostics);
  }
  return all;
}

std::vector<Kernel> nameless_kernels(const Plan& plan) {
  std::vector<Kernel> plain;
  for (const Kernel& kernel : plan.kernels) plain.push_back(nameless(kernel));
  return plain;
}

// Kernel by kernel, for all targets of each.
std::vector<Job> jobs_of(const std::vector<Kernel>& plain, const BuildOptions& options) {
  KCC_CHECK(!options.targets.empty(), "kernels are compiled for a target");
  std::vector<Job> jobs;
  for (size_t k = 0; k < plain.size(); ++k)
    for (const MachineTarget& target : options.targets) {
      jobs.push_back({k, &plain[k], &target, options.schedule});
      jobs.back().schedule.tuning =
          options.tunings.empty() ? find_tuning(plain[k], target, options) : options.tunings[k];
    }
  return jobs;
}

std::string symbol_of(const Plan& plan, const Job& job, const BuildOptions& options) {
  return plan.kernels[job.kernel].name + (options.targets.size() > 1 ? symbol_suffix(*job.target) : "");
}

bool check_sizes(const Plan& plan, Diagnostics& diagnostics) {
  for (size_t k = 0; k < plan.kernels.size(); ++k) {
    const Graph& body = plan.kernels[k].body;
    std::vector<Type> types;
    for (const NamedType& input : body.inputs) types.push_back(input.type);
    for (const NamedValue& output : body.outputs) types.push_back(body[output.value].type);
    const auto too_large = std::find_if(types.begin(), types.end(), [](const Type& type) {
      return element_count(type.shape).size > kLargestTensor / size_of(type.dtype);
    });
    if (too_large == types.end()) continue;
    diagnostics.error({}, fmt::format("{} needs a tensor {}, larger than the 2 GiB that a kernel can address",
                                      purpose_of(plan, k), to_string(*too_large)));
  }
  return !diagnostics.has_errors();
}

std::string header_line(const std::string& symbol, const std::string& purpose, KernelText form) {
  const char* comment = form == KernelText::kStmt ? "//" : form == KernelText::kLlvm ? ";" : "#";
  return fmt::format("{0} ---- {1}: {2}\n", comment, symbol, comment_text(purpose));
}

}  // namespace

std::vector<KernelObject> build_kernels(const Plan& plan, const BuildOptions& options, Diagnostics& diagnostics) {
  if (!check_sizes(plan, diagnostics)) return {};
  const KernelCache cache(options.cache_dir);
  const std::string version = own_version();
  const std::vector<Kernel> plain = nameless_kernels(plan);
  const std::vector<Job> jobs = jobs_of(plain, options);
  std::vector<KernelObject> objects(jobs.size());
  std::vector<std::string> keys;
  std::vector<size_t> missing;
  std::vector<Job> work;
  for (size_t i = 0; i < jobs.size(); ++i) {
    keys.push_back(key_of(jobs[i], version));
    std::optional<CachedKernel> found = cache.find(keys[i]);
    if (found) {
      objects[i] = {"", jobs[i].kernel, std::move(found->object), parse_notes(found->notes), 0, true};
      continue;
    }
    missing.push_back(i);
    work.push_back(jobs[i]);
  }
  std::vector<Compiled> compiled = compile_all(plan, work, options, Halide::OutputFileType::object, diagnostics);
  if (diagnostics.has_errors()) return {};
  for (size_t i = 0; i < missing.size(); ++i) {
    Compiled& made = compiled[i];
    cache.keep(keys[missing[i]], {made.bytes, made.notes});
    objects[missing[i]] = {"", work[i].kernel, std::move(made.bytes), parse_notes(made.notes), made.seconds, false};
  }
  // From here on objects are this program's.
  for (size_t i = 0; i < objects.size(); ++i) {
    objects[i].name = symbol_of(plan, jobs[i], options);
    objects[i].bytes = rename_symbols(std::move(objects[i].bytes), kNeutralName, objects[i].name);
    KCC_CHECK(!objects[i].bytes.empty(), "Halide did not write an ELF object");
  }
  return objects;
}

std::string kernel_text(const Plan& plan, const BuildOptions& options, KernelText form, Diagnostics& diagnostics) {
  const Halide::OutputFileType type = form == KernelText::kStmt   ? Halide::OutputFileType::stmt
                                      : form == KernelText::kLlvm ? Halide::OutputFileType::llvm_assembly
                                                                  : Halide::OutputFileType::assembly;
  const std::vector<Kernel> plain = nameless_kernels(plan);
  const std::vector<Job> jobs = jobs_of(plain, options);
  const std::vector<Compiled> compiled = compile_all(plan, jobs, options, type, diagnostics);
  std::string text;
  for (size_t i = 0; i < compiled.size(); ++i) {
    const std::string head = header_line(symbol_of(plan, jobs[i], options), purpose_of(plan, jobs[i].kernel), form);
    text += head + compiled[i].bytes + "\n";
  }
  return text;
}

std::vector<std::vector<Choice>> kernel_choices(const Plan& plan, const BuildOptions& options) {
  const std::vector<Kernel> plain = nameless_kernels(plan);
  // In children, as everything of Halide's: its names count on in whoever asks it for anything.
  const std::vector<ForkResult> results = fork_each(plain.size(), 1, [&](size_t k) {
    std::string text;
    ScheduleOptions schedule = options.schedule;
    schedule.tuning = options.tunings[k];
    for (const Choice& choice : build_kernel(plain[k], options.targets[0], schedule).choices)
      text +=
          fmt::format("{} {} {} {}\n", choice.name, choice.taken, choice.others.size(), fmt::join(choice.others, " "));
    return text;
  });
  std::vector<std::vector<Choice>> all;
  for (const ForkResult& result : results) {
    std::vector<Choice> choices;
    std::istringstream text(result.output);
    size_t others = 0;
    for (Choice choice; text >> choice.name >> choice.taken >> others;) {
      choice.others.resize(others);
      for (int64_t& value : choice.others) text >> value;
      choices.push_back(choice);
    }
    all.push_back(std::move(choices));
  }
  return all;
}

}  // namespace kcc
