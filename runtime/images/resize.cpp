#include "runtime/images/resize.h"

#include <algorithm>
#include <cmath>

namespace kcc::runtime {
namespace {

struct Mix {
  int64_t lower, upper;
  float share;  // of upper
};

// In float, as TensorFlow: the last bits depend on it.
std::vector<Mix> mix_along(int64_t in, int64_t out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  std::vector<Mix> mixes;
  for (int64_t i = 0; i < out; ++i) {
    const float place = (static_cast<float>(i) + 0.5f) * scale - 0.5f;
    const float floor = std::floor(place);
    mixes.push_back({std::max<int64_t>(static_cast<int64_t>(floor), 0),
                     std::min(static_cast<int64_t>(std::ceil(place)), in - 1), place - floor});
  }
  return mixes;
}

}  // namespace

void resize_picture(const Picture& picture, int64_t height, int64_t width, float* out) {
  if (picture.height == height && picture.width == width) {
    std::copy(picture.pixels.begin(), picture.pixels.end(), out);
    return;
  }
  const int64_t channels = picture.channels;
  const std::vector<Mix> rows = mix_along(picture.height, height), columns = mix_along(picture.width, width);
  for (const Mix& y : rows) {
    const uint8_t* top = picture.pixels.data() + y.lower * picture.width * channels;
    const uint8_t* bottom = picture.pixels.data() + y.upper * picture.width * channels;
    for (const Mix& x : columns) {
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t left = x.lower * channels + c, right = x.upper * channels + c;
        const auto mix = [&x](float a, float b) { return a + (b - a) * x.share; };
        const float above = mix(top[left], top[right]), below = mix(bottom[left], bottom[right]);
        *out++ = above + (below - above) * y.share;
      }
    }
  }
}

}  // namespace kcc::runtime
