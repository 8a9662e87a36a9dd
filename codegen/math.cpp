#include "codegen/math.h"

#include <limits>
#include <optional>

namespace kcc::math {
namespace {

using Halide::cast;
using Halide::is_nan;
using Halide::reinterpret;
using Halide::select;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLog2e = 1.44269504f;
// ln 2 in two parts, the first with so few bits that n times it is exact (Cody and Waite).
constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;

Expr f(float value) {
  return Expr(value);
}

// As clamp, but NaN passes.
Expr within(const Expr& x, float low, float high) {
  Expr raised = select(x < f(low), f(low), x);
  return select(raised > f(high), f(high), raised);
}

// Horner's rule, highest coefficient first.
Expr polynomial(const Expr& x, std::initializer_list<float> coefficients) {
  Expr sum;
  for (float c : coefficients) sum = sum.defined() ? sum * x + f(c) : f(c);
  return sum;
}

// x rounded to a whole number that ends up, as an integer, in the lowest bits of `bits`: the sum with 1.5 * 2^23 has no
// room for a fraction. `offset` is added to that integer. For |x| + |offset| up to a million.
struct Rounded {
  Expr whole;  // f32
  Expr bits;   // u32: it may be shifted out of range
};
constexpr uint32_t kRoundBits = 0x4b400000;  // of 1.5 * 2^23

Rounded round_to_bits(const Expr& x, int32_t offset) {
  const float shift = 12582912.0f + static_cast<float>(offset);
  // Strict wherever it is used: else the sum would be taken back as if nothing were lost.
  Expr shifted = Halide::strict_float(x + f(shift));
  return {Halide::strict_float(shifted - f(shift)), reinterpret<uint32_t>(shifted)};
}

// 2^(k - 127) for the lowest eight bits of k, not all 0 (all 1: infinity); the next must be 0.
Expr power_of_two(const Expr& k) {
  return reinterpret<float>(k << 23);
}

struct Reduced {
  Expr bits;   // n + the offset, as in Rounded
  Expr expm1;  // e^r - 1, where x = n ln 2 + r; relative error about 1e-7
};

// Cephes's expf: degree 6 on |r| <= ln(2)/2
Reduced reduce_exp(const Expr& x, int32_t offset) {
  Rounded n = round_to_bits(x * f(kLog2e), offset);
  Expr r = x - n.whole * f(kLn2High);
  r = r - n.whole * f(kLn2Low);
  Expr p = polynomial(
      r, {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f});
  return {n.bits, p * (r * r) + r};
}

}  // namespace

Expr exp(const Expr& x) {
  // Beyond these bounds the result is 0 or infinity anyway; two factors reach the denormals and infinity.
  Reduced e = reduce_exp(within(x, -104.0f, 89.0f), 256);
  Expr half = e.bits >> 1;  // n / 2 + 128
  return (e.expm1 + f(1.0f)) * power_of_two(half - 1) * power_of_two(e.bits - half - 1);
}

Expr expm1(const Expr& x) {
  // 2^n (e^r - 1) + (2^n - 1), all halved so that n = 128 is reached; for n = 0 this is e^r - 1 itself.
  Reduced e = reduce_exp(within(x, -30.0f, 89.0f), 126);
  Expr scale = power_of_two(e.bits);
  Expr wide = (e.expm1 * scale + (scale - f(0.5f))) * f(2.0f);
  return select(x == f(0.0f), x, e.bits == Expr(kRoundBits + 126u), e.expm1, wide);
}

Expr log(const Expr& x) {
  // Denormals are scaled into range; mantissa in [sqrt(1/2), sqrt(2)), then Cephes's logf.
  Expr tiny = x < f(1.17549435e-38f);
  Expr scaled = select(tiny, x * f(8388608.0f), x);
  Expr bits = reinterpret<int32_t>(scaled);
  Expr exponent = ((bits - 0x3f3504f3) >> 23);  // 0x3f3504f3: sqrt(1/2)
  Expr m = reinterpret<float>(bits - (exponent << 23)) - f(1.0f);
  Expr n = cast<float>(exponent) - select(tiny, f(23.0f), f(0.0f));
  Expr p = polynomial(m, {7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                          -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f});
  Expr z = m * m;
  Expr y = p * m * z + n * f(kLn2Low) - f(0.5f) * z;
  Expr regular = m + y + n * f(kLn2High);
  Expr nan = f(std::numeric_limits<float>::quiet_NaN());
  return select(x == f(0.0f), f(-kInfinity), x < f(0.0f), nan, x < f(kInfinity), regular, x);
}

Expr log1p(const Expr& x) {
  // Kahan: the rounding of u = 1 + x is corrected by x / (u - 1).
  Expr u = x + f(1.0f);
  Expr wide = math::log(u) * (x / (u - f(1.0f)));
  return select(u == f(1.0f), x, x == f(kInfinity) || u == f(0.0f), math::log(u), wide);
}

Expr tanh(const Expr& x) {
  // Rational 13/6 (Eigen, XLA); beyond the clamp the result rounds to 1. The quotient first: it is 1 near zero, where
  // c p would be denormal.
  Expr c = within(x, -7.90531110763549805f, 7.90531110763549805f);
  Expr z = c * c;
  Expr p = polynomial(z, {-2.76076847742355e-16f, 2.00018790482477e-13f, -8.60467152213735e-11f, 5.12229709037114e-08f,
                          1.48572235717979e-05f, 6.37261928875436e-04f, 4.89352455891786e-03f});
  Expr q = polynomial(z, {1.19825839466702e-06f, 1.18534705686654e-04f, 2.26843463243900e-03f, 4.89352518554385e-03f});
  return c * (p / q);
}

Expr sigmoid(const Expr& x) {
  // Halves of 1 and of e^-x, so that one factor 2^(n-1) reaches all it must: at the upper bound, n = 129, it is
  // infinite.
  Reduced e = reduce_exp(within(-x, -86.0f, 89.5f), 126);
  return f(0.5f) / (f(0.5f) + (e.expm1 + f(1.0f)) * power_of_two(e.bits));
}

Expr erf(const Expr& x) {
  // Rational 13/8 (Eigen, XLA); erf(4) rounds to 1.
  Expr c = within(x, -4.0f, 4.0f);
  Expr z = c * c;
  Expr p = polynomial(z, {-2.72614225801306e-10f, 2.77068142495902e-08f, -2.10102402082508e-06f, -5.69250639462346e-05f,
                          -7.34990630326855e-04f, -2.95459980854025e-03f, -1.60960333262415e-02f});
  Expr q = polynomial(z, {-1.45660718464996e-05f, -2.13374055278905e-04f, -1.68282697438203e-03f,
                          -7.37332916720468e-03f, -1.42647390514189e-02f});
  return c * (p / q);
}

Expr pow(const Expr& x, const Expr& y) {
  const std::optional<double> exponent = Halide::Internal::as_const_float(y);
  if (exponent && *exponent == 1.0) return x;
  if (exponent && *exponent == 2.0) return x * x;
  if (exponent && *exponent == 3.0) return x * x * x;
  if (exponent && *exponent == -1.0) return f(1.0f) / x;
  return Halide::Internal::Call::make(Halide::Float(32), "powf", {x, y}, Halide::Internal::Call::PureExtern);
}

Expr max(const Expr& x, const Expr& y) {
  if (!x.type().is_float()) return Halide::max(x, y);
  return select(x > y || is_nan(x), x, y);
}

Expr min(const Expr& x, const Expr& y) {
  if (!x.type().is_float()) return Halide::min(x, y);
  return select(x < y || is_nan(x), x, y);
}

Expr sign(const Expr& x) {
  Expr one = Halide::Internal::make_const(x.type(), 1);
  Expr zero = Halide::Internal::make_const(x.type(), 0);
  if (x.type().is_uint()) return select(x > zero, one, zero);
  return select(x > zero, one, x < zero, -one, x);
}

}  // namespace kcc::math
