#include "runtime/weights/hdf5_messages.h"

namespace kcc::runtime {
namespace {

constexpr uint64_t kMaxRank = 32;  // HDF5's own limit

Hdf5Type other(std::string seen) {
  return Hdf5Type{Hdf5Type::kOther, DType::kF32, 0, std::move(seen)};
}

Hdf5Type number(DType type) {
  return Hdf5Type{Hdf5Type::kNumber, type, static_cast<uint64_t>(size_of(type)), {}};
}

// Bit 0: big-endian; bit 3: signed. Offset and precision must cover the whole element.
Hdf5Type parse_integer(Hdf5Cursor& cursor, uint64_t bits, uint64_t size) {
  const uint64_t offset = cursor.u16(), precision = cursor.u16();
  if (bits & 1) return other("big-endian integers");
  if (offset != 0 || precision != 8 * size) return other("integers with padding");
  const bool is_signed = bits & 8;
  switch (size) {
    case 1:
      return number(is_signed ? DType::kI8 : DType::kU8);
    case 2:
      return number(is_signed ? DType::kI16 : DType::kU16);
    case 4:
      return number(is_signed ? DType::kI32 : DType::kU32);
    case 8:
      return number(is_signed ? DType::kI64 : DType::kU64);
    default:
      return other("integers of " + std::to_string(size) + " bytes");
  }
}

struct FloatFormat {
  uint64_t size, exponent_at, exponent_bits, mantissa_bits, bias;
  DType type;
};
constexpr FloatFormat kFloats[] = {
    {2, 10, 5, 10, 15, DType::kF16},
    {2, 7, 8, 7, 127, DType::kBF16},
    {4, 23, 8, 23, 127, DType::kF32},
    {8, 52, 11, 52, 1023, DType::kF64},
};

Hdf5Type parse_float(Hdf5Cursor& cursor, uint64_t bits, uint64_t size) {
  cursor.skip(4);  // offset and precision: implied by the rest
  const uint64_t exponent_at = cursor.u8(), exponent_bits = cursor.u8();
  const uint64_t mantissa_at = cursor.u8(), mantissa_bits = cursor.u8(), bias = cursor.u32();
  if (bits & 0x41) return other("big-endian floats");
  for (const FloatFormat& known : kFloats) {
    if (size == known.size && exponent_at == known.exponent_at && exponent_bits == known.exponent_bits &&
        mantissa_at == 0 && mantissa_bits == known.mantissa_bits && bias == known.bias) {
      return number(known.type);
    }
  }
  return other("floats of an unknown format with " + std::to_string(size) + " bytes");
}

Hdf5Type parse_variable(uint64_t bits) {
  if ((bits & 15) != 1) return other("sequences of variable length");
  return Hdf5Type{Hdf5Type::kVariableString, DType::kU8, 16, {}};
}

// h5py's bool is an enumeration of FALSE and TRUE over int8; no other enumeration has one byte in these files.
Hdf5Type parse_enumeration(uint64_t size) {
  return size == 1 ? number(DType::kBool) : other("an enumeration");
}

}  // namespace

Hdf5Type parse_hdf5_type(Hdf5Cursor& cursor) {
  const uint64_t class_and_version = cursor.u8(), bits = cursor.number(3), size = cursor.u32();
  switch (class_and_version & 15) {
    case 0:
      return parse_integer(cursor, bits, size);
    case 1:
      return parse_float(cursor, bits, size);
    case 3:
      return Hdf5Type{Hdf5Type::kFixedString, DType::kU8, size, {}};
    case 5:
      return Hdf5Type{Hdf5Type::kOpaque, DType::kU8, size, {}};
    case 6:
      return other("compound records");
    case 7:
      return other("references");
    case 8:
      return parse_enumeration(size);
    case 9:
      return parse_variable(bits);
    default:
      return other("datatype class " + std::to_string(class_and_version & 15));
  }
}

std::optional<std::vector<int64_t>> parse_hdf5_space(Hdf5Cursor cursor) {
  const uint64_t version = cursor.u8(), rank = cursor.u8();
  cursor.skip(1);  // whether maximal extents follow
  const bool is_null = version == 2 && cursor.u8() == 2;
  if (version == 1) cursor.skip(5);
  if (version < 1 || version > 2 || rank > kMaxRank || is_null) return std::nullopt;
  std::vector<int64_t> shape;
  for (uint64_t axis = 0; axis < rank; ++axis) shape.push_back(static_cast<int64_t>(cursor.u64()));
  if (cursor.failed()) return std::nullopt;
  return shape;
}

}  // namespace kcc::runtime
