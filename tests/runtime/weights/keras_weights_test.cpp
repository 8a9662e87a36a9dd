#include "runtime/weights/keras_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "runtime/files/zip_writer.h"
#include "runtime/weights/hdf5_writer.h"
#include "runtime/weights/weights_file.h"
#include "tests/runtime/temporary_folder.h"

namespace kcc::runtime {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kKernelShape[] = {2, 3}, kBiasShape[] = {3}, kKeyShape[] = {2};
constexpr ElementType kF32 = ElementType::kF32, kI32 = ElementType::kI32, kU32 = ElementType::kU32;

StateInfo state_of(TensorInfo tensor, const char* path, Role role, int64_t offset) {
  return {tensor, path, role, offset, Fill::kConstant, 0, 0, -1};
}

// A Dense layer, a Dropout layer and SGD, as kcc would generate them.
const StateInfo kStates[] = {
    state_of({"dense/kernel", kF32, 2, kKernelShape, 6}, "layers/dense/vars/0", Role::kWeight, 0),
    state_of({"dense/bias", kF32, 1, kBiasShape, 3}, "layers/dense/vars/1", Role::kWeight, 64),
    state_of({"sgd/iteration", kI32, 0, nullptr, 1}, "optimizer/vars/0", Role::kOptimizer, 128),
    state_of({"sgd/learning_rate", kF32, 0, nullptr, 1}, "optimizer/vars/1", Role::kOptimizer, 192),
    state_of({"loss/total", kF32, 0, nullptr, 1}, "", Role::kMetric, 256),
    state_of({"seed_generator/state", kU32, 1, kKeyShape, 2}, "layers/dropout/seed_generator/vars/0", Role::kRandom,
             320),
};

struct Block {
  alignas(64) char bytes[384] = {};

  void set(int64_t offset, std::vector<float> values) { std::memcpy(bytes + offset, values.data(), values.size() * 4); }
  float f32(int64_t offset) const {
    float value;
    std::memcpy(&value, bytes + offset, 4);
    return value;
  }
  int32_t i32(int64_t offset) const {
    int32_t value;
    std::memcpy(&value, bytes + offset, 4);
    return value;
  }
};

Program program_of(int32_t state_count) {
  Program program{};
  program.states = kStates;
  program.state_count = state_count;
  program.state_bytes = sizeof(Block);
  return program;
}

const float kFloats[] = {1, 2, 3, 4, 5, 6};
const double kDoubles[] = {0.5, 2, 3, 4, 5, 6};
const int64_t kCounter[] = {70000};
const int64_t kOverflow[] = {int64_t{1} << 40};

template <typename T>
Array array_of(DType type, std::vector<int64_t> shape, const T* values) {
  return Array{type, std::move(shape), reinterpret_cast<const std::byte*>(values), nullptr};
}

// What Keras would have written for the program.
Hdf5Tree good_tree() {
  Hdf5Tree tree;
  tree[""];
  tree["layers"];
  tree["layers/dense/vars/0"].dataset = array_of(DType::kF32, {2, 3}, kFloats);
  tree["layers/dense/vars/1"].dataset = array_of(DType::kF64, {3}, kDoubles);
  tree["optimizer/vars/0"].dataset = array_of(DType::kI64, {}, kCounter);
  tree["optimizer/vars/1"].dataset = array_of(DType::kF32, {}, kFloats);
  return tree;
}

TEST(LoadKerasWeights, ConvertsIntoTheStateBlock) {
  Block block;
  block.set(256, {42});
  const auto loaded = load_keras_weights(program_of(6), "w.weights.h5", good_tree(), true, block.bytes);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(loaded->optimizer_restored);
  EXPECT_EQ(loaded->optimizer_note, "");
  EXPECT_EQ(std::memcmp(block.bytes, kFloats, sizeof(kFloats)), 0);
  EXPECT_EQ(block.f32(64), 0.5f);
  EXPECT_EQ(block.i32(128), 70000);
  EXPECT_EQ(block.f32(192), 1);
  EXPECT_EQ(block.f32(256), 42);  // a metric is not the file's
}

TEST(LoadKerasWeights, LeavesTheOptimizerWhereItDoesNotFit) {
  Hdf5Tree fewer = good_tree();
  fewer.erase("optimizer/vars/1");
  Hdf5Tree reshaped = good_tree();
  reshaped["optimizer/vars/1"].dataset = array_of(DType::kF32, {3}, kFloats);
  Hdf5Tree overflow = good_tree();
  overflow["optimizer/vars/0"].dataset = array_of(DType::kI64, {}, kOverflow);
  Hdf5Tree none = good_tree();
  none.erase("optimizer/vars/0");
  none.erase("optimizer/vars/1");
  struct Row {
    Hdf5Tree tree;
    bool wanted;
    const char* note;
  };
  const Row rows[] = {
      {fewer, true, "it has 2 variables, the file 1"},
      {reshaped, true, "'sgd/learning_rate' at 'optimizer/vars/1': shape (3,), expected ()"},
      {overflow, true, "'sgd/iteration' at 'optimizer/vars/0'"},
      {none, true, ""},
      {good_tree(), false, ""},
  };
  for (const Row& row : rows) {
    Block block;
    const auto loaded = load_keras_weights(program_of(6), "w", row.tree, row.wanted, block.bytes);
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_FALSE(loaded->optimizer_restored);
    EXPECT_THAT(loaded->optimizer_note, HasSubstr(row.note));
    EXPECT_EQ(block.f32(4), 2);
    EXPECT_EQ(block.i32(128), 0);
  }
}

TEST(LoadKerasWeights, NamesWhatDoesNotFitAndChangesNothing) {
  Hdf5Tree reshaped = good_tree();
  reshaped["layers/dense/vars/0"].dataset = array_of(DType::kF32, {3, 2}, kFloats);
  Hdf5Tree missing = good_tree();
  missing.erase("layers/dense/vars/1");
  Hdf5Tree more = good_tree();
  more["layers/dense_1/vars/0"].dataset = array_of(DType::kF32, {3}, kFloats);
  const std::pair<Hdf5Tree, const char*> rows[] = {
      {reshaped, "w: 'dense/kernel' at 'layers/dense/vars/0': shape (3, 2), expected (2, 3)"},
      {missing, "w: 1 weights of the model are not in the file: 'dense/bias' at 'layers/dense/vars/1'"},
      {more, "w: holds 1 weights that the model does not have: 'layers/dense_1/vars/0'"},
  };
  for (const auto& [tree, expected] : rows) {
    Block block;
    const auto loaded = load_keras_weights(program_of(6), "w", tree, true, block.bytes);
    ASSERT_FALSE(loaded) << expected;
    EXPECT_EQ(loaded.error().message, expected);
    EXPECT_EQ(std::memcmp(block.bytes, Block().bytes, sizeof(block.bytes)), 0);
  }
}

TEST(LoadKerasWeights, ReadsTheNamesOfKeras213) {
  Hdf5Tree tree;
  tree["_layer_checkpoint_dependencies"];
  tree["_layer_checkpoint_dependencies/dense/vars/0"].dataset = array_of(DType::kF32, {2, 3}, kFloats);
  tree["_layer_checkpoint_dependencies/dense/vars/1"].dataset = array_of(DType::kF64, {3}, kDoubles);
  Block block;
  const auto loaded = load_keras_weights(program_of(2), "w", tree, true, block.bytes);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(block.f32(64), 0.5f);
}

TEST(WeightsFile, LoadsWhatItSaved) {
  TemporaryFolder folder;
  const std::string path = folder.file("a.weights.h5");
  Block block;
  block.set(0, {1, 2, 3, 4, 5, 6});
  block.set(64, {7, 8, 9});
  block.set(192, {0.01f});
  const Status saved = save_weights(program_of(6), path, block.bytes);
  ASSERT_TRUE(saved) << saved.error().message;
  Block back;
  const auto loaded = load_weights(program_of(6), path, true, back.bytes);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(loaded->optimizer_restored);
  EXPECT_EQ(std::memcmp(block.bytes, back.bytes, sizeof(block.bytes)), 0);
}

TEST(WeightsFile, NamesDecideWhatIsWritten) {
  Program program = program_of(0);
  for (const char* name : {"a/b.weights.h5", "m.keras", "m.h5", "m.hdf5"})
    EXPECT_TRUE(check_weights_name(program, name));
  program.saved.refusal = "layer 'd' has what is not";
  EXPECT_TRUE(check_weights_name(program, "a/b.weights.h5"));
  const std::pair<const char*, const char*> rows[] = {
      {"m.keras",
       "m.keras: Keras 3 could not load this model: layer 'd' has what is not: save its weights alone, in a file whose "
       "name ends in .weights.h5"},
      {"m.txt", "m.txt: not a weights file by its name, expected a name that ends in .weights.h5, .keras or .h5"},
      {"m.weights.json",
       "m.weights.json: sharded weights are not supported, expected a name that ends in .weights.h5, .keras or .h5"},
  };
  for (const auto& [name, expected] : rows) {
    EXPECT_EQ(check_weights_name(program, name).error().message, expected);
    EXPECT_EQ(save_weights(program, name, nullptr).error().message, expected);
  }
}

// A .keras archive with this member as its weights.
std::string archive(const TemporaryFolder& folder, const std::string& member, const std::string& bytes) {
  const std::string path = folder.file("m.zip");
  auto zip = ZipWriter::create(path);
  EXPECT_TRUE(zip && zip->begin_member(member, static_cast<int64_t>(bytes.size())) &&
              zip->write(bytes.data(), static_cast<int64_t>(bytes.size())) && zip->commit());
  return path;
}

TEST(WeightsFile, ContentDecidesWhatIsRead) {
  TemporaryFolder folder;
  Block block;
  block.set(0, {1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(save_weights(program_of(6), folder.file("a.weights.h5"), block.bytes));
  const std::string bytes = read_bytes(folder.file("a.weights.h5"));
  write_bytes(folder.file("a.dat"), bytes);
  for (const std::string& path : {folder.file("a.dat"), archive(folder, "model.weights.h5", bytes)}) {
    Block back;
    const auto loaded = load_weights(program_of(6), path, true, back.bytes);
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(std::memcmp(block.bytes, back.bytes, sizeof(block.bytes)), 0);
  }
}

TEST(WeightsFile, RefusesOtherContent) {
  TemporaryFolder folder;
  const auto message = [&](const std::string& path) {
    Block block;
    const auto loaded = load_weights(program_of(6), path, true, block.bytes);
    return loaded ? "" : loaded.error().message;
  };
  write_bytes(folder.file("a.h5"), "no weights");
  EXPECT_THAT(message(folder.file("a.h5")), HasSubstr("not a weights file, expected .weights.h5, .h5 or .keras"));
  write_bytes(folder.file("a.weights.json"), "{}");
  EXPECT_THAT(message(folder.file("a.weights.json")), HasSubstr("sharded weights are not supported"));
  EXPECT_THAT(message(archive(folder, "../model.weights.h5", "x")), HasSubstr("no member 'model.weights.h5'"));
  EXPECT_THAT(message(archive(folder, "model.weights.h5", "x")), HasSubstr(":model.weights.h5: not an HDF5 file"));
  EXPECT_THAT(message(archive(folder, "model.weights.h5", std::string(80 << 20, 'x'))),
              HasSubstr("far more than this model's weights"));
  EXPECT_THAT(message(folder.file("none.h5")), HasSubstr("none.h5"));
}

}  // namespace
}  // namespace kcc::runtime
