#include "codegen/kernels/philox.h"

namespace kcc {
namespace {

using Halide::cast;
using Halide::Expr;

Expr u32(uint32_t value) {
  return Halide::Internal::make_const(Halide::UInt(32), static_cast<uint64_t>(value));
}
Expr u64(uint32_t value) {
  return Halide::Internal::make_const(Halide::UInt(64), static_cast<uint64_t>(value));
}

// Words stay in lanes of 64 bits, whose upper halves hold anything: so high and low half of a product are one
// multiplication of the lower halves and a shift, and nothing is packed or unpacked between the rounds.
Expr multiply(const Expr& a, uint32_t b) {
  return (a & u64(0xFFFFFFFFu)) * u64(b);
}

}  // namespace

Halide::Func philox_block(const Expr key[3], int64_t stream, const Expr& first, int lanes) {
  Halide::Var lane("lane"), block("block");
  Expr c[4] = {cast<uint64_t>(cast<uint32_t>(block * lanes + lane) + first * u32(static_cast<uint32_t>(lanes))),
               u64(static_cast<uint32_t>(stream)), cast<uint64_t>(key[2]), u64(0)};
  Expr k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    const Expr p0 = multiply(c[0], 0xD2511F53u), p1 = multiply(c[2], 0xCD9E8D57u);
    const Expr n0 = (p1 >> 32) ^ c[1] ^ cast<uint64_t>(k0), n2 = (p0 >> 32) ^ c[3] ^ cast<uint64_t>(k1);
    c[0] = n0, c[1] = p1, c[2] = n2, c[3] = p0;
    k0 = k0 + u32(0x9E3779B9u), k1 = k1 + u32(0xBB67AE85u);
  }
  Halide::Func words("philox");
  words(lane, block) =
      Halide::Tuple(cast<uint32_t>(c[0]), cast<uint32_t>(c[1]), cast<uint32_t>(c[2]), cast<uint32_t>(c[3]));
  return words;
}

}  // namespace kcc
