#include "runtime/data/image_folder.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "runtime/shuffle.h"

namespace kcc::runtime {
namespace {

struct Entry {
  std::string name;
  bool is_folder, is_link;
};

Result<std::vector<Entry>> list_folder(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (!folder) return make_error("%s: cannot be read: %s", path.c_str(), std::strerror(errno));
  std::vector<Entry> entries;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat link {};
    const bool is_link = lstat((path + "/" + name).c_str(), &link) == 0 && S_ISLNK(link.st_mode);
    entries.push_back({name, is_link ? is_folder(path + "/" + name) : S_ISDIR(link.st_mode), is_link});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

bool ends_in(std::string name, std::initializer_list<const char*> suffixes) {
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::any_of(suffixes.begin(), suffixes.end(), [&](const char* suffix) { return name.ends_with(suffix); });
}

// A folder's pictures, not those of the folders in it, which are appended to `folders`. As Keras, hidden files count,
// and links to folders are not followed.
Status list_pictures(const std::string& path, std::vector<std::string>& folders, std::vector<std::string>& pictures) {
  Result<std::vector<Entry>> entries = list_folder(path);
  if (!entries) return entries.error();
  for (const Entry& entry : *entries) {
    const std::string file = path + "/" + entry.name;
    if (entry.is_folder) {
      if (!entry.is_link) folders.push_back(file);
    } else if (ends_in(entry.name, {".png", ".jpg", ".jpeg"})) {
      pictures.push_back(file);
    } else if (ends_in(entry.name, {".gif", ".bmp"})) {  // Keras would read it: it must not be missing unnoticed
      return make_error("%s: GIF and BMP are not supported, expected PNG or JPEG", file.c_str());
    }
  }
  return {};
}

// Everything below `path`, by folder and then by name.
Result<std::vector<std::string>> walk(const std::string& path) {
  std::vector<std::pair<std::string, std::vector<std::string>>> by_folder;
  std::vector<std::string> folders{path};
  for (size_t i = 0; i < folders.size(); ++i) {
    std::vector<std::string> pictures;
    const std::string folder = folders[i];
    if (Status status = list_pictures(folder, folders, pictures); !status) return status.error();
    by_folder.emplace_back(folder, std::move(pictures));
  }
  std::sort(by_folder.begin(), by_folder.end());
  std::vector<std::string> all;
  for (auto& [folder, pictures] : by_folder) all.insert(all.end(), pictures.begin(), pictures.end());
  return all;
}

// How the model's input lies in memory.
struct ImageShape {
  int64_t height, width, channels;
  bool channels_first;
};

bool is_channels(int64_t extent) {
  return extent == 1 || extent == 3 || extent == 4;
}

ImageShape shape_of(const TensorInfo& input) {
  const int64_t* extents = input.extents;
  if (is_channels(extents[2])) return {extents[0], extents[1], extents[2], false};
  return {extents[1], extents[2], extents[0], true};
}

class ImageRows : public RowSource {
 public:
  ImageRows(LoadImage load, std::vector<std::string> files, const ImageShape& shape)
      : load_(load), files_(std::move(files)), shape_(shape) {}

  Status read(int64_t first, int64_t count, std::byte* out) override {
    const size_t elements = static_cast<size_t>(shape_.height * shape_.width * shape_.channels);
    std::vector<float> picture(elements);
    for (int64_t i = first; i < first + count; ++i, out += elements * sizeof(float)) {
      char message[1024];
      if (!load_(files_[static_cast<size_t>(i)].c_str(), shape_.height, shape_.width, shape_.channels, picture.data(),
                 message, sizeof(message))) {
        return make_error("%s", message);
      }
      if (shape_.channels_first) transpose(picture);
      std::memcpy(out, picture.data(), elements * sizeof(float));
    }
    return {};
  }

 private:
  void transpose(std::vector<float>& picture) const {
    const size_t pixels = static_cast<size_t>(shape_.height * shape_.width);
    const size_t channels = static_cast<size_t>(shape_.channels);
    const std::vector<float> from(picture);
    for (size_t pixel = 0; pixel < pixels; ++pixel) {
      for (size_t c = 0; c < channels; ++c) picture[c * pixels + pixel] = from[pixel * channels + c];
    }
  }

  const LoadImage load_;
  const std::vector<std::string> files_;
  const ImageShape shape_;
};

Result<Array> images_of(const Program& program, const std::string& path, std::vector<std::string> files) {
  if (files.empty()) {
    return make_error("%s: no pictures found, expected files that end in .png, .jpg or .jpeg", path.c_str());
  }
  const TensorInfo& input = program.inputs[0];
  Array array{DType::kF32, {static_cast<int64_t>(files.size())}, nullptr, nullptr};
  array.shape.insert(array.shape.end(), input.extents, input.extents + input.rank);
  array.source = std::make_shared<ImageRows>(program.load_image, std::move(files), shape_of(input));
  return array;
}

Status check_takes_pictures(const Program& program, const std::string& path) {
  if (program.load_image != nullptr) return {};
  return make_error(
      "%s: a folder, but the model takes no pictures: expected one input of shape (height, width, "
      "channels) with 1, 3 or 4 channels",
      path.c_str());
}

void shuffle_files(uint64_t seed, std::vector<std::string>& files, std::vector<int32_t>& classes) {
  constexpr int64_t kBeforeEveryPass = -1;
  const int64_t count = static_cast<int64_t>(files.size());
  const std::vector<int64_t> order = epoch_order(Shuffle::kAll, count, count, seed, kBeforeEveryPass);
  std::vector<std::string> shuffled_files;
  std::vector<int32_t> shuffled_classes;
  for (int64_t i : order) {
    shuffled_files.push_back(std::move(files[static_cast<size_t>(i)]));
    shuffled_classes.push_back(classes[static_cast<size_t>(i)]);
  }
  files = std::move(shuffled_files);
  classes = std::move(shuffled_classes);
}

}  // namespace

bool is_folder(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Result<ImageFolder> open_image_folder(const Program& program, const std::string& path, std::optional<uint64_t> seed) {
  if (Status status = check_takes_pictures(program, path); !status) return status.error();
  Result<std::vector<Entry>> entries = list_folder(path);
  if (!entries) return entries.error();
  std::vector<std::string> files;
  std::vector<int32_t> classes;
  int32_t class_count = 0;
  for (const Entry& entry : *entries) {
    if (!entry.is_folder || entry.name[0] == '.') continue;
    Result<std::vector<std::string>> pictures = walk(path + "/" + entry.name);
    if (!pictures) return pictures.error();
    files.insert(files.end(), pictures->begin(), pictures->end());
    classes.resize(files.size(), class_count++);
  }
  if (class_count == 0) return make_error("%s: no folders in it: expected one for each class", path.c_str());
  if (seed) shuffle_files(*seed, files, classes);
  Result<Array> x = images_of(program, path, std::move(files));
  if (!x) return x.error();
  Result<OwnedArray> y = make_array(path, DType::kI32, {static_cast<int64_t>(classes.size())});
  if (!y) return y.error();
  std::memcpy(y->data, classes.data(), classes.size() * sizeof(int32_t));
  return ImageFolder{std::move(*x), std::move(y->array)};
}

Result<Array> open_images(const Program& program, const std::string& path) {
  if (Status status = check_takes_pictures(program, path); !status) return status.error();
  Result<std::vector<std::string>> files = walk(path);
  if (!files) return files.error();
  return images_of(program, path, std::move(*files));
}

}  // namespace kcc::runtime
