#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "runtime/weights/hdf5_reader.h"
#include "runtime/weights/hdf5_writer.h"
#include "tests/runtime/temporary_folder.h"
#include "tests/runtime/weights/fuzz_hdf5.h"

namespace kcc::runtime {
namespace {

using ::testing::HasSubstr;

const double kNumbers[] = {1.5, -2, 3, 4, 5, 6};

Array numbers(DType type, std::vector<int64_t> shape) {
  return Array{type, std::move(shape), reinterpret_cast<const std::byte*>(kNumbers), nullptr};
}

Hdf5Tree sample_tree() {
  Hdf5Tree tree;
  tree[""].attributes["keras_version"] = std::string("3.15.1");
  tree["layers/dense/vars"].attributes["name"] = std::string("dense");
  tree["layers/dense/vars/0"].dataset = numbers(DType::kF32, {2, 3});
  tree["layers/dense/vars/0"].attributes["scale"] = numbers(DType::kF64, {2});
  tree["layers/dense/vars/1"].dataset = numbers(DType::kI64, {});
  tree["layers"].attributes["layer_names"] = std::vector<std::string>{"dense", "a much longer name", ""};
  tree["layers"].attributes["empty"] = std::string();
  tree["empty_group"];
  tree["nothing"].dataset = numbers(DType::kF32, {0, 3});
  return tree;
}

std::string written(const Hdf5Tree& tree) {
  TemporaryFolder folder;
  const Status status = write_hdf5(folder.file("a.h5"), tree);
  EXPECT_TRUE(status) << status.error().message;
  return read_bytes(folder.file("a.h5"));
}

Result<Hdf5Tree> parse(const std::string& bytes) {
  return parse_hdf5("a.h5", reinterpret_cast<const std::byte*>(bytes.data()), static_cast<int64_t>(bytes.size()),
                    nullptr);
}

void expect_equal(const Array& seen, const Array& expected) {
  EXPECT_EQ(seen.type, expected.type);
  EXPECT_EQ(seen.shape, expected.shape);
  if (expected.bytes() > 0) {
    EXPECT_EQ(std::memcmp(seen.data, expected.data, static_cast<size_t>(expected.bytes())), 0);
  }
}

TEST(Hdf5, ReadsWhatItWrote) {
  const Hdf5Tree tree = sample_tree();
  const std::string bytes = written(tree);
  const auto read = parse(bytes);
  ASSERT_TRUE(read) << read.error().message;
  for (const auto& [path, object] : tree) {
    ASSERT_TRUE(read->count(path)) << path;
    const Hdf5Object& seen = read->at(path);
    ASSERT_EQ(seen.dataset.has_value(), object.dataset.has_value()) << path;
    if (object.dataset) expect_equal(*seen.dataset, *object.dataset);
    ASSERT_EQ(seen.attributes.size(), object.attributes.size()) << path;
    for (const auto& [name, attribute] : object.attributes) {
      const Hdf5Attribute& value = seen.attributes.at(name);
      ASSERT_EQ(value.index(), attribute.index()) << name;
      if (const auto* array = std::get_if<Array>(&attribute)) {
        expect_equal(std::get<Array>(value), *array);
      } else if (const auto* text = std::get_if<std::string>(&attribute)) {
        EXPECT_EQ(std::get<std::string>(value), *text);
      } else {
        EXPECT_EQ(std::get<std::vector<std::string>>(value), std::get<std::vector<std::string>>(attribute));
      }
    }
  }
  EXPECT_TRUE(read->count("layers/dense"));  // made for its children
}

TEST(Hdf5, ReadsEveryNumberType) {
  Hdf5Tree tree;
  for (DType type : {DType::kBool, DType::kI8, DType::kU8, DType::kI16, DType::kU16, DType::kI32, DType::kU32,
                     DType::kI64, DType::kU64, DType::kF16, DType::kF32, DType::kF64}) {
    tree[name_of(type)].dataset = numbers(type, {3});
  }
  const std::string bytes = written(tree);
  const auto read = parse(bytes);
  ASSERT_TRUE(read) << read.error().message;
  for (const auto& [path, object] : tree) expect_equal(*read->at(path).dataset, *object.dataset);
}

// One symbol table node holds 8 names, one tree node 32 of those: this needs three levels.
TEST(Hdf5, ManyChildrenNeedSeveralTreeLevels) {
  for (int count : {0, 1, 8, 9, 256, 257, 9000}) {
    Hdf5Tree tree;
    tree[""];
    for (int i = 0; i < count; ++i) tree["optimizer/vars/" + std::to_string(i)].dataset = numbers(DType::kF32, {1});
    const std::string bytes = written(tree);
    const auto read = parse(bytes);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->size(), tree.size() + (count ? 2 : 0));
  }
}

TEST(Hdf5, EqualTreesGiveEqualBytes) {
  EXPECT_EQ(written(sample_tree()), written(sample_tree()));
}

TEST(Hdf5, WriterRefusesWhatHdf5CannotHold) {
  TemporaryFolder folder;
  const std::string path = folder.file("a.h5");
  Hdf5Tree tree;
  tree["a"].dataset = numbers(DType::kBF16, {1});
  EXPECT_EQ(write_hdf5(path, tree).error().message, path + ": '/a': HDF5 has no bfloat16");
  tree.clear();
  tree["a"].dataset = numbers(DType::kF32, {1});
  tree["a/b"].dataset = numbers(DType::kF32, {1});
  EXPECT_EQ(write_hdf5(path, tree).error().message, path + ": '/a' would be both a group and a dataset");
  tree.clear();
  tree[""].attributes["names"] = std::vector<std::string>(100, std::string(1000, 'x'));
  EXPECT_THAT(write_hdf5(path, tree).error().message, HasSubstr("takes no attribute 'names'"));
  EXPECT_EQ(folder.entries(), 0u);
}

TEST(Hdf5, ReaderSaysWhatIsWrong) {
  const std::string good = written(sample_tree());
  EXPECT_EQ(parse("").error().message, "a.h5: not an HDF5 file");
  EXPECT_EQ(parse("PK\3\4 a zip archive").error().message, "a.h5: not an HDF5 file");
  EXPECT_EQ(parse(good.substr(0, good.size() - 8)).error().message,
            "a.h5: cut off: " + std::to_string(good.size() - 8) + " bytes, expected " + std::to_string(good.size()));
  std::string damaged = good;
  damaged[damaged.find("TREE")] = 'X';
  EXPECT_THAT(parse(damaged).error().message, HasSubstr("a.h5: damaged HDF5 file: bad B-tree node at byte "));
}

TEST(Hdf5, SurvivesDamage) {
  const FuzzCounts counts = fuzz_hdf5(written(sample_tree()), 4000);
  EXPECT_GT(counts.read, 100);
  EXPECT_GT(counts.refused, 100);
}

}  // namespace
}  // namespace kcc::runtime
