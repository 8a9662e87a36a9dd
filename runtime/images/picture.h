// Picture: the pixels of a PNG or JPEG file, as TensorFlow's tf.io.decode_image gives them: Keras's
// image_dataset_from_directory stands on it. Part of libkcc_images.a, which only programs with a picture for an input
// take in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/files/result.h"

namespace kcc::runtime {

struct Picture {
  int64_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels;  // (height, width, channels)
};

// TensorFlow's limit; also bounds what a hostile header can ask for.
constexpr int64_t kLargestPicture = int64_t{1} << 29;  // bytes

// `channels` is 1 (grey), 3 (RGB) or 4 (RGB and alpha): other pictures are converted. The format goes by the first
// bytes, not by a name. Errors do not name the file.
Result<Picture> decode_picture(std::string_view file, int64_t channels);

Result<Picture> decode_png(std::string_view file, int64_t channels);
Result<Picture> decode_jpeg(std::string_view file, int64_t channels);

}  // namespace kcc::runtime
