#include "compiler/compile.h"

#include <fmt/format.h>

#include <cctype>
#include <cstdio>
#include <filesystem>

#include "codegen/build_kernels.h"
#include "codegen/cpp/core_source.h"
#include "codegen/cpp/emit_folder.h"
#include "codegen/emit_program.h"
#include "codegen/library_name.h"
#include "codegen/link_library.h"
#include "compiler/bench/bench.h"
#include "compiler/embed_self_test.h"
#include "compiler/embed_weights.h"
#include "compiler/ir/print.h"
#include "compiler/open_model.h"
#include "compiler/passes/index_limits.h"
#include "compiler/passes/optimize.h"
#include "compiler/passes/plan.h"
#include "compiler/passes/split_batch.h"
#include "compiler/passes/trim_states.h"
#include "compiler/summary.h"
#include "compiler/support/file.h"
#include "compiler/support/timing.h"
#include "frontend/python/python.h"

namespace kcc {
namespace {

// Text goes to standard output unless -o names a file.
bool write_text(const Options& options, const std::string& text, Diagnostics& diagnostics) {
  if (!options.output.empty()) return write_file(options.output, text, diagnostics);
  std::fputs(text.c_str(), stdout);
  return true;
}

void dump(const Options& options, const char* name, const std::string& text, Diagnostics& diagnostics) {
  if (options.dump_dir.empty()) return;
  std::error_code ignored;  // a folder that cannot be made shows when the file is written
  std::filesystem::create_directories(options.dump_dir, ignored);
  write_file(options.dump_dir + "/" + name, text, diagnostics);
}

std::string program_name(const Options& options, const Module& module) {
  std::string name = options.name.empty() ? module.name : options.name;
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) ? "model_" + name : name;
}

std::string default_output(const Options& options, const std::string& name) {
  if (options.emit == Emit::kLibrary) return name;
  return options.emit == Emit::kShared ? "lib" + name + ".so" : "a.out";
}

std::string runtime_folder() {
  const std::string here = executable_folder();
  const std::string beside = here + "/lib/kcc";
  return std::filesystem::exists(beside) ? beside : here + "/../lib/kcc";
}

// A library as source: a folder.
bool write_folder(const Options& options, const Module& module, const Plan& plan, const ProgramOptions& program,
                  const std::string& weights, Diagnostics& diagnostics) {
  const std::optional<std::string> core = cpp::core_source(runtime_folder() + "/source", diagnostics);
  if (!core) return false;
  const std::filesystem::path folder = options.output.empty() ? program.name : options.output;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!std::filesystem::is_directory(folder)) {
    diagnostics.error({folder}, "the output cannot be made, expected the name of a folder",
                      error ? error.message() : "");
    return false;
  }
  for (const auto& [name, text] : cpp::emit_folder(module, plan, program, *core, weights))
    if (!write_file((folder / name).string(), text, diagnostics)) return false;
  return true;
}

std::vector<Graph*> graphs_of(Module& module) {
  std::vector<Graph*> graphs{&module.predict};
  for (Graph* graph : {&module.evaluate, &module.train, &module.report, &module.train_share})
    if (!graph->nodes.empty()) graphs.push_back(graph);
  return graphs;
}

std::string graphs_text(Module& module) {
  std::string text = states_to_string(module);
  for (const Graph* graph : graphs_of(module)) text += to_string(*graph, module);
  return text;
}

std::string schedules_text(const Plan& plan, const std::vector<KernelObject>& kernels) {
  std::string text;
  for (const KernelObject& kernel : kernels)
    text += fmt::format("{:40} {:16} {:.2f} s{}  {}\n", kernel.name, name_of(plan.kernels[kernel.kernel].family),
                        kernel.seconds, kernel.from_cache ? " (cache)" : "", kernel.notes.schedule);
  return text;
}

bool write_kernels(const Options& options, const Plan& plan, const BuildOptions& build, KernelText form,
                   Diagnostics& diagnostics) {
  const std::string text = kernel_text(plan, build, form, diagnostics);
  return !diagnostics.has_errors() && write_text(options, text, diagnostics);
}

bool read_defines(const Options& options, python::Program& functions, Diagnostics& diagnostics) {
  for (const std::string& file : options.defines) {
    std::string text;
    if (read_file(file, &text, diagnostics)) functions.add(text, file, diagnostics);
  }
  return !diagnostics.has_errors();
}

bool run_stages(const Options& options, StageTimes& times, Diagnostics& diagnostics) {
  times.begin("read the model");
  std::string bytes;
  if (!read_file(options.model, &bytes, diagnostics)) return false;
  python::Program functions;
  if (!read_defines(options, functions, diagnostics)) return false;
  FrontendOptions frontend = options.frontend;
  frontend.environment.functions = &functions;
  frontend.inference = options.inference;
  const auto text = open_model(bytes, options.model, diagnostics);
  const auto file = text ? parse_model(*text, diagnostics) : std::nullopt;
  if (!file) return false;
  if (options.command == Command::kPlot) {
    const auto diagram = read_diagram(*file, frontend, options.diagram, diagnostics);
    return diagram && write_plot(*diagram, options.plot, options.output, diagnostics);
  }
  Module module = read_module(*file, frontend, diagnostics);
  if (diagnostics.has_errors()) return false;
  if (options.command == Command::kSummary) return write_text(options, summary_text(module), diagnostics);
  // From here on nothing knows Keras.
  dump(options, "01-module.txt", graphs_text(module), diagnostics);

  times.begin("optimize the graphs");
  for (Graph* graph : graphs_of(module)) *graph = optimize(*graph, module);
  const bool embedded = options.emit == Emit::kLibrary || options.emit == Emit::kShared || options.emit == Emit::kCpp;
  if (options.single_process || embedded || options.command == Command::kBench)
    module.share_obstacle = "the program was compiled with --single-process";
  else
    split_batch(module);
  if (options.inference) trim_states(module);
  find_index_limits(module);
  dump(options, "02-graphs.txt", graphs_text(module), diagnostics);
  if (options.emit == Emit::kGraph) return write_text(options, to_string(module.predict, module), diagnostics);
  if (options.emit == Emit::kTrainGraph) {
    if (!module.train.nodes.empty()) return write_text(options, to_string(module.train, module), diagnostics);
    diagnostics.error({options.model}, "no loss is known, so there is no training graph",
                      "pass --loss and --optimizer");
    return false;
  }

  times.begin("fuse and plan");
  std::vector<KernelGraph> kernel_graphs;
  for (const Graph* graph : graphs_of(module)) kernel_graphs.push_back(fuse(*graph));
  if (options.explain_fusion)
    for (const KernelGraph& kernels : kernel_graphs)
      fmt::print("{}:\n{}", kernels.graph.name, explain_fusion(kernels, module));
  const std::string name = program_name(options, module);
  if (const std::string why = refused_library_name(name); embedded && !why.empty()) {
    diagnostics.error({}, fmt::format("a library cannot be called {}: {}", name, why),
                      "choose another name with --name");
    return false;
  }
  const Plan plan = make_plan(module, kernel_graphs, name);
  // From here on nothing is invented: every kernel and every byte of memory is known.
  dump(options, "03-plan.txt", to_string(plan), diagnostics);
  if (options.explain_memory) fmt::print("{}", memory_report(plan));
  if (options.emit == Emit::kPlan) return write_text(options, to_string(plan), diagnostics);

  BuildOptions build;
  build.targets = parse_targets(options.target, diagnostics);
  if (build.targets.empty()) return false;
  const std::string weights_file = !options.weights.empty() ? options.weights : file->has_weights ? options.model : "";
  std::optional<std::string> weights = "";
  if (!weights_file.empty()) weights = embed_weights(module, plan, weights_file, diagnostics);
  if (!weights) return false;
  std::optional<SelfTestData> self_test = SelfTestData();
  if (!options.verify_data.empty()) self_test = embed_self_test(module, options.verify_data, diagnostics);
  if (!self_test) return false;
  ProgramOptions program{name, options.batch_size, false, !weights->empty()};
  program.timed = options.command == Command::kBench;
  // Others compile readable source, for what they like.
  if (options.emit != Emit::kCpp) program.targets = build.targets;
  if (options.emit == Emit::kCpp && !options.verify_data.empty()) {
    diagnostics.error({}, "--verify-data does not go with --emit=c++", "--emit=library and --emit=shared take it");
    return false;
  }
  program.self_test = self_test->layout;
  const std::string source = emit_program(module, plan, program);
  dump(options, "04-program.cpp", source, diagnostics);
  if (options.emit == Emit::kCpp) return write_folder(options, module, plan, program, *weights, diagnostics);

  times.begin("compile the kernels");
  build.schedule = {options.level, options.batch_size, {}, !options.no_winograd};
  build.jobs = options.jobs;
  build.cache_dir = options.cache;
  if (options.emit == Emit::kStmt) return write_kernels(options, plan, build, KernelText::kStmt, diagnostics);
  if (options.emit == Emit::kLlvm) return write_kernels(options, plan, build, KernelText::kLlvm, diagnostics);
  if (options.emit == Emit::kAssembly) return write_kernels(options, plan, build, KernelText::kAssembly, diagnostics);
  if (!links_here(build.targets[0]) && (!embedded || options.command == Command::kBench)) {
    diagnostics.error({},
                      fmt::format("a program for {} cannot be linked on this machine, whose runtime is of another kind",
                                  options.target),
                      "--emit=library and --emit=shared make a library for it, --emit=c++ one as source");
    return false;
  }
  const std::vector<KernelObject> kernels = build_kernels(plan, build, diagnostics);
  if (diagnostics.has_errors()) return false;
  if (options.explain_schedule) fmt::print("{}", schedules_text(plan, kernels));

  times.begin("compile the program and link");
  LinkOptions link;
  link.output = options.output.empty() ? default_output(options, name) : options.output;
  link.runtime_dir = runtime_folder();
  link.target = build.targets[0];
  link.jobs = options.jobs;
  link.cache_dir = options.cache;
  link.weights = *weights;
  link.self_test = self_test->bytes;
  link.verbose = options.verbose;
  if (options.command == Command::kBench)
    return run_bench(options, {module, plan, kernels, source, build, link, name}, diagnostics);
  if (!embedded) return link_program(source, kernels, link, diagnostics);
  const LibraryText library = emit_library(module, plan, program, kernels);
  return options.emit == Emit::kLibrary ? link_library(name, library, kernels, link, diagnostics)
                                        : link_shared(name, library, kernels, link, diagnostics);
}

}  // namespace

bool compile(const Options& options, Diagnostics& diagnostics) {
  if (options.command == Command::kOps) return write_text(options, ops_text(options.ops_form), diagnostics);
  StageTimes times;
  if (!options.bench.compare.empty()) return compare_benches(options, diagnostics);
  const bool good = run_stages(options, times, diagnostics);
  if (good && options.time_report) fmt::print(stderr, "{}", times.report());
  return good;
}

}  // namespace kcc
