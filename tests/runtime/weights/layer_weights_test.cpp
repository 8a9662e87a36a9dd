// Weights files that list layers: which values go where, and what older versions stored otherwise.
#include "runtime/weights/layer_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <numeric>

#include "runtime/weights/old_layouts.h"

namespace kcc::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// States one after the other, and what is loaded into them.
class Model {
 public:
  Model& add(const char* layer, const char* name, std::vector<int64_t> shape, Role role = Role::kWeight,
             OldLayout layout = OldLayout::kSame) {
    const std::vector<int64_t>& extents = shapes_.emplace_back(std::move(shape));
    int64_t elements = 1;
    for (int64_t extent : extents) elements *= extent;
    StateInfo& state = states_.emplace_back();
    state.tensor = {name, ElementType::kF32, static_cast<int32_t>(extents.size()), extents.data(), elements};
    state.file_path = "layers/x/vars/0";
    state.role = role;
    state.offset = static_cast<int64_t>(block_.size() * sizeof(float));
    state.layer = layer;
    state.old_layout = layout;
    block_.resize(block_.size() + static_cast<size_t>(elements), -1.0f);
    return *this;
  }

  Program program() const {
    Program program{};
    program.states = states_.data();
    program.state_count = static_cast<int32_t>(states_.size());
    program.state_bytes = static_cast<int64_t>(block_.size() * sizeof(float));
    return program;
  }

  Result<LoadedWeights> load(const Hdf5Tree& tree) {
    return load_layer_weights(program(), "w.h5", tree, true, reinterpret_cast<char*>(block_.data()));
  }

  std::vector<float> values(size_t state) const {
    const float* begin = block_.data() + states_[state].offset / static_cast<int64_t>(sizeof(float));
    return std::vector<float>(begin, begin + states_[state].tensor.elements);
  }

 private:
  std::deque<std::vector<int64_t>> shapes_;
  std::vector<StateInfo> states_;
  std::vector<float> block_;
};

// A file under construction. Values are counted on from `first`.
class File {
 public:
  explicit File(const char* version = "2.2.4", const char* backend = "tensorflow", std::string group = "")
      : group_(std::move(group)) {
    tree[""];
    if (*version) tree[group_].attributes["keras_version"] = std::string(version);
    if (*backend) tree[group_].attributes["backend"] = std::string(backend);
  }

  File& layer(const std::string& name) {
    layers_.push_back(name);
    weights_.clear();
    tree[group_].attributes["layer_names"] = layers_;
    tree[path(name)].attributes["weight_names"] = weights_;
    return *this;
  }
  File& weight(const std::string& name, std::vector<int64_t> shape, float first) {
    weights_.push_back(name);
    tree[path(layers_.back())].attributes["weight_names"] = weights_;
    int64_t count = 1;
    for (int64_t extent : shape) count *= extent;
    std::vector<float>& values = values_.emplace_back(static_cast<size_t>(count));
    std::iota(values.begin(), values.end(), first);
    tree[path(layers_.back()) + "/" + name].dataset =
        Array{DType::kF32, std::move(shape), reinterpret_cast<const std::byte*>(values.data()), nullptr};
    return *this;
  }

  Hdf5Tree tree;

 private:
  std::string path(const std::string& name) const { return group_.empty() ? name : group_ + "/" + name; }

  std::string group_;
  std::vector<std::string> layers_, weights_;
  std::deque<std::vector<float>> values_;
};

void expect_loaded(Model& model, const File& file) {
  const auto loaded = model.load(file.tree);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_FALSE(loaded->optimizer_restored);
}

Model two_layers() {
  Model model;
  model.add("a", "a/kernel", {2}).add("a", "a/bias", {1}).add("b/c", "b/c/kernel", {2});
  return model;
}

TEST(LayerWeights, GoByNameWhereTheNamesAreTheSame) {
  Model model = two_layers();
  File file("2.2.4", "tensorflow", "model_weights");
  file.layer("b/c").weight("b/c/kernel:0", {2}, 10);
  file.layer("input");
  file.layer("a").weight("kernel:0", {2}, 1).weight("bias:0", {1}, 5);
  EXPECT_TRUE(is_layer_weights(file.tree));
  expect_loaded(model, file);
  EXPECT_THAT(model.values(0), ElementsAre(1, 2));
  EXPECT_THAT(model.values(1), ElementsAre(5));
  EXPECT_THAT(model.values(2), ElementsAre(10, 11));
}

TEST(LayerWeights, GoByPositionWhereTheyAreNot) {
  Model model = two_layers();
  File file;
  file.layer("dense_7").weight("k", {2}, 1).weight("b", {1}, 5).layer("dense_8").weight("k", {2}, 10);
  expect_loaded(model, file);
  EXPECT_THAT(model.values(0), ElementsAre(1, 2));
  EXPECT_THAT(model.values(2), ElementsAre(10, 11));
}

TEST(LayerWeights, TrainedOnesComeFirst) {
  Model model;
  model.add("n", "n/norm/mean", {1}, Role::kStatistic).add("n", "n/dense/kernel", {1});
  File file;
  file.layer("n").weight("kernel", {1}, 1).weight("mean", {1}, 2);
  expect_loaded(model, file);
  EXPECT_THAT(model.values(0), ElementsAre(2));
  EXPECT_THAT(model.values(1), ElementsAre(1));
}

TEST(LayerWeights, LongListsAreSplit) {
  Model model = two_layers();
  File file;
  file.layer("a").weight("k", {2}, 1).weight("b", {1}, 5).layer("b/c").weight("k", {2}, 10);
  auto& attributes = file.tree[""].attributes;
  attributes.erase("layer_names");
  attributes["layer_names0"] = std::vector<std::string>{"a"};
  attributes["layer_names1"] = std::vector<std::string>{"b/c"};
  EXPECT_TRUE(is_layer_weights(file.tree));
  expect_loaded(model, file);
  EXPECT_THAT(model.values(2), ElementsAre(10, 11));
}

TEST(LayerWeights, NameWhatDoesNotFitAndChangeNothing) {
  File fewer, shape, count, missing;
  fewer.layer("a").weight("k", {2}, 1).weight("b", {1}, 5);
  shape.layer("a").weight("k", {3}, 1).weight("b", {1}, 5).layer("z").weight("k", {2}, 10);
  count.layer("a").weight("k", {2}, 1).layer("b/c").weight("k", {2}, 10);
  missing.layer("a").weight("k", {2}, 1).weight("b", {1}, 5).layer("b/c").weight("k", {2}, 10);
  missing.tree.erase("b/c/k");
  struct Row {
    const File& file;
    const char* message;
  };
  const Row rows[] = {
      {fewer, "w.h5: holds weights of 1 layers, the model has 2; only in the model: 'b/c'; only in the file: none"},
      {shape, "w.h5: layer 'a': weight 0 has the shape (3,), expected (2,) for 'a/kernel'"},
      {count, "w.h5: layer 'a': holds 1 weights, expected 2"},
      {missing, "w.h5: layer 'b/c': no values of its weight 'k'"},
  };
  for (const Row& row : rows) {
    Model model = two_layers();
    const auto loaded = model.load(row.file.tree);
    ASSERT_FALSE(loaded) << row.message;
    EXPECT_EQ(loaded.error().message, row.message);
    EXPECT_THAT(model.values(0), ElementsAre(-1, -1));
  }
}

// ---- old layouts

// Keras 1 did not say its backend: TensorFlow's variables end in ":0".
TEST(OldLayouts, TheanosKernelsAreFlipped) {
  struct Row {
    const char *version, *backend, *name;
    bool flipped;
  };
  const Row rows[] = {{"1.2.2", "", "w_W", true},
                      {"", "", "w_W", true},
                      {"1.2.2", "", "w_W:0", false},
                      {"2.0.6", "theano", "kernel", true},
                      {"2.0.6", "tensorflow", "kernel:0", false},
                      {"3.15.1", "jax", "kernel", false}};
  for (const Row& row : rows) {
    Model model;
    model.add("c", "c/kernel", {1, 3, 2, 1}, Role::kWeight, OldLayout::kConvolution);
    File file(row.version, row.backend);
    file.layer("c").weight(row.name, {1, 3, 2, 1}, 0);
    expect_loaded(model, file);
    if (row.flipped)
      EXPECT_THAT(model.values(0), ElementsAre(4, 5, 2, 3, 0, 1)) << row.version << row.name;
    else
      EXPECT_THAT(model.values(0), ElementsAre(0, 1, 2, 3, 4, 5)) << row.version << row.name;
  }
}

// Element (row, column, channel, filter) says where it stood.
TEST(OldLayouts, Keras1OrderedKernelsByItsOrdering) {
  struct Row {
    OldLayout layout;
    std::vector<int64_t> shape;  // in the file
    std::vector<size_t> axes;    // of the file: row, column, and the state's last two
  };
  const Row rows[] = {
      {OldLayout::kConvolution, {2, 3, 4, 5}, {0, 1, 2, 3}},
      {OldLayout::kConvolutionChannelsFirst, {5, 4, 2, 3}, {2, 3, 1, 0}},
      {OldLayout::kTransposedConvolution, {2, 3, 4, 5}, {0, 1, 3, 2}},
      {OldLayout::kTransposedConvolutionChannelsFirst, {5, 4, 2, 3}, {2, 3, 0, 1}},
  };
  for (const Row& row : rows) {
    std::vector<int64_t> shape, steps(4, 1), state_steps;
    for (size_t axis = 3; axis-- > 0;) steps[axis] = steps[axis + 1] * row.shape[axis + 1];
    for (size_t axis : row.axes) {
      shape.push_back(row.shape[axis]);
      state_steps.push_back(steps[axis]);
    }
    Model model;
    model.add("c", "c/kernel", shape, Role::kWeight, row.layout);
    File file("1.2.2", "tensorflow");
    file.layer("c").weight("W", row.shape, 0);
    expect_loaded(model, file);
    const std::vector<float> found = model.values(0);
    size_t i = 0;
    for (int64_t a = 0; a < shape[0]; ++a)
      for (int64_t b = 0; b < shape[1]; ++b)
        for (int64_t c = 0; c < shape[2]; ++c)
          for (int64_t d = 0; d < shape[3]; ++d)
            ASSERT_EQ(found[i++], static_cast<float>(a * state_steps[0] + b * state_steps[1] + c * state_steps[2] +
                                                     d * state_steps[3]));
  }
}

TEST(OldLayouts, Keras1HadLongKernelsAsFlatImages) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{3, 1, 2, 1}, std::vector<int64_t>{1, 2, 3, 1}}) {
    Model model;
    model.add("c", "c/kernel", {3, 2, 1}, Role::kWeight, OldLayout::kConvolution);
    File file("1.2.2", "tensorflow");
    file.layer("c").weight("W", shape, 0);
    expect_loaded(model, file);
    if (shape[0] == 3)
      EXPECT_THAT(model.values(0), ElementsAre(0, 1, 2, 3, 4, 5));
    else
      EXPECT_THAT(model.values(0), ElementsAre(0, 3, 1, 4, 2, 5));
  }
}

Model recurrent(OldLayout layout, int64_t inputs, int64_t units, std::vector<int64_t> bias) {
  const int64_t width = bias.back();
  Model model;
  model.add("r", "r/kernel", {inputs, width}, Role::kWeight, layout)
      .add("r", "r/recurrent_kernel", {units, width}, Role::kWeight, layout)
      .add("r", "r/bias", std::move(bias), Role::kWeight, layout);
  return model;
}

TEST(OldLayouts, Keras1HadAnArrayForEachGate) {
  Model lstm = recurrent(OldLayout::kLstm, 2, 1, {4});
  File gates("1.2.2", "");
  gates.layer("r");
  for (int gate = 0; gate < 4; ++gate) {  // i, c, f, o
    const float first = static_cast<float>(10 * gate);
    gates.weight("W" + std::to_string(gate), {2, 1}, first)
        .weight("U" + std::to_string(gate), {1, 1}, first + 5)
        .weight("b" + std::to_string(gate), {1}, first + 7);
  }
  expect_loaded(lstm, gates);
  EXPECT_THAT(lstm.values(0), ElementsAre(0, 20, 10, 30, 1, 21, 11, 31));  // i, f, c, o
  EXPECT_THAT(lstm.values(1), ElementsAre(5, 25, 15, 35));
  EXPECT_THAT(lstm.values(2), ElementsAre(7, 27, 17, 37));

  Model gru = recurrent(OldLayout::kGru, 1, 1, {3});
  File three("1.2.2", "");
  three.layer("r");
  for (int gate = 0; gate < 3; ++gate)
    for (int kind = 0; kind < 3; ++kind)
      three.weight(std::to_string(gate) + std::to_string(kind),
                   kind < 2 ? std::vector<int64_t>{1, 1} : std::vector<int64_t>{1},
                   static_cast<float>(10 * gate + kind));
  expect_loaded(gru, three);
  EXPECT_THAT(gru.values(0), ElementsAre(0, 10, 20));
  EXPECT_THAT(gru.values(1), ElementsAre(1, 11, 21));
  EXPECT_THAT(gru.values(2), ElementsAre(2, 12, 22));
}

// With consume_less='gpu' Keras 1 had three arrays, as all have now.
TEST(OldLayouts, ThreeArraysStay) {
  Model lstm = recurrent(OldLayout::kLstm, 2, 1, {4});
  File file("1.2.2", "");
  file.layer("r").weight("W", {2, 4}, 0).weight("U", {1, 4}, 10).weight("b", {4}, 20);
  expect_loaded(lstm, file);
  EXPECT_THAT(lstm.values(0), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(lstm.values(2), ElementsAre(20, 21, 22, 23));
}

// keras/src/legacy, convert_rnn_weights: kernel.T.reshape(kernel.shape, order='F') a gate, recurrent kernel.T.
TEST(OldLayouts, NvidiasMatricesAreTurned) {
  Model lstm = recurrent(OldLayout::kLstm, 3, 2, {8});
  File file;
  file.layer("r").weight("kernel:0", {3, 8}, 0).weight("recurrent_kernel:0", {2, 8}, 0).weight("bias:0", {16}, 0);
  expect_loaded(lstm, file);
  // Gate 0 of the file's kernel: ((0, 1), (8, 9), (16, 17)).
  EXPECT_THAT(lstm.values(0), ElementsAre(0, 9, 2, 11, 4, 13, 6, 15,   //
                                          1, 16, 3, 18, 5, 20, 7, 22,  //
                                          8, 17, 10, 19, 12, 21, 14, 23));
  EXPECT_THAT(lstm.values(1), ElementsAre(0, 8, 2, 10, 4, 12, 6, 14, 1, 9, 3, 11, 5, 13, 7, 15));
  EXPECT_THAT(lstm.values(2), ElementsAre(8, 10, 12, 14, 16, 18, 20, 22));

  Model gru = recurrent(OldLayout::kGru, 1, 1, {2, 3});
  File both;
  both.layer("r").weight("kernel:0", {1, 3}, 0).weight("recurrent_kernel:0", {1, 3}, 5).weight("bias:0", {6}, 10);
  expect_loaded(gru, both);
  EXPECT_THAT(gru.values(2), ElementsAre(10, 11, 12, 13, 14, 15));
}

}  // namespace
}  // namespace kcc::runtime
