// jpeglib.h needs what <cstdio> declares and does not include it.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <csetjmp>

#include "runtime/images/picture.h"

namespace kcc::runtime {
namespace {

// libjpeg's errors jump over the frames between it and setjmp, so those hold nothing that needs a destructor.
class JpegReader {
 public:
  explicit JpegReader(std::string_view file) {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = fail;
    errors_.output_message = [](j_common_ptr) {};  // warnings: the picture is shown as far as it goes
    source_.init_source = [](j_decompress_ptr) {};
    source_.term_source = [](j_decompress_ptr) {};
    source_.fill_input_buffer = [](j_decompress_ptr) -> boolean { return FALSE; };  // there is no more: cut off
    source_.skip_input_data = skip;
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.next_input_byte = reinterpret_cast<const JOCTET*>(file.data());
    source_.bytes_in_buffer = file.size();
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  const char* message() const { return message_; }

  // The settings are those of TensorFlow's jpeg_mem.cc: the fast inverse DCT, smooth chroma.
  bool read_header(int64_t channels, Picture* picture) {
    if (setjmp(jump_)) return false;
    jpeg_create_decompress(&info_);
    info_.src = &source_;
    if (jpeg_read_header(&info_, TRUE) != JPEG_HEADER_OK) return cut_off();
    is_cmyk_ = info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK;
    info_.out_color_space = channels == 1 ? JCS_GRAYSCALE : is_cmyk_ ? JCS_CMYK : JCS_RGB;
    is_cmyk_ = info_.out_color_space == JCS_CMYK;
    info_.dct_method = JDCT_IFAST;
    info_.do_fancy_upsampling = TRUE;
    jpeg_calc_output_dimensions(&info_);
    *picture = {info_.output_height, info_.output_width, channels, {}};
    return true;
  }

  // `line` has room for a line of CMYK.
  bool read_pixels(Picture* picture, uint8_t* line) {
    if (setjmp(jump_)) return false;
    if (!jpeg_start_decompress(&info_)) return cut_off();
    const size_t row_bytes = static_cast<size_t>(picture->width * picture->channels);
    while (info_.output_scanline < info_.output_height) {
      uint8_t* row = picture->pixels.data() + info_.output_scanline * row_bytes;
      uint8_t* out = is_cmyk_ ? line : row;
      if (jpeg_read_scanlines(&info_, &out, 1) != 1) return cut_off();
      if (is_cmyk_) convert_cmyk(line, picture->width, row);
    }
    jpeg_finish_decompress(&info_);
    return true;
  }

 private:
  // TensorFlow's formula, not a colour profile's.
  void convert_cmyk(const uint8_t* line, int64_t width, uint8_t* row) const {
    for (int64_t i = 0; i < width; ++i, line += 4) {
      const int black = info_.saw_Adobe_marker ? line[3] : 255 - line[3];
      for (int color = 0; color < 3; ++color) {
        const int ink = info_.saw_Adobe_marker ? line[color] : 255 - line[color];
        *row++ = static_cast<uint8_t>(black * ink / 255);
      }
    }
  }

  bool cut_off() {
    std::snprintf(message_, sizeof(message_), "cut off");
    return false;
  }

  static void skip(j_decompress_ptr info, long bytes) {
    jpeg_source_mgr* source = info->src;
    const size_t skipped = bytes < 0 ? 0 : static_cast<size_t>(bytes);
    const size_t taken = skipped < source->bytes_in_buffer ? skipped : source->bytes_in_buffer;
    source->next_input_byte += taken;
    source->bytes_in_buffer -= taken;
  }

  static void fail(j_common_ptr info) {
    JpegReader* reader = static_cast<JpegReader*>(info->client_data);
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    std::snprintf(reader->message_, sizeof(reader->message_), "%.70s", text);
    std::longjmp(reader->jump_, 1);
  }

  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_source_mgr source_{};
  std::jmp_buf jump_;
  bool is_cmyk_ = false;
  char message_[80] = "";
};

}  // namespace

Result<Picture> decode_jpeg(std::string_view file, int64_t channels) {
  if (channels == 4) return make_error("a JPEG, which has no alpha channel: the model's input has 4 channels");
  JpegReader reader(file);
  Picture picture;
  if (!reader.read_header(channels, &picture)) return make_error("a damaged JPEG: %s", reader.message());
  if (picture.height * picture.width > kLargestPicture / 4) {
    return make_error("a JPEG of %ld x %ld pixels, which is too large", picture.width, picture.height);
  }
  picture.pixels.resize(static_cast<size_t>(picture.height * picture.width * channels));
  std::vector<uint8_t> line(static_cast<size_t>(picture.width * 4));
  if (!reader.read_pixels(&picture, line.data())) return make_error("a damaged JPEG: %s", reader.message());
  return picture;
}

}  // namespace kcc::runtime
