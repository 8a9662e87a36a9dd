#include "runtime/weights/hdf5_header.h"

namespace kcc::runtime {
namespace {

// How the two versions differ once the header's first block is found.
struct Layout {
  bool version_2 = false;
  bool creation_order = false;  // version 2: two more bytes a message
  uint64_t message_header = 8;  // bytes
};

// False: damaged. A rest too short for a message is a gap.
bool read_block(Hdf5Image& image, const Layout& layout, Hdf5Cursor block, std::vector<Hdf5Message>& messages) {
  while (block.left() >= layout.message_header) {
    const uint64_t type = layout.version_2 ? block.u8() : block.u16();
    const uint64_t size = block.u16(), flags = block.u8();
    if (!layout.version_2) block.skip(3);
    if (layout.creation_order) block.skip(2);
    messages.push_back({static_cast<Hdf5MessageType>(type), (flags & 2) != 0, block.part(size)});
    if (block.failed() || !image.afford(1)) return false;
  }
  return true;
}

// The version-1 header: 16 bytes, then the first block.
Hdf5Cursor first_block_v1(Hdf5Cursor cursor) {
  const uint64_t version = cursor.u8();
  cursor.skip(7);  // counts of messages and links
  const uint64_t bytes = cursor.u32();
  cursor.skip(4);
  return version == 1 ? cursor.part(bytes) : Hdf5Cursor();
}

// Written by h5py's libver='latest'. The checksum behind the block is not needed: nothing is believed anyway.
Hdf5Cursor first_block_v2(Hdf5Cursor cursor, Layout& layout) {
  cursor.skip(4);  // signature
  const uint64_t version = cursor.u8(), flags = cursor.u8();
  if (flags & 0x20) cursor.skip(16);  // times
  if (flags & 0x10) cursor.skip(4);   // attribute storage limits
  layout.version_2 = true;
  layout.creation_order = flags & 4;
  layout.message_header = layout.creation_order ? 6 : 4;
  return version == 2 ? cursor.part(cursor.number(uint64_t{1} << (flags & 3))) : Hdf5Cursor();
}

// A version-2 block stands between a signature and a checksum.
Hdf5Cursor next_block(const Hdf5Image& image, const Layout& layout, Hdf5Cursor continuation) {
  Hdf5Cursor start = image.at(continuation.u64());
  uint64_t bytes = continuation.u64();
  if (layout.version_2) {
    if (!start.signature("OCHK") || bytes < 8) return {};
    bytes -= 8;
  }
  return start.part(bytes);
}

}  // namespace

Result<std::vector<Hdf5Message>> read_hdf5_header(Hdf5Image& image, uint64_t address) {
  Layout layout;
  const Hdf5Cursor start = image.at(address);
  const bool version_2 = Hdf5Cursor(start).signature("OHDR");
  const Hdf5Cursor first = version_2 ? first_block_v2(start, layout) : first_block_v1(start);
  std::vector<Hdf5Message> messages;
  bool good = first.data() != nullptr && read_block(image, layout, first, messages);
  for (size_t i = 0; good && i < messages.size(); ++i) {
    if (messages[i].type != Hdf5MessageType::kContinuation) continue;
    const Hdf5Cursor block = next_block(image, layout, messages[i].body);
    good = block.data() != nullptr && read_block(image, layout, block, messages);
  }
  if (!good) return image.damaged("object header", address);
  return messages;
}

const Hdf5Message* find_message(const std::vector<Hdf5Message>& messages, Hdf5MessageType type) {
  for (const Hdf5Message& message : messages) {
    if (message.type == type) return &message;
  }
  return nullptr;
}

}  // namespace kcc::runtime
