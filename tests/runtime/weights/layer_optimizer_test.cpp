// The optimizer of .h5 files: which variable is which, in the order of each Keras.
#include "runtime/weights/layer_optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "runtime/weights/hdf5_names.h"
#include "runtime/weights/layer_weights.h"
#include "runtime/weights/weights_file.h"
#include "runtime/weights/whole_model.h"
#include "tests/runtime/temporary_folder.h"

namespace kcc::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kTwo[] = {2};

// Two layers of one weight of two numbers each, and Adam with its two slots.
class Adam {
 public:
  Adam() {
    add("a/kernel", "layers/a/vars/0", Role::kWeight, "a");
    add("b/kernel", "layers/b/vars/0", Role::kWeight, "b");
    scalar("adam/iteration", "optimizer/vars/0", ElementType::kI32);
    scalar("adam/learning_rate", "optimizer/vars/1", ElementType::kF32);
    add("adam/a_kernel_momentum", "optimizer/vars/2", Role::kSlot);
    add("adam/b_kernel_momentum", "optimizer/vars/4", Role::kSlot);
    add("adam/a_kernel_velocity", "optimizer/vars/3", Role::kSlot);
    add("adam/b_kernel_velocity", "optimizer/vars/5", Role::kSlot);
    program_.states = states_.data();
    program_.state_count = static_cast<int32_t>(states_.size());
    program_.state_bytes = sizeof(block_);
    program_.iterations = 2;
    program_.learning_rate = 3;
    program_.keras_version = "3.15.1";
    program_.saved = {"{}", R"({"class_name": "Adam"})", R"("loss":"mse")", ""};
    program_.layers = kLayers;
    program_.layer_count = 2;
  }

  const Program& program() const { return program_; }
  char* block() { return reinterpret_cast<char*>(block_); }
  float* at(size_t state) { return block_ + states_[state].offset / 4; }
  int32_t steps() { return *reinterpret_cast<int32_t*>(at(2)); }

 private:
  static constexpr LayerInfo kLayers[] = {{"a", "Dense", "", 2, ""}, {"b", "Dense", "", 2, ""}};

  void add(const char* name, const char* path, Role role, const char* layer = "") {
    StateInfo& state = states_.emplace_back();
    state.tensor = {name, ElementType::kF32, 1, kTwo, 2};
    finish(state, path, role);
    state.layer = layer;
  }
  void scalar(const char* name, const char* path, ElementType type) {
    StateInfo& state = states_.emplace_back();
    state.tensor = {name, type, 0, nullptr, 1};
    finish(state, path, Role::kOptimizer);
  }
  void finish(StateInfo& state, const char* path, Role role) {
    state.file_path = path;
    state.role = role;
    state.offset = static_cast<int64_t>(64 * (states_.size() - 1));
  }

  std::vector<StateInfo> states_;
  Program program_{};
  alignas(64) float block_[8 * 16] = {};
};

// A file with these optimizer variables.
class File {
 public:
  File() {
    weight("a", {1, 2});
    weight("b", {3, 4});
    write_names(tree_["model_weights"], "layer_names", {"a", "b"});
    tree_[""].attributes["keras_version"] = std::string("2.2.4");
    tree_[""].attributes["backend"] = std::string("tensorflow");
  }
  File& variable(const char* name, std::vector<float> values, bool is_scalar = false) {
    names_.push_back(name);
    dataset(std::string("optimizer_weights/") + name, std::move(values), is_scalar);
    write_names(tree_["optimizer_weights"], "weight_names", names_);
    return *this;
  }
  File& optimizer(const char* name) {
    tree_[""].attributes["training_config"] = std::string(R"({"optimizer_config": {"class_name": ")") + name + "\"}}";
    return *this;
  }
  const Hdf5Tree& tree() const { return tree_; }

 private:
  void weight(const std::string& layer, std::vector<float> values) {
    dataset("model_weights/" + layer + "/kernel:0", std::move(values), false);
    write_names(tree_["model_weights/" + layer], "weight_names", {"kernel:0"});
  }
  void dataset(const std::string& path, std::vector<float> values, bool is_scalar) {
    const std::vector<float>& kept = values_->emplace_back(std::move(values));
    std::vector<int64_t> shape;
    if (!is_scalar) shape.push_back(static_cast<int64_t>(kept.size()));
    tree_[path].dataset = view_array(ElementType::kF32, shape, reinterpret_cast<const char*>(kept.data()));
  }

  Hdf5Tree tree_;
  std::vector<std::string> names_;
  std::shared_ptr<std::deque<std::vector<float>>> values_ = std::make_shared<std::deque<std::vector<float>>>();
};

void expect_slots(Adam& model) {
  EXPECT_EQ(model.steps(), 7);
  const float expected[][2] = {{10, 11}, {20, 21}, {30, 31}, {40, 41}};
  for (size_t i = 0; i < 4; ++i)
    EXPECT_THAT(std::vector<float>(model.at(4 + i), model.at(4 + i) + 2), ElementsAre(expected[i][0], expected[i][1]));
}

TEST(LayerOptimizer, Keras2HasSlotAfterSlot) {
  File file;
  file.variable("Adam/iterations:0", {7}, true).variable("m_0:0", {10, 11}).variable("m_1:0", {20, 21});
  file.variable("v_0:0", {30, 31}).variable("v_1:0", {40, 41}).variable("vhat_0:0", {0}).variable("vhat_1:0", {0});
  Adam model;
  const auto loaded = load_layer_weights(model.program(), "w.h5", file.optimizer("Adam").tree(), true, model.block());
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->optimizer_note, "");
  EXPECT_TRUE(loaded->optimizer_restored);
  expect_slots(model);
}

TEST(LayerOptimizer, Keras3GoesWeightByWeight) {
  File file;
  file.variable("adam/iteration", {7}, true).variable("adam/learning_rate", {0.5f}, true);
  file.variable("a_m", {10, 11}).variable("a_v", {30, 31}).variable("b_m", {20, 21}).variable("b_v", {40, 41});
  Adam model;
  const auto loaded = load_layer_weights(model.program(), "w.h5", file.tree(), true, model.block());
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(loaded->optimizer_restored) << loaded->optimizer_note;
  expect_slots(model);
  EXPECT_EQ(*model.at(3), 0.5f);
}

TEST(LayerOptimizer, SaysWhyItStartsAnew) {
  const auto complete = [](const char* name) {
    File file;
    file.variable("Adam/iterations:0", {7}, true).variable("m_0:0", {10, 11}).variable("m_1:0", {20, 21});
    file.variable("v_0:0", {30, 31}).variable("v_1:0", {40, 41}).optimizer(name);
    return file;
  };
  File few, odd;
  few.variable("Adam/iterations:0", {7}, true).variable("m_0:0", {10, 11});
  odd.variable("Adam/iterations:0", {7.5f}, true);
  const std::pair<File, const char*> rows[] = {
      {complete("Adadelta"), "it is Adam, the file's is Adadelta"},
      {complete("Adam").variable("more", {1, 2}), "it has 6 variables, the file 6"},
      {few, "it has 6 variables, the file 2"},
      {odd, "expected a whole number"}};
  for (const auto& [file, note] : rows) {
    Adam model;
    const auto loaded = load_layer_weights(model.program(), "w.h5", file.tree(), true, model.block());
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_FALSE(loaded->optimizer_restored);
    EXPECT_THAT(loaded->optimizer_note, HasSubstr(note));
    EXPECT_EQ(model.steps(), 0);
    EXPECT_EQ(*model.at(0), 1);  // the weights all the same
  }
}

TEST(WholeModel, ComesBackToTheBit) {
  TemporaryFolder folder;
  Adam model;
  for (size_t i = 0; i < 8; ++i) *model.at(i) = static_cast<float>(i) + 0.25f;
  *reinterpret_cast<int32_t*>(model.at(2)) = 7;
  for (const char* name : {"m.keras", "m.h5", "m.weights.h5"}) {
    const std::string path = folder.file(name);
    const Status saved = save_weights(model.program(), path, model.block());
    ASSERT_TRUE(saved) << saved.error().message;
    Adam back;
    const auto loaded = load_weights(back.program(), path, true, back.block());
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_TRUE(loaded->optimizer_restored) << loaded->optimizer_note;
    for (size_t i = 0; i < 8; ++i) EXPECT_EQ(*back.at(i), *model.at(i)) << name << " " << i;
    Adam anew;
    const auto without = load_weights(anew.program(), path, false, anew.block());
    ASSERT_TRUE(without);
    EXPECT_EQ(anew.steps(), 0);
    EXPECT_EQ(*anew.at(1), *model.at(1));
  }
}

}  // namespace
}  // namespace kcc::runtime
