#include "runtime/batch_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace kcc::runtime {
namespace {

constexpr int64_t kWidth = 1 << 16;  // a row is 256 KB: worth a thread
constexpr int64_t kWide[] = {kWidth};
constexpr TensorInfo kInput = {"x", ElementType::kF32, 1, kWide, kWidth};
constexpr TensorInfo kWord = {"word", ElementType::kI32, 0, nullptr, 1};

// Row r is full of r; row 13 cannot be read.
class CountedRows : public RowSource {
 public:
  Status read(int64_t first, int64_t count, std::byte* out) override {
    reads += 1;
    for (int64_t row = first; row < first + count; ++row) {
      if (row == 13) return make_error("row 13 of x is lost");
      std::fill_n(reinterpret_cast<float*>(out) + (row - first) * kWidth, kWidth, static_cast<float>(row));
    }
    return {};
  }
  int64_t reads = 0;
};

struct BatchReaderTest : testing::Test {
  BatchReaderTest() {
    Array array{DType::kF32, {20, kWidth}, nullptr, nullptr};
    array.source = source;
    data.inputs.push_back({kInput, array});
    data.samples = 20;
  }
  static float first_value(const Result<const void* const*>& batch) {
    return static_cast<const float*>((*batch)[0])[0];
  }

  std::shared_ptr<CountedRows> source = std::make_shared<CountedRows>();
  Dataset data;
};

TEST_F(BatchReaderTest, GivesTheSameBatchesAheadOrNot) {
  for (bool ahead : {false, true}) {
    Result<BatchReader> reader = BatchReader::create(data, 2, ahead);
    ASSERT_TRUE(reader);
    std::vector<int64_t> order{4, 2, 11, 5, 7, 1};
    for (int64_t first = 0; first < 6; first += 2) {
      const auto batch = reader->read(order, first, 2);
      ASSERT_TRUE(batch);
      EXPECT_EQ(first_value(batch), static_cast<float>(order[static_cast<size_t>(first)]));
      if (first + 2 < 6) reader->read_ahead(order, first + 2, 2);
      EXPECT_EQ(static_cast<const float*>((*batch)[0])[kWidth],
                static_cast<float>(order[static_cast<size_t>(first + 1)]));
    }
  }
}

TEST_F(BatchReaderTest, ReadsAWantedBatchOnce) {
  Result<BatchReader> reader = BatchReader::create(data, 4, true);
  reader->read_ahead({}, 4, 4);
  EXPECT_EQ(first_value(reader->read({}, 4, 4)), 4.0f);
  EXPECT_EQ(source->reads, 1);
}

TEST_F(BatchReaderTest, SurvivesWrongGuesses) {
  Result<BatchReader> reader = BatchReader::create(data, 4, true);
  reader->read_ahead({}, 4, 4);
  EXPECT_EQ(first_value(reader->read({}, 8, 4)), 8.0f);
  reader->read_ahead({}, 4, 4);
  EXPECT_EQ(first_value(reader->read({}, 4, 3)), 4.0f);
  std::vector<int64_t> order{3, 1, 2};
  reader->read_ahead(order, 0, 3);
  order = {1, 2, 3};  // a new pass
  EXPECT_EQ(first_value(reader->read(order, 0, 3)), 1.0f);
  reader->read_ahead(order, 0, 3);
  reader->read_ahead(order, 1, 2);  // and nobody takes either
}

TEST_F(BatchReaderTest, TellsAnErrorWhenTheBatchIsWanted) {
  Result<BatchReader> reader = BatchReader::create(data, 4, true);
  reader->read_ahead({}, 12, 4);
  EXPECT_EQ(first_value(reader->read({}, 0, 4)), 0.0f);
  reader->read_ahead({}, 12, 4);
  const auto batch = reader->read({}, 12, 4);
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().message, "row 13 of x is lost");
}

// A map shows what becomes of its file: no index that a kernel gets may be one that bind_data did not see.
TEST_F(BatchReaderTest, ChecksIndicesOnceMore) {
  std::vector<int32_t> words(20);
  std::iota(words.begin(), words.end(), 0);
  Dataset text;
  text.inputs.push_back({kWord, view_array(ElementType::kI32, {20}, words.data()), false, 20, "x 'words.npy'"});
  Result<BatchReader> reader = BatchReader::create(text, 4, false);
  ASSERT_TRUE(reader->read({}, 4, 4));
  words[6] = 20;
  const auto batch = reader->read({}, 4, 4);
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().message,
            "x 'words.npy': the file changed while it was being read: an index is no longer in 0 to 19");
}

}  // namespace
}  // namespace kcc::runtime
