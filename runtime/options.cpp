#include "runtime/options.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "runtime/data/image_folder.h"
#include "runtime/format.h"
#include "runtime/nearest.h"

namespace kcc::runtime {
namespace {

enum : unsigned { kFit = 1, kEvaluate = 2, kPredict = 4, kSummary = 8, kBench = 16, kVerify = 32 };

// Sets a value; an Error says what was expected instead of it.
using Setter = Status (*)(Options&, const std::string&);

struct Row {
  const char* name;      // with its dashes
  const char* argument;  // null: a flag
  unsigned commands;     // which take it
  Setter set;
  const char* help;
  const char* alias = nullptr;
};

struct CommandRow {
  const char* name;
  const char* arguments;
  const char* help;
  unsigned bit;
  Command command;
};

constexpr CommandRow kCommands[] = {
    {"fit", "-x X -y Y [options]", "train, and save the weights", kFit, Command::kFit},
    {"evaluate", "-x X -y Y [options]", "loss and metrics on data", kEvaluate, Command::kEvaluate},
    {"predict", "-x X -o OUT.npy [options]", "outputs for data", kPredict, Command::kPredict},
    {"summary", "", "the table of layers", kSummary, Command::kSummary},
    {"bench", "[options]", "time steps on made-up data", kBench, Command::kBench},
    {"verify", "[options]", "compare outputs with those that were stored", kVerify, Command::kVerify},
};

Error expected(const char* what, const std::string& value) {
  return make_error("expected %s, received '%s'", what, value.c_str());
}

template <typename Integer>
Status parse_integer(const std::string& text, Integer lowest, Integer highest, const char* what, Integer* out) {
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, *out);
  if (error != std::errc() || at != end || *out < lowest || *out > highest) return expected(what, text);
  return {};
}

Status parse_positive(const std::string& text, int64_t* out) {
  return parse_integer<int64_t>(text, 1, std::numeric_limits<int32_t>::max(), "a whole number of at least 1", out);
}

Status parse_number(const std::string& text, const char* what, double* out) {
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, *out);
  if (error != std::errc() || at != end || !std::isfinite(*out)) return expected(what, text);
  return {};
}

Status parse_file(const std::string& text, std::string* out) {
  if (text.empty()) return make_error("expected a file, received nothing");
  *out = text;
  return {};
}

Status add_file(const std::string& text, std::vector<std::string>* out) {
  out->emplace_back();
  return parse_file(text, &out->back());
}

Status set_shuffle(Options& o, const std::string& text) {
  if (text == "true" || text == "True")
    o.shuffle = Shuffle::kAll;
  else if (text == "false" || text == "False")
    o.shuffle = Shuffle::kNone;
  else if (text == "batch")
    o.shuffle = Shuffle::kBatch;
  else
    return expected("true, false or batch", text);
  return {};
}

Status set_class_weight(Options& o, const std::string& text) {
  Result<ClassWeights> weights = parse_class_weights(text);
  if (!weights) return weights.error();
  o.class_weight = std::move(*weights);
  return {};
}

Status set_validation_split(Options& o, const std::string& text) {
  constexpr const char* kWhat = "a fraction between 0 and 1";
  if (Status status = parse_number(text, kWhat, &o.validation_split); !status) return status;
  if (o.validation_split < 0 || o.validation_split >= 1) return expected(kWhat, text);
  return {};
}

Status set_verbose(Options& o, const std::string& text) {
  if (text == "auto")
    o.verbose = kVerboseAuto;
  else if (text == "0" || text == "1" || text == "2")
    o.verbose = text[0] - '0';
  else
    return expected("auto, 0, 1 or 2", text);
  return {};
}

Status set_progress(Options& o, const std::string& text) {
  if (text == "keras3")
    o.progress = ProgressStyle::kKeras3;
  else if (text == "keras2")
    o.progress = ProgressStyle::kKeras2;
  else if (text == "plain")
    o.progress = ProgressStyle::kPlain;
  else if (text == "json")
    o.progress = ProgressStyle::kJson;
  else if (text == "none")
    o.progress = ProgressStyle::kNone;
  else
    return expected("keras3, keras2, plain, json or none", text);
  return {};
}

Status set_distributed(Options& o, const std::string& text) {
  if (text == "auto")
    o.distributed = Distributed::kAuto;
  else if (text == "none")
    o.distributed = Distributed::kNone;
  else if (text == "mpi")
    o.distributed = Distributed::kMpi;
  else
    return expected("auto, none or mpi", text);
  return {};
}

Status set_history(Options& o, const std::string& text) {
  if (!text.ends_with(".json") && !text.ends_with(".csv") && !text.ends_with(".svg"))
    return expected("FILE.json, FILE.csv or FILE.svg", text);
  o.history = text;
  return {};
}

Status set_out(Options& o, const std::string& text) {
  if (!text.ends_with(".npy") && !text.ends_with(".npz")) return expected("FILE.npy or FILE.npz", text);
  o.out = text;
  return {};
}

Status set_learning_rate(Options& o, const std::string& text) {
  double rate = 0;
  if (Status status = parse_number(text, "a number", &rate); !status) return status;
  if (rate < 0) return expected("a number of at least 0", text);
  o.learning_rate = rate;
  return {};
}

Status set_seed(Options& o, const std::string& text) {
  uint64_t seed = 0;
  Status status =
      parse_integer<uint64_t>(text, 0, std::numeric_limits<uint64_t>::max(), "a whole number from 0 to 2^64-1", &seed);
  if (status) o.seed = seed;
  return status;
}

Status set_seconds(Options& o, const std::string& text) {
  constexpr const char* kWhat = "a number of seconds, more than 0 and at most 3600";
  if (Status status = parse_number(text, kWhat, &o.seconds); !status) return status;
  if (o.seconds <= 0 || o.seconds > 3600) return expected(kWhat, text);
  return {};
}

constexpr unsigned kData = kFit | kEvaluate | kPredict;

// In the order of --help.
constexpr Row kRows[] = {
    {"-x", "FILE", kData, [](Options& o, const std::string& v) { return add_file(v, &o.x); },
     "inputs: .npy, .npz:member, .csv, .h5:/dataset, IDX or a folder of pictures; NAME=FILE, repeated, for several",
     "--x"},
    {"-y", "FILE", kFit | kEvaluate, [](Options& o, const std::string& v) { return add_file(v, &o.y); },
     "targets, by the names of the output layers", "--y"},
    {"--sample-weight", "FILE", kFit | kEvaluate,
     [](Options& o, const std::string& v) { return add_file(v, &o.sample_weight); },
     "how much each sample counts; NAME=FILE for one of several outputs"},
    {"--class-weight", "0=1,1=50", kFit, set_class_weight, "how much the samples of each class count"},
    {"--csv-label", "COLUMN", kData, [](Options& o, const std::string& v) { return parse_file(v, &o.csv_label); },
     "the column of the .csv file that holds the targets"},
    {"-o", "OUT", kPredict, set_out, "where to write: .npy, or .npz for several outputs", "--out"},
    {"--epochs", "N", kFit, [](Options& o, const std::string& v) { return parse_positive(v, &o.epochs); },
     "the epoch to end at (1)"},
    {"--batch-size", "N", kData | kBench, [](Options& o, const std::string& v) { return parse_positive(v, &o.batch_size); },
     "samples a step (32; of bench, what the program was compiled for)"},
    {"--initial-epoch", "N", kFit,
     [](Options& o, const std::string& v) {
       return parse_integer<int64_t>(v, 0, std::numeric_limits<int32_t>::max(), "a whole number of at least 0",
                                     &o.initial_epoch);
     },
     "the epoch to start at, to resume a run (0)"},
    {"--steps-per-epoch", "N", kFit,
     [](Options& o, const std::string& v) { return parse_positive(v, &o.steps_per_epoch); },
     "batches that count as an epoch (all of the data)"},
    {"--shuffle", "true|false|batch", kFit, set_shuffle, "the order of the samples in each epoch (true)"},
    {"--validation-split", "F", kFit, set_validation_split, "keep the last part of the data for validation"},
    {"--validation-x", "FILE", kFit, [](Options& o, const std::string& v) { return add_file(v, &o.validation_x); },
     "inputs to validate on after each epoch"},
    {"--validation-y", "FILE", kFit, [](Options& o, const std::string& v) { return add_file(v, &o.validation_y); },
     "targets to validate on"},
    {"--validation-sample-weight", "FILE", kFit,
     [](Options& o, const std::string& v) { return add_file(v, &o.validation_sample_weight); },
     "how much each sample of the validation counts"},
    {"--validation-steps", "N", kFit,
     [](Options& o, const std::string& v) { return parse_positive(v, &o.validation_steps); },
     "batches to validate on (all of the data)"},
    {"--callback", "CALL", kFit, [](Options& o, const std::string& v) { return o.callbacks.push_back(v), Status(); },
     "a Keras callback such as \"EarlyStopping(patience=2)\"; repeat for more"},
    {"--weights", "FILE", kData | kVerify, [](Options& o, const std::string& v) { return parse_file(v, &o.weights); },
     "start from these, the optimizer's state included"},
    {"--reset-optimizer", nullptr, kFit,
     [](Options& o, const std::string&) { return o.reset_optimizer = true, Status(); },
     "leave the optimizer's state in the file"},
    {"--learning-rate", "X", kFit, set_learning_rate, "instead of the compiled one"},
    {"--save", "FILE", kFit, [](Options& o, const std::string& v) { return parse_file(v, &o.save); },
     "write .weights.h5, .keras or .h5 at the end (PROGRAM.weights.h5)"},
    {"--no-save", nullptr, kFit, [](Options& o, const std::string&) { return o.no_save = true, Status(); },
     "write no weights"},
    {"--history", "FILE", kFit, set_history, "write loss and metrics of each epoch: .json, .csv, or .svg with their curves"},
    {"--seed", "N", kFit, set_seed, "of initial weights, shuffling and dropout (a new one each run)"},
    {"--json", nullptr, kEvaluate | kBench | kVerify, [](Options& o, const std::string&) { return o.json = true, Status(); },
     "print the result as JSON"},
    {"--seconds", "S", kBench, set_seconds, "how long to repeat each measurement (1)"},
    {"--verbose", "auto|0|1|2", kData, set_verbose, "1: a progress bar, 2: a line an epoch (1 on a terminal, else 2)"},
    {"--progress", "STYLE", kData, set_progress,
     "how progress looks: keras3, keras2, plain, json or none (keras3; plain without UTF-8)"},
    {"--threads", "N", kData | kBench | kVerify,
     [](Options& o, const std::string& v) {
       return parse_integer<int>(v, 1, 1024, "a whole number from 1 to 1024", &o.threads);
     },
     "threads to compute with (all cores)"},
    {"--distributed", "auto|none|mpi", kData, set_distributed,
     "whether processes that mpirun started work together (auto: yes)"},
};

const CommandRow* find_command(const std::string& name) {
  for (const CommandRow& row : kCommands) {
    if (name == row.name) return &row;
  }
  return nullptr;
}

const Row* find_row(const std::string& name) {
  for (const Row& row : kRows) {
    if (name == row.name || (row.alias != nullptr && name == row.alias)) return &row;
  }
  return nullptr;
}

Error unknown_command(const std::string& name) {
  std::vector<std::string> known;
  for (const CommandRow& row : kCommands) known.push_back(row.name);
  const std::string hint = did_you_mean(name, known);
  return make_error("unknown command '%s'%s", name.c_str(),
                    hint.empty() ? (", expected one of " + join(known, ", ")).c_str() : hint.c_str());
}

Error unknown_option(const std::string& name, unsigned command) {
  std::vector<std::string> known = {"--help", "--version"};
  for (const Row& row : kRows) {
    if ((row.commands & command) != 0) known.push_back(row.name);
  }
  const std::string hint = did_you_mean(name, known);
  return make_error("unknown option '%s'%s", name.c_str(), hint.empty() ? "; --help lists them" : hint.c_str());
}

// One option and its value, which may be the next argument: *at moves on past what was taken.
Status parse_option(const CommandRow& command, int argc, const char* const* argv, int* at, Options* options) {
  const std::string argument = argv[(*at)++];
  if (argument[0] != '-') return make_error("unexpected argument '%s', expected an option", argument.c_str());
  const size_t equals = argument.find('=');
  const std::string name = argument.substr(0, equals);
  const Row* row = find_row(name);
  if (row == nullptr) return unknown_option(name, command.bit);
  if ((row->commands & command.bit) == 0) return make_error("%s does not take %s", command.name, name.c_str());

  std::string value;
  if (row->argument == nullptr) {
    if (equals != std::string::npos) return make_error("%s takes no value", name.c_str());
  } else if (equals != std::string::npos) {
    value = argument.substr(equals + 1);
  } else if (*at < argc) {
    value = argv[(*at)++];
  } else {
    return make_error("%s needs a value: %s", name.c_str(), row->argument);
  }
  const Status status = row->set(*options, value);
  return status ? status : Status(make_error("%s: %s", name.c_str(), status.error().message.c_str()));
}

// A folder of pictures brings its targets along: the names of the folders in it.
bool is_one_folder(const std::vector<std::string>& x) {
  return x.size() == 1 && (is_folder(x[0]) || is_folder(x[0].substr(x[0].find('=') + 1)));
}

Status check_together(const Options& o) {
  if (o.command == Command::kSummary || o.command == Command::kBench || o.command == Command::kVerify) return {};
  if (o.x.empty()) return make_error("no input data: pass -x FILE");
  if (o.command == Command::kPredict) {
    return o.out.empty() ? Status(make_error("nowhere to write the predictions: pass -o FILE.npy")) : Status();
  }
  if (o.y.empty() && o.csv_label.empty() && !is_one_folder(o.x))
    return make_error("no targets: pass -y FILE, or --csv-label COLUMN with a .csv");
  if (o.validation_split > 0 && is_one_folder(o.x) && o.y.empty() && !o.sample_weight.empty())
    return make_error(
        "--validation-split shuffles a folder's pictures, which --sample-weight would not follow: "
        "pass --validation-x");
  if (!o.validation_sample_weight.empty() && o.validation_x.empty())
    return make_error("--validation-sample-weight needs --validation-x");
  if (!o.validation_x.empty() && o.validation_y.empty() && o.csv_label.empty() && !is_one_folder(o.validation_x)) {
    return make_error("--validation-x needs --validation-y");
  }
  if (o.validation_x.empty() && !o.validation_y.empty()) return make_error("--validation-y needs --validation-x");
  if (!o.save.empty() && o.no_save) return make_error("--save and --no-save contradict each other");
  if (o.validation_steps > 0 && o.validation_x.empty() && o.validation_split == 0) {
    return make_error("--validation-steps needs --validation-x or --validation-split");
  }
  return {};
}

std::string option_line(const Row& row) {
  std::string left = row.name;
  if (row.argument != nullptr) left += std::string(" ") + row.argument;
  return format("  %-30s %s\n", left.c_str(), row.help);
}

}  // namespace

Result<Options> parse_options(int argc, const char* const* argv) {
  Options options;
  if (argc < 2) return make_error("no command; --help lists them");
  const std::string first = argv[1];
  if (first == "--help" || first == "-h") return options;
  if (first == "--version") {
    options.command = Command::kVersion;
    const std::string more = argc > 2 ? argv[2] : "";
    if (more == "-v" || more == "--verbose") options.verbose = 1;
    return options;
  }
  if (first[0] == '-') return make_error("expected a command before '%s'; --help lists them", first.c_str());
  const CommandRow* command = find_command(first);
  if (command == nullptr) return unknown_command(first);

  options.command = command->command;
  for (int at = 2; at < argc;) {
    const std::string argument = argv[at];
    if (argument == "--help" || argument == "-h") {
      options.command = Command::kHelp;
      options.help_topic = command->name;
      return options;
    }
    if (Status status = parse_option(*command, argc, argv, &at, &options); !status) return status.error();
  }
  if (Status status = check_together(options); !status) return status.error();
  return options;
}

std::string help_text(const std::string& program, const std::string& topic) {
  std::string text;
  unsigned shown = 0;
  for (const CommandRow& row : kCommands) {
    if (!topic.empty() && topic != row.name) continue;
    shown |= row.bit;
    text += text.empty() ? "usage: " : "       ";
    text += format("%s %-8s %-26s %s\n", program.c_str(), row.name, row.arguments, row.help);
  }
  if (topic.empty()) text += "       " + program + " --help | --version [-v]\n";
  for (const CommandRow& row : kCommands) {
    if ((shown & row.bit) == 0) continue;
    std::string options;
    for (const Row& option : kRows) {
      if ((option.commands & row.bit) != 0) options += option_line(option);
    }
    if (!options.empty()) text += format("\noptions of %s:\n", row.name) + options;
  }
  return text;
}

}  // namespace kcc::runtime
