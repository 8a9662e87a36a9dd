// Folders of pictures, as keras.utils.image_dataset_from_directory reads them with its defaults: the folders in a
// folder are the classes, in alphanumeric order; all .png, .jpg and .jpeg below a class are its samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/data/array.h"
#include "runtime/program.h"

namespace kcc::runtime {

bool is_folder(const std::string& path);

struct ImageFolder {
  Array x;  // float32 of the input's shape, values 0 to 255, resized; read from the files as they are asked for
  Array y;  // int32 of shape (n,): classes
};

// Samples by class and name, or in an order drawn from `seed`: a validation split takes the last samples, which would
// else be the last classes.
Result<ImageFolder> open_image_folder(const Program& program, const std::string& path, std::optional<uint64_t> seed);

// All pictures below a folder, whatever the folders in it are called, by folder and name.
Result<Array> open_images(const Program& program, const std::string& path);

}  // namespace kcc::runtime
