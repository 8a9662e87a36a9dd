// The trainer from outside: linear_trainer, run as users run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/data/convert.h"
#include "runtime/data/npy.h"
#include "runtime/data/npz.h"

namespace kcc::runtime {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

struct Outcome {
  int status;
  std::string out, error;
};

class Trainer : public testing::Test {
 protected:
  Trainer() {
    char pattern[] = "/tmp/kcc_trainer_XXXXXX";
    folder_ = std::string(mkdtemp(pattern)) + "/";
    std::vector<float> x, y;
    for (int i = 0; i < 100; ++i) {
      const float a = std::sin(static_cast<float>(i)), b = std::cos(3.0f * static_cast<float>(i)), c = a * b;
      x.insert(x.end(), {a, b, c});
      y.insert(y.end(), {2 * a - b + 0.5f, a + 3 * c});
    }
    save("x.npy", {100, 3}, x);
    save("y.npy", {100, 2}, y);
  }
  ~Trainer() override { std::filesystem::remove_all(folder_); }

  void save(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values) {
    const Status status = write_npy(folder_ + name, view_array(ElementType::kF32, std::move(shape), values.data()));
    ASSERT_TRUE(status) << status.error().message;
  }

  std::string file(const std::string& name) { return read_file(folder_ + name); }
  bool exists(const std::string& name) { return std::filesystem::exists(folder_ + name); }

  std::string command(const std::string& arguments) {
    return "cd " + folder_ + " && " + environment_ + " " KCC_LINEAR_TRAINER " " + arguments + " >out 2>err";
  }

  Outcome run(const std::string& arguments) {
    const int status = std::system(command(arguments).c_str());
    return {WEXITSTATUS(status), file("out"), file("err")};
  }

  void expect_run(const std::string& arguments) {
    const Outcome result = run(arguments);
    EXPECT_EQ(result.status, 0) << arguments << "\n" << result.error;
  }

  std::vector<float> predictions(const std::string& name) {
    const Result<Array> array = read_npy(folder_ + name);
    EXPECT_TRUE(array) << array.error().message;
    std::vector<float> values(static_cast<size_t>(array->elements()));
    convert_array(*array, ElementType::kF32, values.data());
    return values;
  }

  std::string folder_;
  std::string environment_ = "LC_ALL=C.UTF-8";
};

constexpr const char* kData = "-x x.npy -y y.npy ";

TEST_F(Trainer, LearnsAndPredicts) {
  expect_run(std::string("fit ") + kData +
             "--epochs 300 --batch-size 10 --learning-rate 0.1 --seed 1 --save a.weights.h5");
  expect_run("predict -x x.npy --weights a.weights.h5 -o p.npy");
  const std::vector<float> seen = predictions("p.npy"), expected = predictions("y.npy");
  ASSERT_EQ(seen.size(), expected.size());
  for (size_t i = 0; i < seen.size(); ++i) EXPECT_NEAR(seen[i], expected[i], 2e-3);
  const Outcome evaluation = run(std::string("evaluate ") + kData + "--weights a.weights.h5 --json");
  EXPECT_THAT(evaluation.out, MatchesRegex("[{]\"loss\": \\[.*\\], \"mae\": \\[.*\\][}]\n"));
  EXPECT_LT(std::stod(evaluation.out.substr(evaluation.out.find('[') + 1)), 1e-5);
}

TEST_F(Trainer, WritesALineAnEpochIntoAPipe) {
  const Outcome result = run(std::string("fit ") + kData + "--epochs 2 --validation-split 0.1 --no-save");
  EXPECT_THAT(
      result.out,
      MatchesRegex("Epoch 1/2\n3/3 - 0s - [0-9]+[um]s/step - loss: [0-9.]+ - mae: [0-9.]+ - val_loss: [0-9.]+ - "
                   "val_mae: [0-9.]+\nEpoch 2/2\n3/3 - 0s - .*\n"));
  EXPECT_THAT(result.error, MatchesRegex("linear_trainer: trained on 180 samples in [0-9.]+ s, [0-9,.]+ samples/s\n"));
}

TEST_F(Trainer, ShowsProgressInTheStyleAskedFor) {
  const std::string fit = std::string("fit ") + kData + "--validation-split 0.1 --no-save --progress ";
  EXPECT_THAT(run(fit + "keras2").out, MatchesRegex("3/3 - 0s - loss: [0-9.]+ - mae: [0-9.]+ - val_loss: [0-9.]+ - "
                                                    "val_mae: [0-9.]+ - [0-9]+[um]s/epoch - [0-9]+[um]s/step\n"));
  EXPECT_THAT(
      run(fit + "keras2 --verbose 1").out,
      MatchesRegex("\r1/3 \\[=========>\\.{20}\\] - ETA: 0s - loss: .*\b\r3/3 \\[={30}\\] - 0s .*/step - .*\n"));
  const Outcome json = run(fit + "json");
  EXPECT_THAT(json.out, MatchesRegex("[{]\"epoch\": 1, .*, \"samples_per_second\": [0-9.]+, \"loss\": .*[}]\n"));
  EXPECT_EQ(json.error, "");
  for (const char* quiet : {"none", "none --verbose 1", "keras3 --verbose 0", "json --verbose 0"}) {
    const Outcome silent = run(fit + quiet);
    EXPECT_EQ(silent.out + silent.error, "") << quiet;
  }
}

TEST_F(Trainer, DrawsTheBarWhenAsked) {
  const Outcome bar = run(std::string("fit ") + kData + "--verbose 1 --no-save");
  EXPECT_THAT(bar.out,
              StartsWith("\r\x1b[1m1/4\x1b[0m \x1b[32m━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m "));
  EXPECT_THAT(bar.out, HasSubstr("\b\r\x1b[1m4/4\x1b[0m "));
  EXPECT_THAT(bar.out, EndsWith("\n"));
  environment_ = "LC_ALL=C";
  EXPECT_THAT(run(std::string("fit ") + kData + "--verbose 1 --no-save").out,
              StartsWith("\r1/4 =====............... 0s "));
  EXPECT_EQ(run(std::string("fit ") + kData + "--verbose 0 --no-save").out, "");
  EXPECT_THAT(run(std::string("fit ") + kData + "--progress json --no-save").out,
              StartsWith("{\"epoch\": 1, \"epochs\": 1, \"steps\": 4, \"seconds\": 0.0"));
}

TEST_F(Trainer, SavesBesideTheCallerUnlessToldOtherwise) {
  const Outcome result = run(std::string("fit ") + kData);
  EXPECT_THAT(result.error, EndsWith("\nlinear_trainer: weights saved to linear_trainer.weights.h5\n"));
  EXPECT_TRUE(exists("linear_trainer.weights.h5"));
  std::filesystem::remove(folder_ + "linear_trainer.weights.h5");
  expect_run(std::string("fit ") + kData + "--no-save");
  EXPECT_FALSE(exists("linear_trainer.weights.h5"));
}

TEST_F(Trainer, SameSeedSameBitsForAnyNumberOfThreads) {
  const std::string fit = std::string("fit ") + kData + "--epochs 3 ";
  expect_run(fit + "--seed 5 --threads 1 --save a.weights.h5 --history a.json");
  expect_run(fit + "--seed 5 --threads 4 --save b.weights.h5 --history b.json");
  expect_run(fit + "--seed 6 --save c.weights.h5");
  EXPECT_EQ(file("a.weights.h5"), file("b.weights.h5"));
  EXPECT_EQ(file("a.json"), file("b.json"));
  EXPECT_NE(file("a.weights.h5"), file("c.weights.h5"));
}

// Shuffling and the optimizer's state continue where the first run stopped.
TEST_F(Trainer, AResumedRunEndsWithTheBitsOfAnUninterruptedOne) {
  for (const std::string more : {"", "--shuffle batch ", "--steps-per-epoch 3 --batch-size 16 "}) {
    const std::string fit = std::string("fit ") + kData + "--seed 5 " + more;
    expect_run(fit + "--epochs 5 --save whole.weights.h5");
    expect_run(fit + "--epochs 2 --save half.weights.h5");
    expect_run(fit + "--epochs 5 --initial-epoch 2 --weights half.weights.h5 --save resumed.weights.h5");
    EXPECT_EQ(file("whole.weights.h5"), file("resumed.weights.h5")) << more;
    EXPECT_NE(file("whole.weights.h5"), file("half.weights.h5")) << more;
  }
}

TEST_F(Trainer, ResetOptimizerLeavesItsState) {
  expect_run(std::string("fit ") + kData + "--learning-rate 0.5 --seed 1 --save a.weights.h5");
  const std::string resume = std::string("fit ") + kData + "--weights a.weights.h5 --shuffle false --seed 1 ";
  expect_run(resume + "--save kept.weights.h5");
  expect_run(resume + "--reset-optimizer --save reset.weights.h5");
  expect_run(resume + "--reset-optimizer --learning-rate 0.5 --save same.weights.h5");
  for (const char* name : {"kept", "reset", "same"}) {
    expect_run(std::string("predict -x x.npy -o ") + name + ".npy --weights " + name + ".weights.h5");
  }
  EXPECT_NE(predictions("kept.npy"), predictions("reset.npy"));
  EXPECT_EQ(predictions("kept.npy"), predictions("same.npy"));
}

TEST_F(Trainer, WritesHistory) {
  expect_run(std::string("fit ") + kData +
             "--epochs 3 --initial-epoch 1 --no-save --history h.csv --validation-split 0.2");
  EXPECT_THAT(file("h.csv"), MatchesRegex("epoch,loss,mae,val_loss,val_mae\r\n1,[^\r]+\r\n2(,[0-9]+\\.[0-9]+){4}\r\n"));
  expect_run(std::string("fit ") + kData + "--epochs 3 --no-save --history h.svg");
  EXPECT_THAT(file("h.svg"), StartsWith("<svg xmlns="));
  EXPECT_THAT(file("h.svg"), HasSubstr(">mae</text>"));
  EXPECT_THAT(file("h.svg"), EndsWith("</svg>\n"));
}

TEST_F(Trainer, StepsPerEpochGoOnThroughTheDataAndRunOut) {
  const std::string fit = std::string("fit ") + kData + "--batch-size 32 --no-save --shuffle false --seed 1 ";
  // Batches 0 1 | 2 3 | 0 1 are those of one and a half ordinary epochs.
  expect_run(fit + "--steps-per-epoch 2 --epochs 3 --history h.json");
  expect_run(fit + "--epochs 2 --history whole.json");
  EXPECT_NE(file("h.json"), file("whole.json"));
  const Outcome uneven = run(fit + "--steps-per-epoch 3 --epochs 2");
  EXPECT_THAT(uneven.error, HasSubstr("--steps-per-epoch 3: the data ran out"));
  const Outcome too_many = run(fit + "--steps-per-epoch 9");
  EXPECT_EQ(too_many.status, 0);
  EXPECT_THAT(too_many.error, HasSubstr("--steps-per-epoch 9: the data ran out"));
  // Without a batch size, the steps decide it: 100 samples in 4 steps of 25.
  EXPECT_THAT(run(std::string("fit ") + kData + "--steps-per-epoch 4 --no-save").out, StartsWith("4/4 - "));
}

TEST_F(Trainer, WritesAnArchiveOfNamedOutputs) {
  expect_run(std::string("fit ") + kData + "--save a.weights.h5");
  expect_run("predict -x x.npy --weights a.weights.h5 -o p.npz --batch-size 7");
  expect_run("predict -x x.npy --weights a.weights.h5 -o p.npy --batch-size 100");
  const Result<Array> array = read_npz(folder_ + "p.npz", "dense");
  ASSERT_TRUE(array) << array.error().message;
  EXPECT_EQ(array->shape, (std::vector<int64_t>{100, 2}));
  std::vector<float> values(200);
  convert_array(*array, ElementType::kF32, values.data());
  EXPECT_EQ(values, predictions("p.npy"));
}

TEST_F(Trainer, FailsWithOneMessage) {
  save("wide.npy", {100, 4}, std::vector<float>(400));
  struct Row {
    const char* arguments;
    int status;
    const char* message;
  };
  const Row rows[] = {
      {"fit -x wide.npy -y y.npy", 1, "x 'wide.npy' has shape (100, 4), but input 'input_layer' takes (n, 3)"},
      {"fit -x none.npy -y y.npy", 1, "none.npy"},
      {"fit -x x.npy -y y.npy --save no/such/a.weights.h5", 1,
       "cannot write 'no/such/a.weights.h5': folder 'no/such/'"},
      {"fit -x x.npy -y y.npy --save a.txt", 1, "a.txt"},
      {"fit -x x.npy -y y.npy --history no/h.json", 1, "cannot write 'no/h.json'"},
      {"fit -x x.npy -y y.npy --weights no.weights.h5", 1, "no.weights.h5"},
      {"fit -x x.npy -y y.npy --batch-size 17", 1, "a kernel failed: internal error -22"},
      {"fit -x x.npy -y y.npy --validation-split 0.999", 1, "leaves no samples for training"},
      {"evaluate -x x.npy -y y.npy", 1, "no weights: none were embedded at compile time, pass --weights FILE"},
      {"predict -x x.npy -o p.npy", 1, "no weights"},
      {"predict -x x.npy", 2, "pass -o FILE.npy"},
      {"fit --epoch 3", 2, "did you mean '--epochs'?"},
      {"bench --batch-size 17", 1, "a kernel failed: internal error -22"},
      {"bench --batch-size 2000000000", 1, "a batch of 2000000000 is too large"},
      {"bench --seconds no", 2, "--seconds: expected a number of seconds"},
      {"", 2, "no command"},
  };
  for (const Row& row : rows) {
    const Outcome result = run(row.arguments);
    EXPECT_EQ(result.status, row.status) << row.arguments;
    EXPECT_THAT(result.error, StartsWith("linear_trainer: error: "));
    EXPECT_THAT(result.error, HasSubstr(row.message));
    EXPECT_EQ(std::count(result.error.begin(), result.error.end(), '\n'), 1) << result.error;
    EXPECT_FALSE(exists("linear_trainer.weights.h5") || exists("p.npy") || exists("a.txt")) << row.arguments;
  }
}

// Nothing is read and nothing written; the step counter goes on as the program demands.
TEST_F(Trainer, BenchTimesStepsOnMadeUpData) {
  const Outcome table = run("bench --seconds 0.02 --threads 1");
  EXPECT_EQ(table.status, 0) << table.error;
  EXPECT_THAT(table.out, StartsWith("linear: batches of 32, 1 thread, made-up data\n"));
  for (const char* row : {"train a batch", "evaluate a batch", "predict a batch", "predict one sample"})
    EXPECT_THAT(table.out, HasSubstr(row));
  const Outcome json = run("bench --seconds 0.02 --batch-size 11 --json");
  EXPECT_THAT(json.out, StartsWith("{\"program\": \"linear\", \"batch_size\": 11, "));
  EXPECT_THAT(json.out, HasSubstr("\"train\": {\"batch_size\": 11, \"arena_bytes\": 768, \"time\": {\"best\": 0.02"));
  EXPECT_THAT(json.out, EndsWith("}\n"));
  EXPECT_FALSE(exists("linear_trainer.weights.h5"));
}

// Batches of 11 take 20 ms each.
TEST_F(Trainer, FirstInterruptSavesAfterTheBatch) {
  const std::string fit = std::string("exec ") + KCC_LINEAR_TRAINER + " fit " + kData +
                          "--batch-size 11 --epochs 100 --save a.weights.h5 --history h.json >out 2>err";
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", ("cd " + folder_ + " && " + fit).c_str(), nullptr);
    _exit(127);
  }
  while (file("out").find("Epoch 2/100") == std::string::npos) usleep(5000);
  kill(child, SIGINT);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_THAT(file("err"), HasSubstr("interrupted"));
  EXPECT_TRUE(exists("a.weights.h5"));
  EXPECT_THAT(file("h.json"), MatchesRegex("[{]\"loss\": \\[[0-9.]+\\], \"mae\": \\[[0-9.]+\\][}]\n"));
  expect_run("predict -x x.npy --weights a.weights.h5 -o p.npy");
}

TEST_F(Trainer, ShowsHelpVersionAndSummary) {
  EXPECT_THAT(run("--help").out, StartsWith("usage: linear_trainer fit "));
  EXPECT_THAT(run("--version").out, StartsWith("linear_trainer made by kcc "));
  EXPECT_THAT(run("summary").out, StartsWith("Model: \"sequential\"\n┏━"));
  EXPECT_EQ(run("summary").status, 0);
}

}  // namespace
}  // namespace kcc::runtime
