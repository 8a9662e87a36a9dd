// Wrong models: each fail_*.json has beside it the exact messages it must end in. KCC_UPDATE_GOLDEN=1 writes them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "frontend/frontend.h"

namespace kcc {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> wrong_models() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(KCC_TEST_CASES)) {
    const std::string stem = entry.path().stem().string();
    if (stem.rfind("fail_", 0) == 0 && entry.path().extension() == ".json") names.push_back(stem.substr(5));
  }
  std::sort(names.begin(), names.end());
  return names;
}

class WrongModel : public ::testing::TestWithParam<std::string> {};

TEST_P(WrongModel, EndsInItsMessages) {
  const std::filesystem::path folder = KCC_TEST_CASES;
  Diagnostics diagnostics;
  read_module(read_file(folder / ("fail_" + GetParam() + ".json")), GetParam() + ".json", {}, diagnostics);
  EXPECT_TRUE(diagnostics.has_errors());
  const std::filesystem::path expected = folder / ("fail_" + GetParam() + ".txt");
  if (std::getenv("KCC_UPDATE_GOLDEN")) std::ofstream(expected) << diagnostics.render(false);
  EXPECT_EQ(diagnostics.render(false), read_file(expected));
}

INSTANTIATE_TEST_SUITE_P(Files, WrongModel, ::testing::ValuesIn(wrong_models()),
                         [](const auto& info) { return info.param; });

constexpr const char* kTwoOutputs = R"({"class_name": "Functional", "config": {"layers": [
  {"class_name": "InputLayer", "config": {"shape": [4]}, "name": "i"},
  {"class_name": "Dense", "config": {"units": 3}, "name": "main", "inbound_nodes": ["i"]},
  {"class_name": "Dense", "config": {"units": 1}, "name": "aux", "inbound_nodes": ["i"]}]}})";

TEST(WrongOptions, NameTheOption) {
  struct Row {
    FrontendOptions options;
    const char* message;
  };
  const auto training = [](TrainingOverrides overrides) { return FrontendOptions{{}, std::move(overrides)}; };
  const Row rows[] = {
      {training({"SGD(lr=0.1, momentun=0.9)", {{"", "mse"}}, {}, {}}),
       "--optimizer:1:13: error: SGD has no option 'momentun' (its value is 0.9); did you mean 'momentum'?\n"},
      {training({"SGD(ExponentialDecay(0.1, 2, 0.5, True, 'd', 4))", {{"", "mse"}}, {}, {}}),
       "--optimizer:1:46: error: ExponentialDecay takes 5 arguments by position (its value is 4)\n"},
      {training({"SGD(lr=", {{"", "mse"}}, {}, {}}),
       "--optimizer:1:8: error: found the end in 'SGD(lr=', expected a name, a number or a string\n"},
      {training({"Adam(0.1", {{"", "mse"}}, {}, {}}),
       "--optimizer:1:9: error: found the end in 'Adam(0.1', expected ',' or ')'\n"},
      {training({{}, {{"mian", "mse"}}, {}, {}}), "--loss: error: there is no output 'mian'; did you mean 'main'?\n"},
      {training({{}, {{"", "mse"}}, {{"", "acuracy"}}, {}}),
       "--metric:1:1: error: unknown metric 'acuracy'; did you mean 'accuracy'?\n--metric:1:1: error: unknown metric "
       "'acuracy'; did you mean 'accuracy'?\n"},
      {training({{}, {{"main", "mse"}}, {{"aux", "mae"}}, {}}),
       "--metric:1:1: error: metric 'mae' for output 'aux', which has no loss and so no labels\n"},
      {training({{}, {{"main", "mse"}}, {{"main", "F1Score()"}}, {}}),
       "--metric:1:1: error: metric 'F1Score' with average=None has an array of results, and programs report numbers; "
       "expected average='macro', 'micro' or 'weighted'\n"},
      {training({{}, {{"main", "mse"}}, {{"main", "Precision([0.3, 0.6])"}}, {}}),
       "--metric:1:11: error: metric 'Precision' with thresholds=[0.3, 0.6] has an array of results, and programs "
       "report "
       "numbers; expected one threshold\n"},
      {training({{}, {{"main", "mse"}}, {{"main", "AUC(curve='PRC')"}}, {}}),
       "--metric:1:11: error: option 'curve' of metric 'AUC' is 'PRC', expected 'ROC', 'roc', 'PR', 'pr', 'PRGAIN' "
       "or "
       "'prgain'\n"},
      {training({{}, {{"main", "mse"}}, {{"main", "Mean()"}}, {}}),
       "--metric:1:1: error: metric 'Mean' averages values that it is handed, and compile() hands it labels and "
       "predictions; write what it should average as a function of --define\n"},
      {training({{}, {{"main", "mse"}}, {{"main", "MeanIoU(3, sparse_y_pred=False)"}}, {}}),
       "--metric:1:1: error: metric 'MeanIoU' compares class numbers, but loss 'mean_squared_error' takes rows of the "
       "prediction's shape\n"},
      {training({{}, {{"main", "mse"}}, {{"main", "MeanAbsoluteError('mae')"}}, {}}),
       "--metric:1:19: error: option '#0' of metric 'MeanAbsoluteError' is 'mae', expected arguments by name\n"},
      {training({{}, {{"main", "Circle()"}}, {}, {}}),
       "--loss:1:1: error: loss 'Circle' is not supported: it compares every sample with every other one of the "
       "batch\n"},
      {training({{}, {{"main", "MeanSquaredError(reduction=None)"}}, {}, {}}),
       "--loss:1:28: error: option 'reduction' of loss 'MeanSquaredError' is null, expected 'sum_over_batch_size', "
       "'mean', 'mean_with_sample_weight' or 'sum'\n"},
      {training({{}, {{"main", "Dice(reduction='sum')"}}, {}, {}}),
       "--loss:1:16: error: option 'reduction' of loss 'Dice' is 'sum', expected a mean: this loss has fewer values "
       "than there are samples and positions\n"},
      {training({{}, {{"", "mse"}}, {}, {{"x", 2.0}}}),
       "--loss-weight: error: there is no output 'x'; the outputs are: main, aux\n"},
      {{{{"i", {5}}}, {}},
       "m.json:2:3: layer 'i': error: --input-shape (5) contradicts the model's input shape, whose extent 1 is 4\n"},
      {{{{"", {4, 4}}}, {}},
       "m.json:2:3: layer 'i': error: --input-shape (4, 4) has 2 extents, the model's input has 1\n"},
      {{{{"j", {4}}}, {}}, "--input-shape: error: there is no input 'j'; did you mean 'i'?\n"},
  };
  for (const Row& row : rows) {
    Diagnostics diagnostics;
    read_module(kTwoOutputs, "m.json", row.options, diagnostics);
    EXPECT_EQ(diagnostics.render(false), row.message);
  }
}

// Archives are the driver's: tests/e2e/hostile_files.py.
TEST(WrongFormat, SaysWhatIsExpected) {
  Diagnostics diagnostics;
  read_module("PK\x03\x04....", "m.keras", {}, diagnostics);
  EXPECT_EQ(diagnostics.render(false),
            "m.keras: error: this is no model file, expected JSON as model.to_json() writes it\n");
}

}  // namespace
}  // namespace kcc
