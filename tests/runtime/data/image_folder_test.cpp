#include "runtime/data/image_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "runtime/data/npy.h"
#include "runtime/data/rows.h"
#include "runtime/images/picture.h"
#include "tests/runtime/damage.h"
#include "tests/runtime/temporary_folder.h"

// Pictures and what Keras makes of them: KCC_TEST_CASES/data/make_images.py.
namespace kcc::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kFolder = KCC_TEST_CASES "/data/images";

// A program whose one input is a picture of 6 x 5.
struct PictureProgram {
  explicit PictureProgram(int64_t channels, bool channels_first = false) {
    const int64_t last[] = {6, 5, channels}, first[] = {channels, 6, 5};
    std::copy_n(channels_first ? first : last, 3, extents);
    program.input_count = 1;
    program.inputs = &input;
    program.load_image = load_image;
  }
  PictureProgram(const PictureProgram&) = delete;

  int64_t extents[3];
  TensorInfo input = {"image", ElementType::kF32, 3, extents, 0};
  Program program{};
};

std::vector<float> floats(const Array& array) {
  const Result<Array> whole = read_array("pictures", array);
  EXPECT_TRUE(whole) << whole.error().message;
  std::vector<float> values(static_cast<size_t>(array.elements()));
  if (whole) std::memcpy(values.data(), whole->data, static_cast<size_t>(whole->bytes()));
  return values;
}

TEST(ImageFolder, GivesKerasPicturesBitForBit) {
  for (const auto& [channels, folder] : {std::pair(1, ""), {3, ""}, {4, "/png"}}) {
    const PictureProgram model(channels);
    const Result<Array> seen = open_images(model.program, kFolder + folder);
    ASSERT_TRUE(seen) << seen.error().message;
    const std::string golden = "/data/images_6x5x" + std::to_string(channels) + ".npy";
    const Result<Array> expected = read_npy(KCC_TEST_CASES + golden);
    ASSERT_TRUE(expected);
    EXPECT_EQ(seen->shape, expected->shape);
    const std::vector<float> a = floats(*seen), b = floats(*expected);
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) ASSERT_EQ(a[i], b[i]) << channels << " channels, element " << i;
  }
}

TEST(ImageFolder, PutsChannelsFirstWhereTheModelDoes) {
  const std::vector<float> last = floats(*open_images(PictureProgram(3).program, kFolder));
  const std::vector<float> first = floats(*open_images(PictureProgram(3, true).program, kFolder));
  for (size_t i = 0; i < last.size(); ++i) {
    const size_t image = i / 90, pixel = i % 90 / 3, channel = i % 3;
    ASSERT_EQ(first[image * 90 + channel * 30 + pixel], last[i]);
  }
}

TEST(ImageFolder, NamesClassesAfterFolders) {
  const PictureProgram model(3);
  const Result<ImageFolder> folder = open_image_folder(model.program, kFolder, std::nullopt);
  ASSERT_TRUE(folder) << folder.error().message;
  std::vector<int32_t> expected(5, 0);
  expected.resize(5 + 13, 1);
  const int32_t* classes = reinterpret_cast<const int32_t*>(folder->y.data);
  EXPECT_EQ(std::vector<int32_t>(classes, classes + folder->y.rows()), expected);

  const Result<ImageFolder> shuffled = open_image_folder(model.program, kFolder, 7);
  ASSERT_TRUE(shuffled);
  const int32_t* order = reinterpret_cast<const int32_t*>(shuffled->y.data);
  std::vector<int32_t> seen(order, order + shuffled->y.rows());
  EXPECT_NE(seen, expected);
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, expected);
}

TEST(ImageFolder, SaysWhatIsWrong) {
  TemporaryFolder folder;
  const PictureProgram model(3), alpha(4);
  const auto error = [&folder](const auto& result) {
    if (result) return std::string();
    std::string message = result.error().message;
    const size_t at = message.find(folder.path());
    return at == std::string::npos ? message : message.replace(at, folder.path().size(), "F");
  };
  EXPECT_EQ(error(open_images(model.program, folder.path())),
            "F: no pictures found, expected files that end in .png, .jpg or .jpeg");
  EXPECT_EQ(error(open_image_folder(model.program, folder.path(), std::nullopt)),
            "F: no folders in it: expected one for each class");
  std::filesystem::create_directories(folder.file("cat"));
  write_bytes(folder.file("cat/a.png"), "text");
  EXPECT_EQ(error(read_array("", *open_images(model.program, folder.path()))),
            "F/cat/a.png: not a picture, expected PNG or JPEG");
  std::filesystem::copy_file(kFolder + "/jpeg/grey.jpg", folder.file("cat/a.png"),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(error(read_array("", *open_images(alpha.program, folder.path()))),
            "F/cat/a.png: a JPEG, which has no alpha channel: the model's input has 4 channels");
  std::filesystem::resize_file(folder.file("cat/a.png"), 400);
  EXPECT_EQ(error(read_array("", *open_images(model.program, folder.path()))), "F/cat/a.png: a damaged JPEG: cut off");
  write_bytes(folder.file("cat/b.gif"), "GIF89a");
  EXPECT_EQ(error(open_images(model.program, folder.path())),
            "F/cat/b.gif: GIF and BMP are not supported, expected PNG or JPEG");
  EXPECT_THAT(error(open_images(Program{}, folder.path())), HasSubstr("F: a folder, but the model takes no pictures"));
}

TEST(ImageFolder, SurvivesDamagedPictures) {
  for (const char* name : {"jpeg/progressive.jpg", "jpeg/smooth_chroma.jpg", "png/rgb.PNG", "png/palette_alpha.PNG"}) {
    const std::string genuine = read_bytes(kFolder + "/" + name);
    ASSERT_FALSE(genuine.empty());
    int64_t shown = 0, refused = 0;
    const auto try_it = [&](const std::string& bytes) {
      for (int64_t channels : {1, 3, 4}) ++(decode_picture(bytes, channels) ? shown : refused);
    };
    damage(genuine, 200, try_it);
    cut_off(genuine, 50, try_it);
    EXPECT_GT(refused, 0);
  }
}

}  // namespace
}  // namespace kcc::runtime
