#include "compiler/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>

#include "codegen/cache.h"
#include "compiler/pages/completion.h"
#include "compiler/pages/man_page.h"

namespace kcc {
namespace {

const std::map<std::string, Emit> kEmits = {{"trainer", Emit::kTrainer}, {"library", Emit::kLibrary},
                                            {"shared", Emit::kShared},   {"c++", Emit::kCpp},
                                            {"graph", Emit::kGraph},     {"train-graph", Emit::kTrainGraph},
                                            {"plan", Emit::kPlan},       {"stmt", Emit::kStmt},
                                            {"llvm", Emit::kLlvm},       {"asm", Emit::kAssembly}};

// What the raw strings of the command line are before they are looked at more closely.
struct RawOptions {
  std::string emit = "trainer", color = "auto", cache = KernelCache::default_folder();
  std::vector<std::string> input_shapes, losses, metrics, loss_weights, sample_weight_modes, explain;
  std::string optimizer, rankdir;
  bool no_cache = false;
};

int wrong_usage(const std::string& message) {
  fmt::print(stderr, "kcc: error: {}\nkcc --help lists the options\n", message);
  return 2;
}

// "NAME=VALUE" -> (NAME, VALUE); without '=' the name is "".
std::pair<std::string, std::string> split_named(const std::string& text) {
  const size_t equals = text.find('=');
  const size_t paren = text.find('(');  // "SGD(lr=0.1)" has no name
  if (equals == std::string::npos || paren < equals) return {"", text};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

bool parse_integers(const std::string& text, std::vector<int64_t>* values) {
  for (const std::string& part : CLI::detail::split(text, ',')) {
    int64_t value = 0;
    if (!CLI::detail::lexical_cast(part, value) || value <= 0) return false;
    values->push_back(value);
  }
  return !values->empty();
}

bool use_color(const std::string& when) {
  if (when != "auto") return when == "always";
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(STDERR_FILENO) && !(no_color && *no_color);
}

// "{asm,c++,...}", for --help and completion.
std::string emit_values() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : kEmits) names.push_back(name);
  return "{" + CLI::detail::join(names) + "}";
}

// The page of that name: `kcc generate man`, for the build.
std::string generated_page(const std::string& name, const CliTable& table) {
  if (name == "man") return man_page(table);
  if (name == "bash") return bash_completion(table);
  return name == "zsh" ? zsh_completion(table) : fish_completion(table);
}

void declare_common(CLI::App& app, Options& o, RawOptions& raw) {
  app.add_option("MODEL", o.model,
                 "Keras model: JSON as model.to_json() writes it, a .keras archive or a whole model as .h5");
  app.add_option("--input-shape", raw.input_shapes, "NAME=100,256: what the file leaves open besides the batch")
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--define", o.defines, "FILE.py: functions for Lambda layers, losses, metrics and activations")
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--color", raw.color, "colour in messages")->check(CLI::IsMember({"auto", "always", "never"}));
}

// What decides the kernels, for all that compiles them.
void declare_kernels(CLI::App& app, Options& o, RawOptions& raw) {
  app.add_flag("--inference", o.inference, "leave out what only training needs");
  app.add_option("-O", o.level, "how hard to schedule")->check(CLI::Range(0, 3))->default_str("2");
  app.add_flag("--no-winograd", o.no_winograd, "compute every convolution directly: slower, rounded otherwise");
  app.add_option(
         "--target", o.target,
         "what the program runs on; several, with commas between them, make one program that chooses when it starts")
      ->type_name("{host,x86-64-v2,x86-64-v3,x86-64-v4,arm-64-linux}");
  app.add_option("--batch-size", o.batch_size, "the training batch that schedules are specialised for")
      ->check(CLI::Range(1, 1 << 20))
      ->default_str("32");
  app.add_option("--optimizer", raw.optimizer, "as in Keras code: \"SGD(learning_rate=0.01, momentum=0.9)\"");
  app.add_option("--loss", raw.losses, "LOSS, or OUTPUT=LOSS for each of several outputs")
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--metric", raw.metrics, "METRIC, or OUTPUT=METRIC")->allow_extra_args(false)->take_all();
  app.add_option("--loss-weight", raw.loss_weights, "OUTPUT=WEIGHT")->allow_extra_args(false)->take_all();
  app.add_option("--sample-weight-mode", raw.sample_weight_modes,
                 "temporal, or OUTPUT=temporal: sample weights of one a step instead of one a sample")
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("-j,--jobs", o.jobs, "kernels compiled at a time; default all cores")->check(CLI::Range(1, 256));
  app.add_option("--cache", raw.cache, "folder that keeps compiled kernels");
  app.add_flag("--no-cache", raw.no_cache, "compile every kernel anew and keep none");
  app.add_flag("-v,--verbose", o.verbose, "say what is done");
  app.add_flag("--time-report", o.time_report, "how long each stage took");
}

void declare_compile(CLI::App& app, Options& o, RawOptions& raw) {
  app.add_option("-o", o.output, "output; a.out, a folder or .so of the model's name, or standard output for text");
  app.add_option(
         "--emit", raw.emit,
         "what to make: trainer (an executable), library (a folder), shared (a .so), c++ (a library as source, a "
         "folder), or what one stage produced as text: graph, train-graph, plan, stmt, llvm, asm")
      ->type_name(emit_values());
  app.add_flag("--single-process", o.single_process, "leave out what only training on several processes needs");
  app.add_option("--name", o.name, "name of the program's symbols; default from the model's name");
  app.add_option("--weights", o.weights, "initial weights, embedded: .weights.h5, .keras or .h5 of any Keras");
  app.add_option("--verify-data", o.verify_data,
                 "FILE.npz: inputs and expected outputs by their names, stored for the program's verify");
  app.add_option("--dump-dir", o.dump_dir, "write every stage there as numbered text files");
  app.add_option("--explain", raw.explain, "fusion, memory, schedule: why the compiler decided as it did")
      ->allow_extra_args(false)
      ->take_all()
      ->delimiter(',')
      ->check(CLI::IsMember({"fusion", "memory", "schedule"}));
}

void declare_bench(CLI::App& app, BenchOptions& o) {
  app.add_option("--threads", o.threads, "threads to compute with; default all cores")->check(CLI::Range(1, 1024));
  app.add_option("--seconds", o.seconds, "how long to repeat each measurement")
      ->check(CLI::Range(0.001, 3600.0))
      ->default_str("1");
  app.add_option("--json", o.json, "write what was measured to this file");
  app.add_option("--tune", o.tune, "search that many seconds for faster schedules, for later compilations too")
      ->check(CLI::Range(0.1, 1e6));
  app.add_option("--compare", o.compare, "A.json B.json: how many times as fast B is; no model")->expected(2);
}

void declare_plot(CLI::App& app, Options& o, RawOptions& raw) {
  app.add_option("-o", o.output, "the picture: .svg or .dot, or .png where Graphviz is installed; model.svg");
  app.add_flag("--show-shapes,!--no-show-shapes", o.diagram.shapes,
               "shapes of inputs and outputs; on unless told otherwise");
  app.add_flag("--show-dtype", o.diagram.dtypes, "types of outputs");
  app.add_flag("--show-layer-names", o.diagram.layer_names, "names of layers");
  app.add_flag("--show-layer-activations", o.diagram.activations, "activations of the layers that have one");
  app.add_flag("--show-trainable", o.diagram.trainable, "whether weights are trained");
  app.add_flag("--expand-nested", o.diagram.expand_nested, "draw models inside the model in frames");
  app.add_option("--rankdir", raw.rankdir, "TB: from top to bottom, LR: from left to right")
      ->check(CLI::IsMember({"TB", "LR"}))
      ->default_str("TB");
  app.add_option("--dpi", o.plot.dpi, "dots an inch of .png")->check(CLI::Range(1, 10000))->default_str("200");
}

// From raw strings to options; "" or what is wrong.
std::string digest(const RawOptions& raw, Options& o) {
  auto emit = kEmits.find(raw.emit);
  if (emit == kEmits.end()) {
    std::vector<std::string> names;
    for (const auto& [name, kind] : kEmits) names.push_back(name);
    const std::string hint = did_you_mean(raw.emit, names);
    return fmt::format("--emit={}: expected one of {}{}", raw.emit, fmt::join(names, ", "),
                       hint.empty() ? "" : "; " + hint);
  }
  o.emit = emit->second;
  o.color = use_color(raw.color);
  o.plot.left_to_right = raw.rankdir == "LR";
  if (o.command == Command::kPlot) {
    if (o.output.empty()) o.output = "model.svg";
    if (!is_plot_file(o.output)) return fmt::format("-o {}: expected FILE.svg, FILE.dot or FILE.png", o.output);
  }
  o.cache = raw.no_cache ? "" : raw.cache;
  for (const std::string& text : raw.input_shapes) {
    const auto [name, sizes] = split_named(text);
    if (!parse_integers(sizes, &o.frontend.input_shapes[name]))
      return fmt::format("--input-shape {}: expected NAME=100,256", text);
  }
  TrainingOverrides& training = o.frontend.training;
  if (!raw.optimizer.empty()) training.optimizer = raw.optimizer;
  for (const std::string& text : raw.losses) training.losses.insert(split_named(text));
  for (const std::string& text : raw.metrics) training.metrics.push_back(split_named(text));
  for (const std::string& text : raw.loss_weights) {
    const auto [name, weight] = split_named(text);
    if (!CLI::detail::lexical_cast(weight, training.loss_weights[name]))
      return fmt::format("--loss-weight {}: expected OUTPUT=NUMBER", text);
  }
  for (const std::string& text : raw.sample_weight_modes) {
    const auto [name, mode] = split_named(text);
    if (mode != "temporal" && mode != "samplewise")
      return fmt::format("--sample-weight-mode {}: expected temporal or samplewise", text);
    training.temporal_weights[name] = mode == "temporal";
  }
  for (const std::string& what : raw.explain) {
    o.explain_fusion |= what == "fusion";
    o.explain_memory |= what == "memory";
    o.explain_schedule |= what == "schedule";
  }
  return "";
}

// CLI11's own message, with the nearest option where one is near.
int refuse(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const std::vector<const CLI::App*> used = app.get_subcommands([](const CLI::App* sub) { return sub->parsed(); });
  const CLI::App& command = used.empty() ? app : *used.front();
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  std::string hint;
  for (int i = 1; i < argc && dynamic_cast<const CLI::ExtrasError*>(&error); ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    if (word.rfind("--", 0) == 0 && std::find(names.begin(), names.end(), word) == names.end())
      hint = did_you_mean(word, names);
  }
  return wrong_usage(std::string(error.what()) + (hint.empty() ? "" : "; " + hint));
}

}  // namespace

bool parse_options(int argc, char** argv, Options* options, int* status) {
  CLI::App app("kcc compiles a Keras model to a native program that trains it, evaluates it and predicts with it.",
               "kcc");
  app.set_version_flag("--version", "kcc " KCC_VERSION);
  app.option_defaults()->always_capture_default(false);
  RawOptions raw;
  bool markdown = false;
  declare_common(app, *options, raw);
  declare_kernels(app, *options, raw);
  declare_compile(app, *options, raw);
  CLI::App* summary = app.add_subcommand("summary", "print the layer table, as Keras does");
  declare_common(*summary, *options, raw);
  CLI::App* plot = app.add_subcommand("plot", "draw the graph of layers, as Keras's plot_model does");
  declare_common(*plot, *options, raw);
  declare_plot(*plot, *options, raw);
  CLI::App* bench = app.add_subcommand("bench", "time every kernel and the whole step on made-up data");
  declare_common(*bench, *options, raw);
  declare_kernels(*bench, *options, raw);
  declare_bench(*bench, options->bench);
  CLI::App* ops = app.add_subcommand("ops", "list what is supported: layers, losses, ... with their arguments");
  ops->add_flag("--markdown", markdown, "as the page docs/ops.md");
  ops->add_option("-o", options->output, "output; standard output");
  std::string page;
  CLI::App* generate = app.add_subcommand("generate", "write a page that is made from these options")->group("");
  generate->add_option("PAGE", page)->required()->check(CLI::IsMember({"man", "bash", "zsh", "fish"}));
  *status = 0;
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    *status = app.exit(success);
    return false;
  } catch (const CLI::ParseError& error) {
    *status = refuse(app, error, argc, argv);
    return false;
  }
  if (generate->parsed()) fmt::print("{}", generated_page(page, make_cli_table(app)));
  if (generate->parsed()) return false;
  if (summary->parsed()) options->command = Command::kSummary;
  if (plot->parsed()) options->command = Command::kPlot;
  if (bench->parsed()) options->command = Command::kBench;
  if (ops->parsed()) options->command = Command::kOps;
  if (markdown) options->ops_form = OpsForm::kMarkdown;
  std::string wrong = digest(raw, *options);
  if (wrong.empty() && bench->parsed() && options->target.find(',') != std::string::npos)
    wrong = "bench measures one --target at a time";
  const bool compares = !options->bench.compare.empty();
  if (wrong.empty() && compares && !options->model.empty()) wrong = "--compare takes two reports and no model";
  if (wrong.empty() && options->bench.tune > 0 && (options->cache.empty() || options->level < 2))
    wrong = "--tune keeps what it finds in the cache, for -O2 and -O3: it takes neither --no-cache nor a lower -O";
  if (wrong.empty() && !compares && !ops->parsed() && options->model.empty())
    wrong = "no model file; expected kcc MODEL -o OUT";
  if (!wrong.empty()) *status = wrong_usage(wrong);
  return wrong.empty();
}

}  // namespace kcc
