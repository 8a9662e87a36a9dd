#include "codegen/kernels/philox.h"

namespace kcc {
namespace {

using Halide::cast;
using Halide::Expr;

Expr u32(uint32_t value) {
  return Halide::Internal::make_const(Halide::UInt(32), static_cast<uint64_t>(value));
}

struct Product {
  Expr high, low;
};

Product multiply(const Expr& a, uint32_t b) {
  Expr wide = cast<uint64_t>(a) * cast<uint64_t>(u32(b));
  return {cast<uint32_t>(wide >> 32), cast<uint32_t>(wide)};
}

}  // namespace

Halide::Func philox_block(const Expr key[3], int64_t stream, const Expr& first) {
  Halide::Var lane("lane"), block("block");
  Expr c[4] = {cast<uint32_t>(block * 16 + lane) + first * u32(16), u32(static_cast<uint32_t>(stream)), key[2], u32(0)};
  Expr k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    Product p0 = multiply(c[0], 0xD2511F53u), p1 = multiply(c[2], 0xCD9E8D57u);
    Expr n0 = p1.high ^ c[1] ^ k0, n2 = p0.high ^ c[3] ^ k1;
    c[0] = n0, c[1] = p1.low, c[2] = n2, c[3] = p0.low;
    k0 = k0 + u32(0x9E3779B9u), k1 = k1 + u32(0xBB67AE85u);
  }
  Halide::Func words("philox");
  words(lane, block) = Halide::Tuple(c[0], c[1], c[2], c[3]);
  return words;
}

}  // namespace kcc
