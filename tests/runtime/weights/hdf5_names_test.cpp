// Lists of names in attributes: split as Keras splits them, and read whole.
#include "runtime/weights/hdf5_names.h"

#include <gtest/gtest.h>

#include "runtime/weights/hdf5_reader.h"
#include "runtime/weights/hdf5_writer.h"
#include "tests/runtime/temporary_folder.h"

namespace kcc::runtime {
namespace {

std::vector<std::string> names_of(size_t count, size_t bytes) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) {
    names.push_back("layer_" + std::to_string(i));
    names.back().resize(bytes, 'x');
  }
  return names;
}

TEST(Hdf5Names, SplitsWhatNoAttributeHolds) {
  struct Row {
    size_t count, bytes;
    std::vector<size_t> parts;  // empty: one attribute
  };
  const Row rows[] = {{0, 10, {}},
                      {3, 10, {}},
                      {1000, 64, {}},
                      {1008, 64, {}},
                      {1009, 64, {505, 504}},
                      {2500, 64, {834, 833, 833}},
                      {3, 64512, {1, 1, 1}}};
  for (const Row& row : rows) {
    const std::vector<std::string> names = names_of(row.count, row.bytes);
    Hdf5Object object;
    write_names(object, "layer_names", names);
    EXPECT_EQ(object.attributes.count("layer_names"), row.parts.empty()) << row.count;
    EXPECT_EQ(object.attributes.size(), std::max<size_t>(1, row.parts.size())) << row.count;
    for (size_t i = 0; i < row.parts.size(); ++i)
      EXPECT_EQ(std::get<std::vector<std::string>>(object.attributes["layer_names" + std::to_string(i)]).size(),
                row.parts[i]);
    EXPECT_EQ(read_names(object, "layer_names"), names);

    // And through a file.
    TemporaryFolder folder;
    Hdf5Tree tree;
    tree["g"] = object;
    tree["g"].attributes["model_config"] = std::string(200000, 'c');
    ASSERT_TRUE(write_hdf5(folder.file("a.h5"), tree));
    const Result<Hdf5Tree> back = read_hdf5(folder.file("a.h5"));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(read_names(back->at("g"), "layer_names"), names);
    EXPECT_EQ(std::get<std::string>(back->at("g").attributes.at("model_config")), std::string(200000, 'c'));
  }
}

}  // namespace
}  // namespace kcc::runtime
