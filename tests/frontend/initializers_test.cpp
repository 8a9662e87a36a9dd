#include "frontend/training/initializers.h"

#include <gtest/gtest.h>

#include <cmath>

namespace kcc {
namespace {

using Kind = Initializer::Kind;

constexpr double kCut = 0.87962566103423978;  // deviation of a unit normal cut at two

TEST(Initializers, HaveKerasDistributions) {
  struct Row {
    const char* text;
    std::vector<int64_t> shape;
    Initializer expected;
  };
  const Row rows[] = {
      {R"("zeros")", {3}, {Kind::kConstant, 0, 0, -1}},
      {R"("one")", {3}, {Kind::kConstant, 1, 0, -1}},
      {R"({"class_name": "Constant", "config": {"value": 2.5}})", {3}, {Kind::kConstant, 2.5, 0, -1}},
      {R"("normal")", {3}, {Kind::kNormal, 0, 0.05, -1}},
      {R"({"class_name": "TruncatedNormal", "config": {"mean": 1, "stddev": 2, "seed": 5}})",
       {3},
       {Kind::kTruncatedNormal, 1, 2, 5}},
      {R"({"class_name": "RandomUniform", "config": {"minval": -1, "maxval": 2, "seed": {"class_name": "SeedGenerator", "config": {"seed": 9}}}})",
       {3},
       {Kind::kUniform, -1, 2, 9}},
      {R"("glorot_uniform")", {4, 8}, {Kind::kUniform, -std::sqrt(0.5), std::sqrt(0.5), -1}},
      {R"("GlorotNormal")", {4, 8}, {Kind::kTruncatedNormal, 0, std::sqrt(1.0 / 6) / kCut, -1}},
      {R"("he_normal")", {3, 3, 2, 8}, {Kind::kTruncatedNormal, 0, std::sqrt(2.0 / 18) / kCut, -1}},
      {R"("HeUniform")", {8}, {Kind::kUniform, -std::sqrt(0.75), std::sqrt(0.75), -1}},
      {R"("lecun_normal")", {4, 8}, {Kind::kTruncatedNormal, 0, 0.5 / kCut, -1}},
      {R"("lecun_uniform")", {3, 8}, {Kind::kUniform, -1, 1, -1}},
      {R"({"class_name": "VarianceScaling", "config": {"scale": 4, "mode": "fan_out", "distribution": "untruncated_normal"}})",
       {3, 16},
       {Kind::kNormal, 0, 0.5, -1}},
      {R"({"class_name": "VarianceScaling", "config": {"distribution": "normal"}})",
       {4, 16},
       {Kind::kTruncatedNormal, 0, 0.5 / kCut, -1}},
      {R"({"class_name": "HeUniform", "config": {"input_axes": [0, -1], "output_axes": [1]}})",
       {2, 5, 3},
       {Kind::kUniform, -1, 1, -1}},
      {R"({"class_name": "OrthogonalInitializer", "config": {"gain": 2}})", {4, 8}, {Kind::kOrthogonal, 2, 0, -1}},
      {R"("identity")", {4, 4}, {Kind::kIdentity, 1, 0, -1}},
      {"null", {4, 8}, {Kind::kUniform, -std::sqrt(0.5), std::sqrt(0.5), -1}},
  };
  for (const Row& row : rows) {
    Diagnostics diagnostics;
    const Report report{"", "", diagnostics};
    const json::Value value = *json::parse(std::string(R"({"bias_initializer": )") + row.text + "}", "", diagnostics);
    ConfigReader config(&value, {}, "Dense", report);
    const auto found = read_initializer(config, "bias_initializer", "zeros")(row.shape);
    ASSERT_TRUE(found && !diagnostics.has_errors()) << row.text << diagnostics.render(false);
    EXPECT_EQ(found->kind, row.expected.kind) << row.text;
    EXPECT_NEAR(found->a, row.expected.a, 1e-12) << row.text;
    EXPECT_NEAR(found->b, row.expected.b, 1e-12) << row.text;
    EXPECT_EQ(found->seed, row.expected.seed) << row.text;
  }
}

}  // namespace
}  // namespace kcc
