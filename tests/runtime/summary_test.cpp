#include "runtime/summary.h"

#include <gtest/gtest.h>

#include <deque>
#include <fstream>
#include <sstream>
#include <vector>

namespace kcc::runtime {
namespace {

// A program of which only the summary's parts are filled.
struct SummaryProgram {
  std::deque<std::string> texts;
  std::vector<LayerInfo> layers;
  StateInfo optimizer{};
  Program program{};

  const char* keep(const std::string& text) { return texts.emplace_back(text).c_str(); }

  void add_layer(const std::string& line) {
    std::istringstream parts(line);
    std::string name, class_name, shape, parameters, connected;
    std::getline(parts, name, '|');
    std::getline(parts, class_name, '|');
    std::getline(parts, shape, '|');
    std::getline(parts, parameters, '|');
    std::getline(parts, connected, '|');
    layers.push_back({keep(name), keep(class_name), keep(shape), std::stoll(parameters), keep(connected)});
  }

  const Program& finish() {
    program.layer_count = static_cast<int32_t>(layers.size());
    program.layers = layers.data();
    program.state_count = 1;
    program.states = &optimizer;
    return program;
  }
};

// cases/summary.txt is what real Keras prints, recorded by make_goldens.py.
TEST(Summary, PrintsWhatKerasPrints) {
  std::ifstream cases(KCC_TEST_CASES "/summary.txt");
  std::string line;
  int models = 0;
  while (std::getline(cases, line)) {
    std::istringstream words(line);
    std::string kind, name;
    bool sequential;
    int columns;
    int64_t trainable, other, optimizer;
    words >> kind >> name >> sequential >> columns >> trainable >> other >> optimizer;
    ASSERT_EQ(kind, "model");
    SummaryProgram summary;
    summary.program.model_name = summary.keep(name);
    summary.program.is_sequential = sequential;
    summary.program.trainable_parameters = trainable;
    summary.program.other_parameters = other;
    summary.optimizer.role = Role::kSlot;
    summary.optimizer.tensor.elements = optimizer;
    while (std::getline(cases, line) && line != "expect") summary.add_layer(line.substr(line.find(' ') + 1));
    std::string expected;
    while (std::getline(cases, line) && line != "end") expected += line + "\n";
    EXPECT_EQ(summary_text(summary.finish(), columns, true), expected) << name << " at " << columns;
    ++models;
  }
  EXPECT_EQ(models, 18);
}

TEST(Summary, IsAsciiWithoutUtf8) {
  SummaryProgram summary;
  summary.program.model_name = "m";
  summary.program.is_sequential = true;
  summary.add_layer("dense|Dense|(None, 1)|4|");
  summary.program.trainable_parameters = 4;
  EXPECT_EQ(summary_text(summary.finish(), 44, false),
            "Model: \"m\"\n"
            "+--------------------------------------+\n"
            "|                 | Output     | Param |\n"
            "| Layer (type)    | Shape      |     # |\n"
            "|-----------------+------------+-------|\n"
            "| dense (Dense)   | (None, 1)  |     4 |\n"
            "+--------------------------------------+\n"
            " Total params: 4 (16.00 B)\n"
            " Trainable params: 4 (16.00 B)\n"
            " Non-trainable params: 0 (0.00 B)\n");
}

}  // namespace
}  // namespace kcc::runtime
