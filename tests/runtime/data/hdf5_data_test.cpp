#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/data/convert.h"
#include "runtime/data/hdf5.h"
#include "tests/runtime/damage.h"
#include "tests/runtime/temporary_folder.h"

// Genuine files by h5py: KCC_TEST_CASES/data/make_hdf5.py.
namespace kcc::runtime {
namespace {

using ::testing::HasSubstr;

std::string case_file(const std::string& name) {
  return std::string(KCC_TEST_CASES "/data/") + name;
}

std::vector<float> read_floats(const std::string& file, const std::string& dataset) {
  const Result<Array> array = read_hdf5_data(file, dataset);
  EXPECT_TRUE(array) << array.error().message;
  if (!array) return {};
  EXPECT_EQ(array->shape, (std::vector<int64_t>{7, 3, 5}));
  std::vector<float> values(105);
  convert_array(*array, ElementType::kF32, values.data());
  return values;
}

std::string error(const std::string& file, const std::string& dataset) {
  const Result<Array> array = read_hdf5_data(file, dataset);
  if (array) return "";
  const size_t name = array.error().message.find(file);
  return name == 0 ? array.error().message.substr(file.size()) : array.error().message;
}

std::vector<float> numbers(float (*of)(int)) {
  std::vector<float> values;
  for (int i = 0; i < 105; ++i) values.push_back(of(i % 100));
  return values;
}

float itself(int i) {
  return static_cast<float>(i);
}

TEST(Hdf5Data, ReadsEveryWayOfStoring) {
  for (const char* file : {"old.h5", "new.h5"}) {
    for (const char* way : {"plain", "checked", "packed", "one_chunk", "many_chunks"}) {
      SCOPED_TRACE(std::string(file) + " " + way);
      EXPECT_EQ(read_floats(case_file(file), std::string("/ways/x_") + way), numbers(itself));
    }
  }
  EXPECT_EQ(read_floats(case_file("old.h5"), "ways/x_resizable"), numbers(itself));
}

TEST(Hdf5Data, ReadsEveryType) {
  for (const char* type : {"f2", "f8", "i1", "u8"}) {
    SCOPED_TRACE(type);
    EXPECT_EQ(read_floats(case_file("old.h5"), std::string("/types/") + type), numbers(itself));
  }
  EXPECT_EQ(read_floats(case_file("new.h5"), "/types/bool"), numbers([](int i) { return i % 2 == 0 ? 1.0f : 0.0f; }));
}

TEST(Hdf5Data, FillsWhatWasNeverWritten) {
  for (const char* file : {"old.h5", "new.h5"}) {
    const std::vector<float> values = read_floats(case_file(file), "/partly");
    for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], i / 15 == 2 ? 1.0f : 7.5f) << file << ' ' << i;
  }
}

TEST(Hdf5Data, SaysWhatIsThereAndWhatIsNotSupported) {
  const std::string old = case_file("old.h5"), latest = case_file("new.h5");
  EXPECT_EQ(error(old, ""),
            ": '/' is a group, choose a dataset in it as in " + old + ":/NAME: it has 'partly', 'types', 'ways'");
  EXPECT_EQ(error(old, "/types/f4"),
            ": group '/types' has no 'f4', it has 'big', 'bool', 'f2', 'f8', 'i1', 'text', 'u8'");
  EXPECT_EQ(error(old, "/partly/x"), ": '/partly' is a dataset, not a group");
  EXPECT_EQ(error(old, "/types/text"), ": '/types/text' holds text or raw bytes, expected numbers");
  EXPECT_EQ(error(old, "/types/big"), ": '/types/big' holds big-endian integers, expected numbers");
  EXPECT_THAT(error(old, "/ways/x_lzf"), HasSubstr("'/ways/x_lzf': compression by lzf, which is not supported; write"));
  EXPECT_THAT(error(latest, "/ways/x_resizable"), HasSubstr("a resizable dataset in the newest file format"));
}

TEST(Hdf5Data, SurvivesDamage) {
  TemporaryFolder folder;
  const std::string file = folder.file("damaged.h5");
  for (const char* name : {"old.h5", "new.h5"}) {
    int64_t read = 0, refused = 0;
    const auto try_all = [&](const std::string& bytes) {
      write_bytes(file, bytes);
      for (const char* dataset : {"/ways/x_packed", "/ways/x_checked", "/ways/x_one_chunk", "/partly"}) {
        const Result<Array> array = read_hdf5_data(file, dataset);
        ++(array ? read : refused);
      }
    };
    const std::string genuine = read_bytes(case_file(name));
    damage(genuine, 150, try_all);
    cut_off(genuine, 30, try_all);
    EXPECT_GT(read, 0);
    EXPECT_GT(refused, 0);
  }
}

}  // namespace
}  // namespace kcc::runtime
