// The one function that generated code takes in where an input can be a picture (runtime/program.h).
#include <cstdio>

#include "runtime/files/open_file.h"
#include "runtime/images/picture.h"
#include "runtime/images/resize.h"
#include "runtime/program.h"

namespace kcc::runtime {
namespace {

Result<Picture> read_picture(const char* path, int64_t channels) {
  Result<std::shared_ptr<const OpenFile>> file = OpenFile::open(path);
  if (!file) return file.error();
  std::vector<char> bytes(static_cast<size_t>((*file)->size()));
  const Status status = (*file)->read_at(0, reinterpret_cast<std::byte*>(bytes.data()), (*file)->size());
  if (!status) return status.error();
  Result<Picture> picture = decode_picture({bytes.data(), bytes.size()}, channels);
  if (!picture) return make_error("%s: %s", path, picture.error().message.c_str());
  return picture;
}

}  // namespace

bool load_image(const char* path, int64_t height, int64_t width, int64_t channels, float* out, char* message,
                int64_t message_bytes) {
  const Result<Picture> picture = read_picture(path, channels);
  if (picture) {
    resize_picture(*picture, height, width, out);
    return true;
  }
  std::snprintf(message, static_cast<size_t>(message_bytes), "%s", picture.error().message.c_str());
  return false;
}

}  // namespace kcc::runtime
