#include "runtime/nearest.h"

#include <gtest/gtest.h>

namespace kcc::runtime {
namespace {

TEST(DidYouMean, NamesTheNearestIfAnyIsNear) {
  const std::vector<std::string> known = {"fit", "evaluate", "predict", "--epochs", "--batch-size"};
  EXPECT_EQ(did_you_mean("evalute", known), ", did you mean 'evaluate'?");
  EXPECT_EQ(did_you_mean("--epoch", known), ", did you mean '--epochs'?");
  EXPECT_EQ(did_you_mean("--batch_size", known), ", did you mean '--batch-size'?");
  EXPECT_EQ(did_you_mean("fot", known), ", did you mean 'fit'?");
  EXPECT_EQ(did_you_mean("train", known), "");
}

}  // namespace
}  // namespace kcc::runtime
