// Models, weights and one batch of data with what real Keras 3.15.1 made of them (record_goldens.py): predictions,
// evaluation, logs and every variable after some steps of training, computed here by interpreting the graphs that
// the frontend builds; and the weights file's paths and the summary's rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "frontend/frontend.h"
#include "frontend/json.h"
#include "tests/support/interpreter.h"

namespace kcc {
namespace {

using testing::Array;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Array array_of(const json::Value& value) {
  Array array;
  for (const json::Value& extent : value.find("shape")->items) array.extents.push_back(extent.integer);
  for (const json::Value& item : value.find("values")->items) array.values.push_back(item.number);
  return array;
}

std::vector<Array> arrays_of(const json::Value* list) {
  std::vector<Array> arrays;
  if (list && list->is_array())
    for (const json::Value& item : list->items) arrays.push_back(array_of(item));
  return arrays;
}

// Rows [start, start + count) of a batch.
Array rows(const Array& whole, int64_t start, int64_t count) {
  Array part = whole;
  part.extents[0] = count;
  const auto size = static_cast<int64_t>(whole.values.size()) / whole.extents[0];
  part.values.assign(whole.values.begin() + start * size, whole.values.begin() + (start + count) * size);
  return part;
}

// Keras computes in float32.
void expect_near(const std::string& what, const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  for (size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], 3e-6 + 3e-5 * std::abs(expected[i])) << what << ", element " << i;
}

class Golden : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    Diagnostics diagnostics;
    const auto document =
        json::parse(read_file(std::filesystem::path(KCC_TEST_CASES) / GetParam()), GetParam(), diagnostics);
    ASSERT_TRUE(document) << diagnostics.render(false);
    golden_ = *document;
    module_ = read_module(golden_.find("model")->text, GetParam(), {}, diagnostics);
    ASSERT_FALSE(diagnostics.has_errors()) << diagnostics.render(false);
    data_ = arrays_of(golden_.find("inputs"));
    batch_ = data_[0].extents[0];
    std::vector<Array> targets = arrays_of(golden_.find("targets")),
                       weights = arrays_of(golden_.find("sample_weights"));
    data_.insert(data_.end(), targets.begin(), targets.end());
    weights.resize(targets.size(), Array{{batch_}, std::vector<double>(static_cast<size_t>(batch_), 1.0)});
    data_.insert(data_.end(), weights.begin(), weights.end());
    fill_states();
  }

  // The recorded weights; optimizer states and metrics as their initializers say.
  void fill_states() {
    for (const State& state : module_.states) {
      const json::Value* recorded = golden_.find("weights")->find(state.file_path);
      const bool is_weight = state.role == StateRole::kWeight || state.role == StateRole::kStatistic;
      Array array = testing::zeros(testing::extents_of(state.type.shape, 1));
      std::fill(array.values.begin(), array.values.end(), state.initializer.a);
      if (is_weight) {
        ASSERT_TRUE(recorded) << state.file_path;
        ASSERT_EQ(array_of(*recorded).extents, array.extents) << state.file_path;
        array = array_of(*recorded);
      }
      states_.push_back(array);
    }
  }

  std::vector<Array> part(size_t count, int64_t start, int64_t size) const {
    std::vector<Array> part;
    for (size_t i = 0; i < count; ++i) part.push_back(rows(data_[i], start, size));
    return part;
  }

  void step(const Graph& graph, int64_t start, int64_t size) {
    const auto result = testing::interpret(graph, size, part(data_.size(), start, size), states_);
    for (const auto& [state, value] : result.writes) states_[static_cast<size_t>(state)] = value;
  }

  void expect_logs(const json::Value& logs) {
    std::vector<std::string> found, expected;
    for (const json::Member& member : logs.members) expected.push_back(member.key);
    const std::vector<Array> reported = testing::interpret(module_.report, 1, {}, states_).outputs;
    for (size_t i = 0; i < module_.metrics.size(); ++i) {
      const std::string& name = module_.metrics[i];
      found.push_back(name);
      if (const json::Value* recorded = logs.find(name)) expect_near(name, reported[i].values, {recorded->number});
    }
    EXPECT_THAT(found, ::testing::UnorderedElementsAreArray(expected));
    EXPECT_EQ(found[0], "loss");
  }

  json::Value golden_;
  Module module_;
  std::vector<Array> data_;  // inputs, targets, sample weights
  int64_t batch_ = 0;
  std::vector<Array> states_;
};

TEST_P(Golden, PredictsAsKeras) {
  const auto result = testing::interpret(module_.predict, batch_, part(module_.inputs.size(), 0, batch_), states_);
  const std::vector<Array> expected = arrays_of(golden_.find("predict"));
  ASSERT_EQ(result.outputs.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(result.outputs[i].extents, expected[i].extents);
    expect_near(module_.outputs[i].name, result.outputs[i].values, expected[i].values);
  }
}

TEST_P(Golden, EvaluatesAsKeras) {
  int64_t start = 0;
  for (const json::Value& size : golden_.find("evaluate_batches")->items) {
    step(module_.evaluate, start, size.integer);
    start += size.integer;
  }
  expect_logs(*golden_.find("evaluate"));
}

TEST_P(Golden, TrainsAsKeras) {
  for (int64_t i = 0; i < golden_.find("steps")->integer; ++i) step(module_.train, 0, batch_);
  expect_logs(*golden_.find("logs"));
  std::set<std::string> found, expected;
  for (const json::Member& member : golden_.find("trained")->members) expected.insert(member.key);
  for (size_t i = 0; i < states_.size(); ++i) {
    const std::string& path = module_.states[i].file_path;
    if (path.empty()) continue;
    found.insert(path);
    const json::Value* recorded = golden_.find("trained")->find(path);
    if (recorded) expect_near(path + " " + module_.states[i].name, states_[i].values, array_of(*recorded).values);
  }
  EXPECT_EQ(found, expected);
}

TEST_P(Golden, CountsAndNamesAsKeras) {
  const json::Value* recorded = golden_.find("rows");
  ASSERT_EQ(module_.layers.size(), recorded->items.size());
  for (size_t i = 0; i < module_.layers.size(); ++i) {
    const LayerRow& row = module_.layers[i];
    const auto& expected = recorded->items[i].items;
    EXPECT_EQ(row.name, expected[0].text);
    EXPECT_EQ(row.class_name, expected[1].text);
    EXPECT_EQ(row.output_shape, expected[2].text);
    EXPECT_EQ(row.parameters, expected[3].integer) << row.name;
  }
  EXPECT_EQ(module_.trainable_parameters, golden_.find("trainable")->integer);
  EXPECT_EQ(module_.other_parameters, golden_.find("other")->integer);
}

std::vector<std::string> golden_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(KCC_TEST_CASES)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("golden_", 0) == 0) files.push_back(name);
  }
  std::sort(files.begin(), files.end());
  return files;
}

INSTANTIATE_TEST_SUITE_P(Keras, Golden, ::testing::ValuesIn(golden_files()), [](const auto& info) {
  return info.param.substr(7, info.param.size() - 12);  // golden_NAME.json
});

}  // namespace
}  // namespace kcc
