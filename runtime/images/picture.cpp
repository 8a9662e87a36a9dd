#include "runtime/images/picture.h"

namespace kcc::runtime {

Result<Picture> decode_picture(std::string_view file, int64_t channels) {
  using namespace std::string_view_literals;
  if (file.starts_with("\x89PNG\r\n\x1a\n"sv)) return decode_png(file, channels);
  if (file.starts_with("\xff\xd8\xff"sv)) return decode_jpeg(file, channels);
  if (file.starts_with("GIF8"sv)) return make_error("a GIF, expected PNG or JPEG");
  if (file.starts_with("BM"sv)) return make_error("a BMP, expected PNG or JPEG");
  return make_error("%s", file.empty() ? "the file is empty" : "not a picture, expected PNG or JPEG");
}

}  // namespace kcc::runtime
