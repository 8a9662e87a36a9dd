// Every value of some real models, replaced by values of other kinds and sizes or left out: reading must end in
// messages or in a module, never in an internal error (which would abort this program).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "frontend/frontend.h"
#include "frontend/json.h"

namespace kcc {
namespace {

using json::Value;

// Calls `visit` for every value inside, itself included. The visitor may change it and must put it back.
template <typename Visit>
void for_each_value(Value& value, const Visit& visit) {
  visit(value);
  for (Value& item : value.items) for_each_value(item, visit);
  for (json::Member& member : value.members) for_each_value(member.value, visit);
}

std::vector<Value> replacements() {
  Diagnostics diagnostics;
  const std::string text =
      R"([null, true, 0, -1, 3, 2147483647, 9223372036854775807, 2.5, NaN, "x", "relu", [], [null], [0, -1], [[1]], {}, {"class_name": "x"}])";
  return json::parse(text, "", diagnostics)->items;
}

// Number of documents that were accepted, of all.
std::pair<int, int> mutate(Value document) {
  int accepted = 0, all = 0;
  const auto try_it = [&] {
    Diagnostics diagnostics;
    read_module(json::to_json(document), "m.json", {}, diagnostics);
    accepted += !diagnostics.has_errors();
    ++all;
  };
  const std::vector<Value> others = replacements();
  for_each_value(document, [&](Value& value) {
    const Value original = value;
    for (const Value& other : others) {
      value = other;
      try_it();
    }
    value = original;
    for (size_t i = 0; i < value.items.size() + value.members.size(); ++i) {
      if (value.is_array())
        value.items.erase(value.items.begin() + static_cast<int64_t>(i));
      else
        value.members.erase(value.members.begin() + static_cast<int64_t>(i));
      try_it();
      value = original;
    }
  });
  return {accepted, all};
}

Value read_case(const std::string& name) {
  std::ifstream in(std::filesystem::path(KCC_TEST_CASES) / (name + ".json"));
  std::stringstream text;
  text << in.rdbuf();
  Diagnostics diagnostics;
  return *json::parse(text.str(), "", diagnostics);
}

class Mutation : public ::testing::TestWithParam<const char*> {};

TEST_P(Mutation, NeverEndsInAnInternalError) {
  Diagnostics diagnostics;
  const std::string name = GetParam();
  const bool old = name.starts_with("old_");
  const Value file = read_case(old ? name : "golden_" + name);
  const auto [accepted, all] = mutate(old ? file : *json::parse(file.find("model")->text, "", diagnostics));
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, all);
}

INSTANTIATE_TEST_SUITE_P(Models, Mutation,
                         ::testing::Values("activation_layers", "conv_first", "loss_bce_many", "old_keras1_branches",
                                           "old_keras2_nested", "pool_average", "residual", "rmsprop_momentum",
                                           "sgd_staircase", "two_outputs"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace kcc
