// Options: what the command line asks for. argv -> Options -> compile().
#pragma once

#include <string>
#include <vector>

#include "compiler/bench/bench_options.h"
#include "compiler/list_ops.h"
#include "compiler/plot.h"
#include "frontend/frontend.h"

namespace kcc {

enum class Command { kCompile, kSummary, kPlot, kBench, kOps };
enum class Emit { kTrainer, kLibrary, kShared, kCpp, kGraph, kTrainGraph, kPlan, kStmt, kLlvm, kAssembly };

struct Options {
  Command command = Command::kCompile;
  std::string model;
  std::string output;  // "": a.out, or standard output for text
  Emit emit = Emit::kTrainer;
  bool inference = false;
  bool single_process = false;
  int level = 2;
  bool no_winograd = false;
  std::string target = "host";
  int64_t batch_size = 32;
  std::string name;         // "": from the model's name
  std::string weights;      // "": those in the model's own file, if any
  std::string verify_data;  // "": nothing is stored
  FrontendOptions frontend;
  DiagramOptions diagram;
  PlotOptions plot;
  OpsForm ops_form = OpsForm::kText;
  BenchOptions bench;
  std::vector<std::string> defines;  // files of Python functions
  int jobs = 0;
  std::string cache;  // "": none
  std::string dump_dir;
  bool explain_fusion = false, explain_memory = false, explain_schedule = false;
  bool verbose = false, time_report = false, color = false;
};

// True with options filled in; false with the exit status when there is nothing more to do (help, version, or wrong
// usage, which was already explained on stderr).
bool parse_options(int argc, char** argv, Options* options, int* status);

}  // namespace kcc
