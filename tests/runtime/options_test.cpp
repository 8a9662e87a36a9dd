#include "runtime/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kcc::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Options> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "trainer");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

TEST(ParseOptions, TakesKerasDefaults) {
  const Result<Options> options = parse({"fit", "-x", "x.npy", "-y", "y.npy"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->command, Command::kFit);
  EXPECT_THAT(options->x, ElementsAre("x.npy"));
  EXPECT_EQ(options->epochs, 1);
  EXPECT_EQ(options->initial_epoch, 0);
  EXPECT_EQ(options->batch_size, 0);
  EXPECT_EQ(options->shuffle, Shuffle::kAll);
  EXPECT_EQ(options->verbose, kVerboseAuto);
  EXPECT_FALSE(options->seed);
}

TEST(ParseOptions, ReadsEveryOption) {
  const Result<Options> options = parse({"fit",
                                         "-x",
                                         "a=x.npy",
                                         "-x=b=z.npy",
                                         "-y",
                                         "y.npz:labels",
                                         "--epochs=5",
                                         "--batch-size",
                                         "128",
                                         "--initial-epoch",
                                         "2",
                                         "--steps-per-epoch",
                                         "7",
                                         "--validation-steps=3",
                                         "--shuffle",
                                         "batch",
                                         "--validation-split",
                                         "0.25",
                                         "--validation-x",
                                         "vx.npy",
                                         "--validation-y",
                                         "vy.npy",
                                         "--weights",
                                         "w.weights.h5",
                                         "--reset-optimizer",
                                         "--save=out.weights.h5",
                                         "--history",
                                         "h.csv",
                                         "--seed",
                                         "18446744073709551615",
                                         "--verbose",
                                         "2",
                                         "--progress",
                                         "plain",
                                         "--threads",
                                         "3",
                                         "--learning-rate",
                                         "1e-3"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_THAT(options->x, ElementsAre("a=x.npy", "b=z.npy"));
  EXPECT_THAT(options->y, ElementsAre("y.npz:labels"));
  EXPECT_EQ(options->epochs, 5);
  EXPECT_EQ(options->batch_size, 128);
  EXPECT_EQ(options->initial_epoch, 2);
  EXPECT_EQ(options->steps_per_epoch, 7);
  EXPECT_EQ(options->validation_steps, 3);
  EXPECT_EQ(options->shuffle, Shuffle::kBatch);
  EXPECT_EQ(options->validation_split, 0.25);
  EXPECT_THAT(options->validation_x, ElementsAre("vx.npy"));
  EXPECT_THAT(options->validation_y, ElementsAre("vy.npy"));
  EXPECT_EQ(options->weights, "w.weights.h5");
  EXPECT_TRUE(options->reset_optimizer);
  EXPECT_EQ(options->save, "out.weights.h5");
  EXPECT_EQ(options->history, "h.csv");
  EXPECT_EQ(options->seed, std::optional<uint64_t>(18446744073709551615u));
  EXPECT_EQ(options->verbose, 2);
  EXPECT_EQ(options->progress, ProgressStyle::kPlain);
  EXPECT_EQ(options->threads, 3);
  EXPECT_EQ(options->learning_rate, std::optional<double>(1e-3));
}

TEST(ParseOptions, HelpAndVersionNeedNoData) {
  const std::pair<std::vector<const char*>, Command> rows[] = {
      {{"--help"}, Command::kHelp},
      {{"-h"}, Command::kHelp},
      {{"verify", "--weights", "w.h5", "--threads", "2", "--json"}, Command::kVerify},
      {{"--version"}, Command::kVersion},
      {{"fit", "--help"}, Command::kHelp},
      {{"bench"}, Command::kBench},
      {{"summary"}, Command::kSummary}};
  for (const auto& [arguments, command] : rows) {
    const Result<Options> options = parse(arguments);
    ASSERT_TRUE(options) << arguments[0] << options.error().message;
    EXPECT_EQ(options->command, command);
  }
  EXPECT_EQ(parse({"fit", "--help"})->help_topic, "fit");
}

TEST(ParseOptions, RefusesWithAMessageThatHelps) {
  struct Row {
    std::vector<const char*> arguments;
    const char* message;
  };
  const Row rows[] = {
      {{}, "no command; --help lists them"},
      {{"--epochs", "3"}, "expected a command before '--epochs'"},
      {{"fitt"}, "unknown command 'fitt', did you mean 'fit'?"},
      {{"learn"}, "unknown command 'learn', expected one of fit, evaluate, predict, summary, bench, verify"},
      {{"bench", "--seconds", "0"},
       "--seconds: expected a number of seconds, more than 0 and at most 3600, received '0'"},
      {{"bench", "-x", "x.npy"}, "bench does not take -x"},
      {{"fit", "--epoch", "3"}, "unknown option '--epoch', did you mean '--epochs'?"},
      {{"fit", "--batch_size=3"}, "unknown option '--batch_size', did you mean '--batch-size'?"},
      {{"fit", "--qqqqqqq"}, "unknown option '--qqqqqqq'; --help lists them"},
      {{"fit", "x.npy"}, "unexpected argument 'x.npy', expected an option"},
      {{"evaluate", "--epochs", "3"}, "evaluate does not take --epochs"},
      {{"fit", "--callback"}, "--callback needs a value: CALL"},
      {{"fit", "--class-weight=0"}, "--class-weight: expected CLASS=WEIGHT,..., each class once, received '0'"},
      {{"fit", "--progress", "fancy"}, "expected keras3, keras2, plain, json or none, received 'fancy'"},
      {{"fit", "--history", "h.txt"}, "--history: expected FILE.json, FILE.csv or FILE.svg, received 'h.txt'"},
      {{"fit", "--epochs"}, "--epochs needs a value: N"},
      {{"fit", "--epochs", "0"}, "--epochs: expected a whole number of at least 1, received '0'"},
      {{"fit", "--epochs", "3x"}, "--epochs: expected a whole number of at least 1, received '3x'"},
      {{"fit", "--epochs", "99999999999"}, "--epochs: expected a whole number"},
      {{"fit", "--validation-split", "1"}, "--validation-split: expected a fraction between 0 and 1, received '1'"},
      {{"fit", "--validation-split", "nan"}, "--validation-split: expected a fraction"},
      {{"fit", "--shuffle", "yes"}, "--shuffle: expected true, false or batch, received 'yes'"},
      {{"fit", "--verbose", "3"}, "--verbose: expected auto, 0, 1 or 2, received '3'"},
      {{"fit", "--no-save=1"}, "--no-save takes no value"},
      {{"fit", "--learning-rate", "-1"}, "--learning-rate: expected a number of at least 0, received '-1'"},
      {{"fit", "--seed", "-1"}, "--seed: expected a whole number from 0 to 2^64-1, received '-1'"},
      {{"fit", "--weights="}, "--weights: expected a file, received nothing"},
      {{"fit", "-y", "y.npy"}, "no input data: pass -x FILE"},
      {{"fit", "-x", "x.npy"}, "no targets: pass -y FILE, or --csv-label COLUMN with a .csv"},
      {{"fit", "-x", "x.npy", "-y", "y.npy", "--validation-x", "x.npy"}, "--validation-x needs --validation-y"},
      {{"fit", "-x", "x.npy", "-y", "y.npy", "--validation-sample-weight", "w.npy"},
       "--validation-sample-weight needs --validation-x"},
      {{"fit", "-x", "x.npy", "-y", "y.npy", "--validation-y", "x.npy"}, "--validation-y needs --validation-x"},
      {{"fit", "-x", "x.npy", "-y", "y.npy", "--save", "a", "--no-save"}, "--save and --no-save contradict each other"},
      {{"fit", "-x", "x.npy", "-y", "y.npy", "--validation-steps", "2"}, "--validation-steps needs --validation-x"},
      {{"predict", "-x", "x.npy"}, "nowhere to write the predictions: pass -o FILE.npy"},
      {{"predict", "-x", "x.npy", "-o", "out.txt"}, "-o: expected FILE.npy or FILE.npz, received 'out.txt'"},
  };
  for (const Row& row : rows) {
    const Result<Options> options = parse(row.arguments);
    ASSERT_FALSE(options) << row.message;
    EXPECT_THAT(options.error().message, HasSubstr(row.message));
  }
}

TEST(HelpText, ShowsTheCommandsOptions) {
  const std::string all = help_text("digits", "");
  for (const char* shown : {"usage: digits fit", "digits evaluate", "digits predict", "digits summary", "digits bench",
                            "digits verify", "--epochs N", "--json", "-o OUT", "--version"}) {
    EXPECT_THAT(all, HasSubstr(shown));
  }
  const std::string predict = help_text("digits", "predict");
  EXPECT_THAT(predict, HasSubstr("-o OUT"));
  EXPECT_EQ(predict.find("--epochs"), std::string::npos);
}

}  // namespace
}  // namespace kcc::runtime
