#include "runtime/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/metric_logs.h"

namespace kcc::runtime {
namespace {

using testing::HasSubstr;

constexpr int64_t kExtents[] = {1000, 1000};
constexpr TensorInfo kImage = {"image", ElementType::kF32, 2, kExtents, 1000000};

int record_batch(const Step& step) {
  *static_cast<int32_t*>(step.outputs[0]) = step.batch;
  return step.arena == nullptr ? -11 : 0;
}

class ExecutorTest : public testing::Test {
 protected:
  ExecutorTest() : state_(std::move(*StateBlock::allocate(program_))) {
    program_.input_count = 1;
    program_.inputs = &kImage;
  }

  std::string prepare_error(const EntryInfo& entry, int64_t batch) {
    Executor executor(program_, state_, 1);
    const Status status = executor.prepare(entry, batch);
    return status ? "" : status.error().message;
  }

  Program program_{};
  StateBlock state_;
};

TEST_F(ExecutorTest, RunsAnEntryOnABatch) {
  Executor executor(program_, state_, 1);
  const EntryInfo entry = {record_batch, 64, 64, 0};
  int32_t seen = 0;
  void* outputs[] = {&seen};
  const Status early = executor.run(entry, nullptr, outputs, 7);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().message, "a kernel failed: out of memory");
  ASSERT_TRUE(executor.prepare(entry, 7));
  EXPECT_TRUE(executor.run(entry, nullptr, outputs, 7));
  EXPECT_EQ(seen, 7);
}

int report_two(const Step& step) {
  if (step.arena == nullptr) return -11;
  *static_cast<float*>(step.outputs[0]) = 0.5f;
  *static_cast<float*>(step.outputs[1]) = 0.1f;
  return 0;
}

TEST_F(ExecutorTest, ReportsMetricsByName) {
  constexpr MetricInfo kMetrics[] = {{"loss"}, {"accuracy"}};
  program_.metric_count = 2;
  program_.metrics = kMetrics;
  program_.fixed_batch = 4;  // which metrics do not care about
  program_.report = {report_two, 64, 0, 0};
  Executor executor(program_, state_, 1);
  const Result<Logs> logs = metric_logs(executor);
  ASSERT_TRUE(logs) << logs.error().message;
  EXPECT_THAT(*logs, testing::ElementsAre(testing::Pair("accuracy", double{0.1f}), testing::Pair("loss", 0.5)));
}

TEST_F(ExecutorTest, RefusesBatchesThatKernelsCannotAddress) {
  EXPECT_EQ(prepare_error({record_batch, 0, 0, 0}, 536), "");
  EXPECT_THAT(prepare_error({record_batch, 0, 0, 0}, 537),
              HasSubstr("a batch of 537 is too large: input 'image' would take 2.00 GB"));
  EXPECT_THAT(prepare_error({record_batch, 0, 0, 0}, 537), HasSubstr("batches of up to 536 fit"));
}

TEST_F(ExecutorTest, RunsAStatefulModelOnItsOwnBatchAlone) {
  program_.fixed_batch = 4;
  Executor executor(program_, state_, 1);
  const EntryInfo entry = {record_batch, 64, 64, 0};
  EXPECT_TRUE(executor.prepare(entry, 4));
  EXPECT_TRUE(executor.check_samples(8));
  EXPECT_EQ(executor.check_samples(10).error().message,
            "the model is stateful and runs batches of 4 samples alone, of which 10 samples are no multiple");
  EXPECT_EQ(executor.prepare(entry, 5).error().message,
            "the model is stateful and runs batches of 4 samples alone, not of 5");
}

TEST_F(ExecutorTest, SaysWhenMemoryIsShort) {
  EXPECT_THAT(prepare_error({record_batch, int64_t{1} << 50, 0, 0}, 1),
              HasSubstr("out of memory: 1.00 PB for the activations of a batch of 1"));
  EXPECT_THAT(prepare_error({record_batch, 0, int64_t{1} << 62, 0}, 500), HasSubstr("a batch of 500 is too large"));
}

}  // namespace
}  // namespace kcc::runtime
