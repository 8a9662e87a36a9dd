// Options: what the trainer's command line asks for. First stage of the trainer: argv -> Options -> trainer_main.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/files/result.h"
#include "runtime/sample_weights.h"
#include "runtime/shuffle.h"

namespace kcc::runtime {

enum class Command { kFit, kEvaluate, kPredict, kSummary, kBench, kVerify, kHelp, kVersion };
enum class ProgressStyle { kAuto, kKeras3, kKeras2, kPlain, kJson, kNone };

enum class Distributed { kAuto, kNone, kMpi };

constexpr int kVerboseAuto = -1;

struct Options {
  Command command = Command::kHelp;
  std::string help_topic;  // of kHelp: a command's name, or "" for all

  // As typed: "FILE" or "NAME=FILE"; bind_data takes them apart.
  std::vector<std::string> x, y, validation_x, validation_y;
  std::vector<std::string> sample_weight, validation_sample_weight;
  ClassWeights class_weight;
  std::string csv_label;

  int64_t epochs = 1;
  int64_t initial_epoch = 0;
  int64_t batch_size = 0;        // 0: not given, as in Keras 32 unless a number of steps says otherwise
  int64_t steps_per_epoch = 0;   // 0: all of the data
  int64_t validation_steps = 0;  // 0: all of the data
  double validation_split = 0;
  Shuffle shuffle = Shuffle::kAll;
  std::optional<double> learning_rate;
  std::vector<std::string> callbacks;  // as typed: "EarlyStopping(patience=2)"
  std::optional<uint64_t> seed;

  std::string weights;
  bool reset_optimizer = false;
  std::string save;
  bool no_save = false;
  std::string history;
  std::string out;
  bool json = false;
  double seconds = 1;  // of bench, for each measurement

  int verbose = kVerboseAuto;
  ProgressStyle progress = ProgressStyle::kAuto;
  int threads = 0;  // 0: all cores
  Distributed distributed = Distributed::kAuto;
};

// An Error is wrong usage: exit 2.
Result<Options> parse_options(int argc, const char* const* argv);

// --help of one command, or of the whole program if `topic` is empty.
std::string help_text(const std::string& program, const std::string& topic);

}  // namespace kcc::runtime
