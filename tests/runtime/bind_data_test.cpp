#include "runtime/bind_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "runtime/batch_reader.h"
#include "runtime/data/npy.h"
#include "runtime/files/atomic_file.h"

namespace kcc::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kImage[] = {2, 2, 1}, kThree[] = {3}, kFour[] = {4}, kOne[] = {1}, kTime[] = {5};
constexpr TensorInfo kInputs[] = {{"image", ElementType::kF32, 3, kImage, 4},
                                  {"words", ElementType::kI32, 1, kTime, 5}};
constexpr TensorInfo kOutputs[] = {{"kind", ElementType::kF32, 1, kThree, 3},
                                   {"digit", ElementType::kF32, 1, kFour, 4}};
constexpr TensorInfo kWeight = {"weight", ElementType::kF32, 0, nullptr, 1};
constexpr TargetInfo kTargets[] = {{{"kind", ElementType::kF32, 1, kThree, 3}, true, false, kWeight},
                                   {{"digit", ElementType::kI32, 1, kOne, 1}, false, true, kWeight}};

Program program_of(int32_t inputs, int32_t targets, int32_t first_target = 0) {
  Program program{};
  program.input_count = inputs;
  program.inputs = kInputs;
  program.output_count = 2;
  program.outputs = kOutputs;
  program.target_count = targets;
  program.targets = kTargets + first_target;
  return program;
}

class BindData : public testing::Test {
 protected:
  BindData() {
    char pattern[] = "/tmp/kcc_bind_XXXXXX";
    folder_ = std::string(mkdtemp(pattern)) + "/";
  }
  ~BindData() override { std::filesystem::remove_all(folder_); }

  template <typename T>
  std::string save(const std::string& name, DType type, std::vector<int64_t> shape, const std::vector<T>& values) {
    Array array{type, std::move(shape), reinterpret_cast<const std::byte*>(values.data()), nullptr};
    const Status status = write_npy(folder_ + name, array);
    EXPECT_TRUE(status) << status.error().message;
    return folder_ + name;
  }

  // Floats 0, 1, 2, ...
  std::string save_floats(const std::string& name, std::vector<int64_t> shape) {
    Array array{DType::kF32, shape, nullptr, nullptr};
    std::vector<float> values(static_cast<size_t>(array.elements()));
    std::iota(values.begin(), values.end(), 0.0f);
    return save(name, DType::kF32, shape, values);
  }

  Result<Dataset> bind(const Program& program, const std::vector<std::string>& x, const std::vector<std::string>& y,
                       const std::string& label = "") {
    return bind_data(program, {x, y, label, ""}, true);
  }

  std::string error(const Program& program, const std::vector<std::string>& x, const std::vector<std::string>& y) {
    const Result<Dataset> data = bind(program, x, y);
    std::string message = data ? "" : data.error().message;
    for (size_t at; (at = message.find(folder_)) != std::string::npos;) message.erase(at, folder_.size());
    return message;
  }

  std::string folder_;
};

TEST_F(BindData, TakesInputsAndTargetsByNameInAnyOrder) {
  const std::string image = save_floats("image.npy", {6, 2, 2, 1});
  const std::string words = save<int64_t>("words.npy", DType::kI64, {6, 5}, std::vector<int64_t>(30, 7));
  const std::string kind = save<uint8_t>("kind.npy", DType::kU8, {6}, {0, 1, 2, 2, 1, 0});
  const std::string digit = save<double>("digit.npy", DType::kF64, {6, 1}, {3, 2, 1, 0, 1, 2});
  const Result<Dataset> data =
      bind(program_of(2, 2), {"words=" + words, "image=" + image}, {"digit=" + digit, "kind=" + kind});
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_EQ(data->samples, 6);

  Result<BatchReader> reader = BatchReader::create(*data, 4, false);
  ASSERT_TRUE(reader);
  const void* const* batch = *reader->read({5, 4, 3, 2, 1, 0}, 1, 2);  // samples 4 and 3
  const float* images = static_cast<const float*>(batch[0]);
  EXPECT_THAT(std::vector<float>(images, images + 8), ElementsAre(16, 17, 18, 19, 12, 13, 14, 15));
  EXPECT_EQ(static_cast<const int32_t*>(batch[1])[9], 7);
  const float* kinds = static_cast<const float*>(batch[2]);
  EXPECT_THAT(std::vector<float>(kinds, kinds + 6), ElementsAre(0, 1, 0, 0, 0, 1));
  const int32_t* digits = static_cast<const int32_t*>(batch[3]);
  EXPECT_THAT(std::vector<int32_t>(digits, digits + 2), ElementsAre(1, 0));
  for (int weights : {4, 5}) EXPECT_EQ(static_cast<const float*>(batch[weights])[1], 1.0f);
}

TEST_F(BindData, RefusesIndicesThatATableDoesNotHave) {
  TensorInfo words = kInputs[1];
  words.index_limit = 10;
  Program program = program_of(1, 0);
  program.inputs = &words;
  const std::string good = save("good.npy", DType::kI32, {2, 5}, std::vector<int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(error(program, {good}, {}), "");
  const std::string high = save("high.npy", DType::kI32, {2, 5}, std::vector<int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 10, 9});
  EXPECT_EQ(error(program, {high}, {}),
            "x 'high.npy'[1, 3]: got 10, expected a whole number from 0 to 9; input 'words' takes indices from 0 to 9");
  const std::string low = save("low.npy", DType::kF32, {1, 5}, std::vector<float>{0, 1, -1, 3, 4});
  EXPECT_THAT(error(program, {low}, {}), HasSubstr("got -1, expected a whole number from 0 to 9"));
}

TEST_F(BindData, HandsOnRowsThatNeedNoConversion) {
  const std::string image = save_floats("image.npy", {6, 2, 2, 1});
  const std::string kind = save_floats("kind.npy", {6, 3});
  Result<Dataset> data = bind(program_of(1, 1), {image}, {kind});
  ASSERT_TRUE(data) << data.error().message;
  Result<BatchReader> reader = BatchReader::create(*data, 4, false);
  const void* const* batch = *reader->read({}, 2, 4);
  EXPECT_EQ(batch[0], data->inputs[0].array.data + 2 * 4 * 4);
  EXPECT_EQ(static_cast<const float*>(batch[1])[0], 6.0f);

  const Dataset rest = split_off(*data, 4);
  EXPECT_EQ(data->samples, 4);
  EXPECT_EQ(rest.samples, 2);
  Result<BatchReader> second = BatchReader::create(rest, 2, false);
  EXPECT_EQ(static_cast<const float*>((*second->read({}, 1, 1))[0])[0], 20.0f);
}

// As Keras does: an axis of one at the end is added or dropped.
TEST_F(BindData, AddsAndDropsALastAxisOfOne) {
  const std::string flat = save_floats("flat.npy", {6, 2, 2});
  const std::string digit = save<int32_t>("digit.npy", DType::kI32, {6}, {3, 2, 1, 0, 1, 2});
  EXPECT_TRUE(bind(program_of(1, 1, 1), {flat}, {digit}));
  const std::string column = save<int32_t>("column.npy", DType::kI32, {6, 1}, {0, 2, 1, 0, 1, 2});
  EXPECT_TRUE(bind(program_of(1, 1, 0), {flat}, {column}));
}

TEST_F(BindData, SplitsACsvAtItsLabelColumn) {
  ASSERT_TRUE(write_file(folder_ + "d.csv", "a,kind,b,c,d\n1,0,2,3,4\n5,2,6,7,8\n"));
  Program program = program_of(1, 1);
  constexpr TensorInfo kFlat = {"image", ElementType::kF32, 1, kFour, 4};
  program.inputs = &kFlat;
  Result<Dataset> data = bind(program, {folder_ + "d.csv"}, {}, "kind");
  ASSERT_TRUE(data) << data.error().message;
  Result<BatchReader> reader = BatchReader::create(*data, 2, false);
  const void* const* batch = *reader->read({}, 0, 2);
  const float* x = static_cast<const float*>(batch[0]);
  EXPECT_THAT(std::vector<float>(x, x + 8), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  const float* y = static_cast<const float*>(batch[1]);
  EXPECT_THAT(std::vector<float>(y, y + 6), ElementsAre(1, 0, 0, 0, 0, 1));
}

TEST_F(BindData, NamesBothSidesOfAMismatch) {
  const std::string image = save_floats("image.npy", {6, 2, 2, 1});
  const std::string wide = save_floats("wide.npy", {6, 2, 3, 1});
  const std::string scalar = save_floats("scalar.npy", {});
  const std::string none = save_floats("none.npy", {0, 2, 2, 1});
  const std::string kind = save_floats("kind.npy", {6, 3});
  const std::string short_kind = save_floats("short.npy", {5, 3});
  const std::string seven = save_floats("seven.npy", {6, 7});
  const std::string high = save<int32_t>("high.npy", DType::kI32, {6}, {0, 1, 2, 3, 0, 0});
  const std::string low = save<int32_t>("low.npy", DType::kI32, {6}, {0, -1, 2, 3, 0, 0});
  const std::string part = save<double>("part.npy", DType::kF64, {6}, {0, 1, 0.5, 0, 0, 0});
  const std::string nan = save<double>("nan.npy", DType::kF64, {6}, {0, 1, 2, 0, NAN, 0});
  const std::string words = save<double>("words.npy", DType::kF64, {1, 5}, {0, 1, 2.5, 0, 0});
  const Program one = program_of(1, 1), sparse = program_of(1, 1, 1), two = program_of(2, 2);
  struct Row {
    const Program& program;
    std::vector<std::string> x, y;
    const char* message;
  };
  const Row rows[] = {
      {one, {wide}, {kind}, "x 'wide.npy' has shape (6, 2, 3, 1), but input 'image' takes (n, 2, 2, 1)"},
      {one, {scalar}, {kind}, "x 'scalar.npy' has shape (), but input 'image' takes (n, 2, 2, 1)"},
      {one, {none}, {kind}, "x 'none.npy' holds no samples"},
      {one, {image}, {short_kind}, "x 'image.npy' has 6 samples, but y 'short.npy' has 5"},
      {one,
       {image},
       {seven},
       "y 'seven.npy' has shape (6, 7), but output 'kind' takes (n, 3), or class indices of shape (n,)"},
      {sparse,
       {image},
       {kind},
       "y 'kind.npy' has shape (6, 3), but output 'digit' takes class indices of shape (n, 1)"},
      {one, {image}, {high}, "output 'kind' has 3 classes"},
      {sparse, {image}, {low}, "output 'digit' has 4 classes"},
      {sparse, {image}, {part}, "0.5"},
      {sparse, {image}, {nan}, "nan"},
      {two, {image}, {kind}, "the model has 2 inputs: pass -x NAME=FILE for each of image, words"},
      {two, {"image=" + image}, {kind}, "no data for input 'words': pass -x words=FILE"},
      {two, {"imag=" + image, "words=" + words}, {kind}, "-x: unknown input 'imag', did you mean 'image'?"},
      {two, {"qqq=" + image, "words=" + words}, {kind}, "-x: unknown input 'qqq', the model has image, words"},
      {two, {"words=" + words, "words=" + words}, {kind}, "-x: input 'words' is given twice"},
      {two, {"words=" + words, "image=" + image}, {kind}, "takes integers"},
      {one, {image, image}, {kind}, "the model has one input, 'image': pass -x once"},
      {one, {folder_ + "missing.npy"}, {kind}, "missing.npy"},
  };
  for (const Row& row : rows) EXPECT_THAT(error(row.program, row.x, row.y), HasSubstr(row.message));
}

}  // namespace
}  // namespace kcc::runtime
