// Object headers of an HDF5 file: every group and dataset is a list of messages, spread over blocks. Section IV.A.1 of
// the file format specification (see hdf5_messages.h).
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/weights/hdf5_image.h"

namespace kcc::runtime {

enum class Hdf5MessageType : uint64_t {
  kSpace = 0x01,
  kLinkInfo = 0x02,
  kType = 0x03,
  kFillValue = 0x05,
  kLink = 0x06,
  kExternalFiles = 0x07,
  kLayout = 0x08,
  kFilters = 0x0b,
  kAttribute = 0x0c,
  kContinuation = 0x10,
  kSymbolTable = 0x11,
  kAttributeInfo = 0x15,
};

struct Hdf5Message {
  Hdf5MessageType type;
  bool shared;  // the body is stored elsewhere
  Hdf5Cursor body;
};

// All messages, whichever version the header has and whichever block they are in.
Result<std::vector<Hdf5Message>> read_hdf5_header(Hdf5Image& image, uint64_t address);

// The first of its type; null: none.
const Hdf5Message* find_message(const std::vector<Hdf5Message>& messages, Hdf5MessageType type);

}  // namespace kcc::runtime
