#include <png.h>

#include <cstring>

#include "runtime/images/picture.h"

namespace kcc::runtime {
namespace {

// libpng's errors jump over the frames between it and setjmp, so those hold nothing that needs a destructor.
class PngReader {
 public:
  explicit PngReader(std::string_view file) : file_(file) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, fail, [](png_structp, png_const_charp) {});
    if (png_) info_ = png_create_info_struct(png_);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  const char* message() const { return message_; }

  // The steps are those of TensorFlow's png_io.cc, in its order.
  bool read_header(int64_t channels, Picture* picture) {
    if (!info_ || setjmp(png_jmpbuf(png_))) return false;
    png_set_read_fn(png_, this, read);
    png_read_info(png_, info_);
    const int depth = png_get_bit_depth(png_, info_), color = png_get_color_type(png_, info_);
    convert_alpha(channels == 4, depth, color);
    if (depth > 8) png_set_strip_16(png_);
    png_set_packing(png_);
    passes_ = png_set_interlace_handling(png_);
    convert_color(channels == 1, depth, color);
    png_read_update_info(png_, info_);
    picture->height = png_get_image_height(png_, info_);
    picture->width = png_get_image_width(png_, info_);
    picture->channels = png_get_channels(png_, info_);
    const size_t row_bytes = static_cast<size_t>(picture->width * channels);
    if (picture->channels != channels || png_get_rowbytes(png_, info_) != row_bytes)
      png_error(png_, "pixels of another kind");
    return true;
  }

  bool read_pixels(Picture* picture) {
    if (setjmp(png_jmpbuf(png_))) return false;
    const size_t row_bytes = static_cast<size_t>(picture->width * picture->channels);
    for (int pass = 0; pass < passes_; ++pass) {
      for (int64_t row = 0; row < picture->height; ++row) {
        png_read_row(png_, picture->pixels.data() + static_cast<size_t>(row) * row_bytes, nullptr);
      }
    }
    png_read_end(png_, info_);
    return true;
  }

 private:
  void convert_alpha(bool wanted, int depth, int color) {
    const bool has_alpha = color & PNG_COLOR_MASK_ALPHA;
    const bool has_transparency = png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
    if (!wanted) {
      if (has_alpha || has_transparency) png_set_strip_alpha(png_);
    } else if (!has_alpha && has_transparency) {
      png_set_tRNS_to_alpha(png_);
    } else if (!has_alpha) {
      png_set_add_alpha(png_, (1u << depth) - 1, PNG_FILLER_AFTER);
    }
  }

  void convert_color(bool grey, int depth, int color) {
    const bool is_grey = !(color & PNG_COLOR_MASK_COLOR);
    if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png_);
    if (is_grey && depth < 8) png_set_expand_gray_1_2_4_to_8(png_);
    if (grey && !is_grey) png_set_rgb_to_gray(png_, 1, 0.299, 0.587);
    if (!grey && is_grey) png_set_gray_to_rgb(png_);
  }

  static void fail(png_structp png, png_const_charp message) {
    PngReader* reader = static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(reader->message_, message, sizeof(reader->message_) - 1);
    longjmp(png_jmpbuf(png), 1);
  }

  static void read(png_structp png, png_bytep out, png_size_t bytes) {
    PngReader* reader = static_cast<PngReader*>(png_get_io_ptr(png));
    if (bytes > reader->file_.size()) png_error(png, "cut off");
    std::memcpy(out, reader->file_.data(), bytes);
    reader->file_.remove_prefix(bytes);
  }

  std::string_view file_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
  char message_[80] = "out of memory";
};

}  // namespace

Result<Picture> decode_png(std::string_view file, int64_t channels) {
  PngReader reader(file);
  Picture picture;
  if (!reader.read_header(channels, &picture)) return make_error("a damaged PNG: %s", reader.message());
  if (picture.height * picture.width > kLargestPicture / channels) {
    return make_error("a PNG of %ld x %ld pixels, which is too large", picture.width, picture.height);
  }
  picture.pixels.resize(static_cast<size_t>(picture.height * picture.width * channels));
  if (!reader.read_pixels(&picture)) return make_error("a damaged PNG: %s", reader.message());
  return picture;
}

}  // namespace kcc::runtime
