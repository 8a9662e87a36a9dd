#include "runtime/callbacks/record.h"

#include <gtest/gtest.h>

#include "runtime/history.h"
#include "runtime/weights/hdf5_reader.h"
#include "runtime/weights/hdf5_writer.h"
#include "tests/runtime/temporary_folder.h"

namespace kcc::runtime {
namespace {

struct Thing {
  bool flag = false;
  int64_t integer = 0;
  uint64_t seed = 0;
  double number = 0;
  std::optional<double> some, none = 3.0;
  std::string text, empty = "full";
  std::vector<std::string> words;
  std::vector<double> numbers;
  std::vector<char> bytes;
  History history;

  void exchange(Record& record) {
    record.field("flag", &flag);
    record.field("integer", &integer);
    record.field("seed", &seed);
    record.field("number", &number);
    record.field("some", &some);
    record.field("none", &none);
    record.field("text", &text);
    record.field("empty", &empty);
    record.field("words", &words);
    record.field("numbers", &numbers);
    record.field("bytes", &bytes);
    record.object("history", history);
  }
};

TEST(Record, LoadsWhatItSavedThroughAFile) {
  TemporaryFolder folder;
  Thing thing{true,  -5, ~uint64_t{0},       0.1,    1e-300,      std::nullopt,
              "a b", "", {"one", "", "two"}, {1, 2}, {'x', '\0'}, {}};
  thing.history.add(3, {{"loss", 0.5}, {"acc", 1.0 / 3}});
  thing.history.add(4, {{"loss", 0.25}, {"acc", 1}});
  Hdf5Tree tree;
  Record out = Record::save(&tree, "a/b");
  thing.exchange(out);
  ASSERT_TRUE(out.status());
  ASSERT_TRUE(write_hdf5(folder.file("r.h5"), tree));
  const Result<Hdf5Tree> read = read_hdf5(folder.file("r.h5"));
  ASSERT_TRUE(read);
  Thing copy;
  Record in = Record::load(&*read, "a/b");
  copy.exchange(in);
  ASSERT_TRUE(in.status());
  EXPECT_EQ(copy.flag, true);
  EXPECT_EQ(copy.integer, -5);
  EXPECT_EQ(copy.seed, ~uint64_t{0});
  EXPECT_EQ(copy.number, 0.1);
  EXPECT_EQ(copy.some, 1e-300);
  EXPECT_EQ(copy.none, std::nullopt);
  EXPECT_EQ(copy.text, "a b");
  EXPECT_EQ(copy.empty, "");
  EXPECT_EQ(copy.words, thing.words);
  EXPECT_EQ(copy.numbers, thing.numbers);
  EXPECT_EQ(copy.bytes, thing.bytes);
  EXPECT_EQ(copy.history.to_csv(), thing.history.to_csv());
  EXPECT_EQ(copy.history.to_json(), thing.history.to_json());
}

TEST(Record, NamesWhatIsMissing) {
  Hdf5Tree tree;
  Thing thing;
  Record in = Record::load(&tree, "run");
  thing.exchange(in);
  ASSERT_FALSE(in.status());
  EXPECT_EQ(in.status().error().message, "'run/flag' is missing");
}

}  // namespace
}  // namespace kcc::runtime
