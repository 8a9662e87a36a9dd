#include "runtime/sample_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/data/npy.h"

namespace kcc::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kThree[] = {3}, kOne[] = {1}, kSteps[] = {2};
constexpr TensorInfo kWeight = {"y", ElementType::kF32, 0, nullptr, 1};
constexpr TargetInfo kOneHot = {{"y", ElementType::kF32, 1, kThree, 3}, true, false, kWeight};
constexpr TargetInfo kIndex = {{"y", ElementType::kI32, 1, kOne, 1}, false, true, kWeight};
constexpr TargetInfo kTemporal = {
    {"y", ElementType::kF32, 1, kSteps, 2}, false, false, {"y", ElementType::kF32, 1, kSteps, 2}};

Program program_of(const TargetInfo& target) {
  Program program{};
  program.target_count = 1;
  program.targets = &target;
  return program;
}

// Four samples with the labels 2, 0, 1, 2.
Dataset data_of(const TargetInfo& target, const Array& labels) {
  Dataset data;
  data.targets.push_back({target.tensor, labels});
  data.weights.push_back({target.weight, {}});
  data.samples = 4;
  return data;
}

std::vector<float> weights_of(const Dataset& data) {
  const float* values = reinterpret_cast<const float*>(data.weights[0].array.data);
  return {values, values + data.weights[0].array.elements()};
}

TEST(ClassWeights, Parse) {
  const auto weights = parse_class_weights("0=1,1=50,7=0.25");
  ASSERT_TRUE(weights);
  EXPECT_THAT(*weights, ElementsAre(std::pair(0, 1.0), std::pair(1, 50.0), std::pair(7, 0.25)));
}

TEST(ClassWeights, RefuseWhatIsNoList) {
  for (const char* text : {"", "0", "0=", "=1", "0=1,", "0=1;1=2", "0=1,0=2", "0=nan", "a=1"}) {
    const auto weights = parse_class_weights(text);
    ASSERT_FALSE(weights) << text;
    EXPECT_THAT(weights.error().message, HasSubstr("expected CLASS=WEIGHT")) << text;
  }
}

TEST(ClassWeights, FollowLabelsOfEitherForm) {
  const float rows[] = {0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1};
  const int32_t indices[] = {2, 0, 1, 2};
  const struct {
    const TargetInfo& target;
    Array labels;
  } cases[] = {{kOneHot, view_array(ElementType::kF32, {4, 3}, rows)},
               {kIndex, view_array(ElementType::kI32, {4}, indices)},
               {kIndex, view_array(ElementType::kI32, {4, 1}, indices)}};
  for (const auto& c : cases) {
    Dataset data = data_of(c.target, c.labels);
    ASSERT_TRUE(bind_class_weights(program_of(c.target), {{0, 5}, {2, 3}}, &data));
    EXPECT_THAT(weights_of(data), ElementsAre(3, 5, 1, 3));
  }
}

TEST(ClassWeights, AreForOneClassASample) {
  const float steps[8] = {};
  Dataset data = data_of(kTemporal, view_array(ElementType::kF32, {4, 2}, steps));
  const Status status = bind_class_weights(program_of(kTemporal), {{0, 5}}, &data);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("one class a sample"));
}

class SampleWeights : public testing::Test {
 protected:
  SampleWeights() {
    char pattern[] = "/tmp/kcc_weights_XXXXXX";
    path_ = std::string(mkdtemp(pattern)) + "/w.npy";
  }
  Status bind(const TargetInfo& target, std::vector<int64_t> shape, Dataset* data) {
    const std::vector<float> values = {1, 2, 3, 4, 5, 6, 7, 8};
    EXPECT_TRUE(write_npy(path_, view_array(ElementType::kF32, std::move(shape), values.data())));
    return bind_sample_weights(program_of(target), "--sample-weight", {path_}, data);
  }
  std::string path_;
};

TEST_F(SampleWeights, TakeOneASampleOrOneAStep) {
  Dataset data = data_of(kOneHot, {});
  ASSERT_TRUE(bind(kOneHot, {4}, &data));
  EXPECT_THAT(weights_of(data), ElementsAre(1, 2, 3, 4));
  ASSERT_TRUE(bind(kOneHot, {4, 1}, &data));
  ASSERT_TRUE(bind(kTemporal, {4, 2}, &data));
}

TEST_F(SampleWeights, RefuseOtherShapes) {
  Dataset data = data_of(kOneHot, {});
  const Status steps = bind(kOneHot, {4, 2}, &data);
  ASSERT_FALSE(steps);
  EXPECT_THAT(steps.error().message, HasSubstr("takes weights of shape (4,); for one a step, compile with kcc"));
  const Status count = bind(kOneHot, {3}, &data);
  ASSERT_FALSE(count);
  EXPECT_THAT(count.error().message, HasSubstr("has shape (3,), but output 'y' takes weights of shape (4,)"));
}

}  // namespace
}  // namespace kcc::runtime
