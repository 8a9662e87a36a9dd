#include "runtime/weights/hdf5_encode.h"

#include <algorithm>

namespace kcc::runtime {
namespace {

constexpr uint64_t kVersion1 = 0x10;  // of a datatype message, beside its class

Hdf5Bytes integer_type(uint64_t bytes, bool is_signed) {
  Hdf5Bytes type;
  type.u8(kVersion1 | 0).u8(is_signed ? 8 : 0).zeros(2).u32(bytes);
  type.u16(0).u16(8 * bytes);  // bit offset, precision
  return type;
}

// Little-endian IEEE 754 with an implied leading bit; the sign is the highest bit.
Hdf5Bytes float_type(uint64_t bytes, uint64_t exponent_bits, uint64_t bias) {
  const uint64_t mantissa_bits = 8 * bytes - 1 - exponent_bits;
  Hdf5Bytes type;
  type.u8(kVersion1 | 1).u8(0x20).u8(8 * bytes - 1).u8(0).u32(bytes);
  type.u16(0).u16(8 * bytes).u8(mantissa_bits).u8(exponent_bits).u8(0).u8(mantissa_bits).u32(bias);
  return type;
}

// h5py's: an enumeration over int8.
Hdf5Bytes bool_type() {
  Hdf5Bytes type;
  type.u8(kVersion1 | 8).u16(2).u8(0).u32(1).text(integer_type(1, true).bytes());
  type.text("FALSE").zeros(3).text("TRUE").zeros(4).u8(0).u8(1);
  return type;
}

Hdf5Bytes fixed_text_type(uint64_t bytes) {
  Hdf5Bytes type;
  type.u8(kVersion1 | 3).u8(1).zeros(2).u32(bytes);  // padded with zeros
  return type;
}

Hdf5Bytes variable_text_type() {
  Hdf5Bytes type;
  type.u8(kVersion1 | 9).u8(1).u8(1).u8(0).u32(16).text(integer_type(1, false).bytes());  // text, UTF-8
  return type;
}

Hdf5Bytes attribute_message(const std::string& name, Hdf5Bytes type, Hdf5Bytes space, std::string_view values) {
  Hdf5Bytes message;
  message.u8(1).u8(0).u16(name.size() + 1).u16(type.size()).u16(space.size());
  message.text(name).u8(0).pad8().text(type.pad8().bytes()).text(space.pad8().bytes()).text(values);
  return message;
}

Hdf5Bytes text_message(const std::string& name, const std::string& text, Hdf5TextPlace place) {
  Hdf5Bytes value;
  value.u32(text.size()).u64(place.heap).u32(place.index);
  return attribute_message(name, variable_text_type(), encode_hdf5_space({}), value.bytes());
}

Hdf5Bytes texts_message(const std::string& name, const std::vector<std::string>& texts) {
  size_t longest = 1;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  Hdf5Bytes values;
  for (const std::string& text : texts) values.text(text).zeros(longest - text.size());
  return attribute_message(name, fixed_text_type(longest), encode_hdf5_space({static_cast<int64_t>(texts.size())}),
                           values.bytes());
}

}  // namespace

std::optional<Hdf5Bytes> encode_hdf5_type(DType type) {
  switch (type) {
    case DType::kBool:
      return bool_type();
    case DType::kI8:
      return integer_type(1, true);
    case DType::kU8:
      return integer_type(1, false);
    case DType::kI16:
      return integer_type(2, true);
    case DType::kU16:
      return integer_type(2, false);
    case DType::kI32:
      return integer_type(4, true);
    case DType::kU32:
      return integer_type(4, false);
    case DType::kI64:
      return integer_type(8, true);
    case DType::kU64:
      return integer_type(8, false);
    case DType::kF16:
      return float_type(2, 5, 15);
    case DType::kF32:
      return float_type(4, 8, 127);
    case DType::kF64:
      return float_type(8, 11, 1023);
    case DType::kBF16:
      break;
  }
  return std::nullopt;
}

Hdf5Bytes encode_hdf5_space(const std::vector<int64_t>& shape) {
  Hdf5Bytes space;
  space.u8(1).u8(shape.size()).zeros(6);
  for (int64_t extent : shape) space.u64(static_cast<uint64_t>(extent));
  return space;
}

std::optional<Hdf5Bytes> encode_hdf5_attribute(const std::string& name, const Hdf5Attribute& attribute,
                                               Hdf5TextPlace place) {
  if (const std::string* text = std::get_if<std::string>(&attribute)) return text_message(name, *text, place);
  if (const auto* texts = std::get_if<std::vector<std::string>>(&attribute)) return texts_message(name, *texts);
  const Array& array = std::get<Array>(attribute);
  const std::optional<Hdf5Bytes> type = encode_hdf5_type(array.type);
  if (!type) return std::nullopt;
  const std::string_view values(reinterpret_cast<const char*>(array.data), static_cast<size_t>(array.bytes()));
  return attribute_message(name, *type, encode_hdf5_space(array.shape), values);
}

}  // namespace kcc::runtime
