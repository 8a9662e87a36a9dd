#include "runtime/data/load_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "runtime/data/npy.h"
#include "runtime/data/npz.h"
#include "tests/runtime/temporary_folder.h"

namespace kcc::runtime {
namespace {

using ::testing::ElementsAre;

std::vector<double> doubles(const Array& array) {
  std::vector<double> out(static_cast<size_t>(array.elements()));
  std::memcpy(out.data(), array.data, out.size() * sizeof(double));
  return out;
}

TEST(LoadArray, GoesByTheName) {
  TemporaryFolder folder;
  const float numbers[] = {1, 2};
  const Array array = view_array(ElementType::kF32, {2}, numbers);
  ASSERT_TRUE(write_npy(folder.file("a.npy"), array));
  ASSERT_TRUE(write_npz(folder.file("a.npz"), {{"x", array}, {"y", array}}));
  ASSERT_TRUE(write_npz(folder.file("one.npz"), {{"x", array}}));
  write_bytes(folder.file("a.csv"), "p,q\n1,2\n3,4\n5,6\n");
  const std::pair<const char*, std::vector<int64_t>> rows[] = {
      {"a.npy", {2}}, {"a.npz:x", {2}}, {"a.npz:x.npy", {2}}, {"one.npz", {2}}, {"a.csv", {3, 2}}};
  for (const auto& [name, shape] : rows) {
    const auto loaded = load_array(folder.file(name));
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(loaded->shape, shape);
  }
  const std::string several = folder.file("a.npz");
  EXPECT_EQ(load_array(several).error().message,
            several + ": 2 arrays, choose one as in " + several + ":MEMBER: 'x.npy', 'y.npy'");
}

TEST(LoadArray, SaysWhatIsSupported) {
  TemporaryFolder folder;
  write_bytes(folder.file("x.txt"), "1 2 3");
  for (const std::string& spec : {folder.file("x.txt"), folder.path()}) {
    EXPECT_EQ(load_array(spec).error().message,
              spec +
                  ": this kind of data file is not supported, expected FILE.npy, FILE.npz:MEMBER, FILE.csv, "
                  "FILE.h5:/DATASET or an IDX file");
  }
  EXPECT_EQ(load_array("none.txt").error().message, "none.txt: cannot be read: No such file or directory");
}

TEST(LoadLabelledCsv, SplitsTheColumns) {
  TemporaryFolder folder;
  const std::string path = folder.file("a.csv");
  write_bytes(path, "p,label,q\n1,0,2\n3,1,4\n");
  for (const char* label : {"label", "1", "-2"}) {
    const auto split = load_labelled_csv(path, label);
    ASSERT_TRUE(split) << split.error().message;
    EXPECT_THAT(split->x.shape, ElementsAre(2, 2));
    EXPECT_THAT(split->y.shape, ElementsAre(2, 1));
    EXPECT_THAT(doubles(split->x), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(doubles(split->y), ElementsAre(0, 1));
  }
  EXPECT_EQ(load_labelled_csv(path, "lable").error().message,
            path + ": no column 'lable', it has 3 columns named 'p', 'label', 'q'");
  EXPECT_EQ(load_labelled_csv("a.npy", "x").error().message, "a.npy: --csv-label needs a .csv file");
}

}  // namespace
}  // namespace kcc::runtime
