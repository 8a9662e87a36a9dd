// Element-wise functions, each for one number and for a vector: F is float or Floats, I is int32_t or Ints. Largest
// errors in units in the last place: exp 1.0, expm1 1.5, log 0.8, log1p 2.3, tanh 6.2, sigmoid 2.5, erf 6.5.
// Infinities, NaN and zeros give what C's functions give.
#pragma once

#include "vectors.h"

namespace {

KERNEL_INLINE float select(bool c, float a, float b) {
  return c ? a : b;
}
KERNEL_INLINE int32_t select(bool c, int32_t a, int32_t b) {
  return c ? a : b;
}
KERNEL_INLINE uint32_t select(bool c, uint32_t a, uint32_t b) {
  return c ? a : b;
}
KERNEL_INLINE bool select(bool c, bool a, bool b) {
  return c ? a : b;
}
KERNEL_INLINE Floats select(Ints c, Floats a, Floats b) {
  return c ? a : b;
}
KERNEL_INLINE Ints select(Ints c, Ints a, Ints b) {
  return c ? a : b;
}
KERNEL_INLINE Words select(Ints c, Words a, Words b) {
  return (Words)(c ? (Ints)a : (Ints)b);
}

template <typename F>
KERNEL_INLINE F constant(float x) {
  return x - F{};
}
KERNEL_INLINE bool no(bool c) {
  return !c;
}
KERNEL_INLINE Ints no(Ints c) {
  return ~c;
}

KERNEL_INLINE int64_t at_least_0(int64_t i) {
  return i < 0 ? 0 : i;
}
KERNEL_INLINE int64_t at_most(int64_t i, int64_t last) {
  return i > last ? last : i;
}

// The same bits.
KERNEL_INLINE int32_t as_ints(float x) {
  int32_t i;
  std::memcpy(&i, &x, sizeof(i));
  return i;
}
KERNEL_INLINE Ints as_ints(Floats x) {
  return (Ints)x;
}
KERNEL_INLINE float as_floats(int32_t i) {
  float x;
  std::memcpy(&x, &i, sizeof(x));
  return x;
}
KERNEL_INLINE Floats as_floats(Ints i) {
  return (Floats)i;
}

// The nearest value: to integers truncated.
KERNEL_INLINE float to_floats(float x) {
  return x;
}
KERNEL_INLINE float to_floats(int32_t x) {
  return static_cast<float>(x);
}
KERNEL_INLINE float to_floats(uint32_t x) {
  return static_cast<float>(x);
}
KERNEL_INLINE Floats to_floats(Ints x) {
  return __builtin_convertvector(x, Floats);
}
KERNEL_INLINE Floats to_floats(Words x) {
  return __builtin_convertvector(x, Floats);
}
KERNEL_INLINE int32_t to_ints(float x) {
  return static_cast<int32_t>(x);
}
KERNEL_INLINE Ints to_ints(Floats x) {
  return __builtin_convertvector(x, Ints);
}
KERNEL_INLINE int32_t to_ints(uint32_t x) {
  return static_cast<int32_t>(x);
}
KERNEL_INLINE Ints to_ints(Words x) {
  return (Ints)x;
}
KERNEL_INLINE uint32_t to_words(float x) {
  return static_cast<uint32_t>(x);
}
KERNEL_INLINE Words to_words(Floats x) {
  return __builtin_convertvector(x, Words);
}
KERNEL_INLINE uint32_t to_words(int32_t x) {
  return static_cast<uint32_t>(x);
}
KERNEL_INLINE Words to_words(Ints x) {
  return (Words)x;
}
// 1 where it holds, else 0
KERNEL_INLINE int32_t to_ones(bool c) {
  return c;
}
KERNEL_INLINE Ints to_ones(Ints c) {
  return c & 1;
}

// Whole numbers that wrap around.
template <typename I>
KERNEL_INLINE I plus(I a, I b) {
  return to_ints(to_words(a) + to_words(b));
}
template <typename I>
KERNEL_INLINE I minus(I a, I b) {
  return to_ints(to_words(a) - to_words(b));
}
template <typename I>
KERNEL_INLINE I times(I a, I b) {
  return to_ints(to_words(a) * to_words(b));
}

template <typename X>
KERNEL_INLINE auto is_nan(X x) {
  return x != x;
}
KERNEL_INLINE float magnitude(float x) {
  return as_floats(as_ints(x) & 0x7fffffff);
}
KERNEL_INLINE Floats magnitude(Floats x) {
  return as_floats(as_ints(x) & 0x7fffffff);
}
KERNEL_INLINE int32_t magnitude(int32_t x) {
  return x < 0 ? -x : x;
}
KERNEL_INLINE Ints magnitude(Ints x) {
  return select(x < 0, -x, x);
}
KERNEL_INLINE uint32_t magnitude(uint32_t x) {
  return x;
}
KERNEL_INLINE Words magnitude(Words x) {
  return x;
}
template <typename X>
KERNEL_INLINE X sign_of(X x) {
  const X zero{};
  return select(x > zero, zero + 1, select(x < zero, zero - 1, x));
}

// The larger or smaller one; NaN if either is.
template <typename X>
KERNEL_INLINE X larger(X a, X b) {
  return ((a > b) | is_nan(a)) ? a : b;
}
template <typename X>
KERNEL_INLINE X smaller(X a, X b) {
  return ((a < b) | is_nan(a)) ? a : b;
}
template <typename F>
KERNEL_INLINE F relu(F x) {
  return select(x < 0, F{}, x);
}

KERNEL_INLINE float root(float x) {
  return std::sqrt(x);
}
KERNEL_INLINE Floats root(Floats x) {
#if defined(__AVX512F__)
  return (Floats)_mm512_maskz_sqrt_ps(0xffff, (__m512)x);
#elif defined(__AVX__)
  return (Floats)_mm256_sqrt_ps((__m256)x);
#else
  for (int i = 0; i < kLanes; ++i) x[i] = std::sqrt(x[i]);
  return x;
#endif
}

// To the nearest whole number, halves to the even one. Beyond 2^23 every number is whole.
template <typename F>
KERNEL_INLINE F nearest(F x) {
  const F size = magnitude(x);
  const F whole = (size + 0x1p23f) - 0x1p23f;
  const auto sign = as_ints(x) & INT32_MIN;
  return select(size < 0x1p23f, as_floats(as_ints(whole) | sign), x);
}
template <typename F>
KERNEL_INLINE F floor_of(F x) {
  const F near = nearest(x);
  return select(near > x, near - 1, near);
}

// Whole numbers, the remainder never negative; by zero: zero.
KERNEL_INLINE int32_t quotient(int32_t a, int32_t b) {
  if (b == 0) return 0;
  const int64_t q = static_cast<int64_t>(a) / b, r = static_cast<int64_t>(a) % b;
  return static_cast<int32_t>(r >= 0 ? q : b > 0 ? q - 1 : q + 1);
}
KERNEL_INLINE uint32_t quotient(uint32_t a, uint32_t b) {
  return b == 0 ? 0 : a / b;
}
template <typename V>
KERNEL_INLINE V quotient(V a, V b) {
  for (int i = 0; i < kLanes; ++i) a[i] = quotient(a[i], b[i]);
  return a;
}

// ---- functions of f32

constexpr float kInfinity = __builtin_inff(), kNan = __builtin_nanf("");
// ln 2 in two parts, the first with so few bits that n times it is exact (Cody and Waite).
constexpr float kLog2e = 1.44269504f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;

// Horner's rule, highest coefficient first.
template <typename F, typename... Rest>
KERNEL_INLINE F polynomial(F x, float first, Rest... rest) {
  F sum = constant<F>(first);
  ((sum = sum * x + rest), ...);
  return sum;
}

// As a clamp, but NaN passes.
template <typename F>
KERNEL_INLINE F within(F x, float low, float high) {
  x = select(x < low, constant<F>(low), x);
  return select(x > high, constant<F>(high), x);
}

// 2^n for -126 <= n <= 127
template <typename I>
KERNEL_INLINE auto power_of_two(I n) {
  return as_floats((n + 127) << 23);
}

// x = n ln 2 + r; e^r - 1 by Cephes's polynomial on |r| <= ln(2)/2.
template <typename F>
KERNEL_INLINE F reduced_expm1(F x, F& n) {
  n = nearest(x * kLog2e);
  F r = x - n * kLn2High;
  r = r - n * kLn2Low;
  const F p = polynomial(r, 1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f,
                         5.0000001201e-1f);
  return p * (r * r) + r;
}

template <typename F>
KERNEL_INLINE F exp_of(F x) {
  // Beyond these bounds the result is 0 or infinity anyway; two factors reach the denormals and infinity.
  F whole;
  const F e = reduced_expm1(within(x, -104.0f, 89.0f), whole);
  const auto n = to_ints(select(is_nan(whole), F{}, whole));
  const auto half = n >> 1;
  return (e + 1.0f) * power_of_two(half) * power_of_two(n - half);
}

template <typename F>
KERNEL_INLINE F expm1_of(F x) {
  // 2^n (e^r - 1) + (2^n - 1), all halved so that n = 128 is reached; for n = 0 this is e^r - 1 itself.
  F whole;
  const F e = reduced_expm1(within(x, -30.0f, 89.0f), whole);
  const auto n = to_ints(select(is_nan(whole), F{}, whole));
  const auto scale = power_of_two(n - 1);
  const F wide = (e * scale + (scale - 0.5f)) * 2.0f;
  return select(x == 0, x, select(whole == 0, e, wide));
}

template <typename F>
KERNEL_INLINE F log_of(F x) {
  // Denormals are scaled into range; mantissa in [sqrt(1/2), sqrt(2)), then Cephes's logf.
  const auto tiny = x < 1.17549435e-38f;
  const auto bits = as_ints(select(tiny, x * 8388608.0f, x));
  const auto exponent = (bits - 0x3f3504f3) >> 23;  // 0x3f3504f3: sqrt(1/2)
  const F m = as_floats(bits - (exponent << 23)) - 1.0f;
  const F n = to_floats(exponent) - select(tiny, constant<F>(23.0f), F{});
  const F p = polynomial(m, 7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                         -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f);
  const F z = m * m;
  const F y = p * m * z + n * kLn2Low - 0.5f * z;
  const F regular = m + y + n * kLn2High;
  const F finite = select(x < 0, constant<F>(kNan), select(x < kInfinity, regular, x));
  return select(x == 0, constant<F>(-kInfinity), finite);
}

template <typename F>
KERNEL_INLINE F log1p_of(F x) {
  // Kahan: the rounding of u = 1 + x is corrected by x / (u - 1).
  const F u = x + 1.0f;
  const F log_u = log_of(u);
  const F wide = log_u * (x / (u - 1.0f));
  return select(u == 1.0f, x, select((x == kInfinity) | (u == 0), log_u, wide));
}

template <typename F>
KERNEL_INLINE F tanh_of(F x) {
  // Rational 13/6 (Eigen, XLA); beyond the clamp the result rounds to 1.
  const F c = within(x, -7.90531110763549805f, 7.90531110763549805f);
  const F z = c * c;
  const F p = polynomial(z, -2.76076847742355e-16f, 2.00018790482477e-13f, -8.60467152213735e-11f,
                         5.12229709037114e-08f, 1.48572235717979e-05f, 6.37261928875436e-04f, 4.89352455891786e-03f);
  const F q = polynomial(z, 1.19825839466702e-06f, 1.18534705686654e-04f, 2.26843463243900e-03f, 4.89352518554385e-03f);
  return select(magnitude(x) < 4e-4f, x, c * p / q);
}

template <typename F>
KERNEL_INLINE F sigmoid(F x) {
  return 1.0f / (1.0f + exp_of(-x));
}

template <typename F>
KERNEL_INLINE F erf_of(F x) {
  // Rational 13/8 (Eigen, XLA); erf(4) rounds to 1.
  const F c = within(x, -4.0f, 4.0f);
  const F z = c * c;
  const F p =
      polynomial(z, -2.72614225801306e-10f, 2.77068142495902e-08f, -2.10102402082508e-06f, -5.69250639462346e-05f,
                 -7.34990630326855e-04f, -2.95459980854025e-03f, -1.60960333262415e-02f);
  const F q = polynomial(z, -1.45660718464996e-05f, -2.13374055278905e-04f, -1.68282697438203e-03f,
                         -7.37332916720468e-03f, -1.42647390514189e-02f);
  return c * (p / q);
}

// libm's, lane by lane
#define KERNEL_LANE_BY_LANE(name, function)                 \
  KERNEL_INLINE float name(float x) {                       \
    return function(x);                                     \
  }                                                         \
  KERNEL_INLINE Floats name(Floats x) {                     \
    for (int i = 0; i < kLanes; ++i) x[i] = function(x[i]); \
    return x;                                               \
  }
KERNEL_LANE_BY_LANE(sin_of, std::sin)
KERNEL_LANE_BY_LANE(cos_of, std::cos)
#undef KERNEL_LANE_BY_LANE

KERNEL_INLINE float power(float x, float y) {
  return std::pow(x, y);
}
KERNEL_INLINE Floats power(Floats x, Floats y) {
  for (int i = 0; i < kLanes; ++i) x[i] = std::pow(x[i], y[i]);
  return x;
}

}  // namespace
