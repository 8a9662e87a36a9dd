// Vectors of 32-bit lanes, as wide as the target has them, in the vector extension that GCC and clang share. A loop
// over elements is each(count, [&](auto lanes, int64_t i) {...}): the body runs for all lanes of whole vectors and once
// for some lanes, the rest.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16, kRegisters = 32;
#elif defined(__AVX__)
constexpr int kLanes = 8, kRegisters = 16;
#elif defined(__aarch64__)
constexpr int kLanes = 4, kRegisters = 32;
#else
constexpr int kLanes = 4, kRegisters = 16;
#endif
constexpr int kVectorBytes = 4 * kLanes;

typedef float Floats __attribute__((vector_size(kVectorBytes)));
typedef int32_t Ints __attribute__((vector_size(kVectorBytes)));  // of comparisons: -1 where they hold, else 0
typedef uint32_t Words __attribute__((vector_size(kVectorBytes)));
typedef uint8_t Bytes __attribute__((vector_size(kLanes)));

#define KERNEL_INLINE [[maybe_unused]] inline __attribute__((always_inline))
#define KERNEL_UNROLL _Pragma("GCC unroll 32")

template <typename T>
struct VectorOf;
template <>
struct VectorOf<float> {
  using type = Floats;
};
template <>
struct VectorOf<int32_t> {
  using type = Ints;
};
template <>
struct VectorOf<uint32_t> {
  using type = Words;
};
template <>
struct VectorOf<bool> {
  using type = Ints;
};
template <typename T>
using Vector = typename VectorOf<T>::type;

// Values in the arena and the state.
template <typename T>
KERNEL_INLINE T* at(const void* p) {
  return static_cast<T*>(const_cast<void*>(p));
}

// ---- lanes

struct All {
  static constexpr int64_t count = kLanes;
};
struct Some {
  int64_t count;  // the first of them
};

template <typename Body>
KERNEL_INLINE void each(int64_t count, Body&& body) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) body(All{}, i);
  if (i < count) body(Some{count - i}, i);
}

KERNEL_INLINE Ints numbers() {
  Ints n;
  for (int i = 0; i < kLanes; ++i) n[i] = i;
  return n;
}
KERNEL_INLINE Ints active(All) {
  return ~Ints{};
}
KERNEL_INLINE Ints active(Some lanes) {
  return numbers() < static_cast<int32_t>(lanes.count);
}

KERNEL_INLINE Floats splat(float x) {
  return x - Floats{};
}
KERNEL_INLINE Ints splat(int32_t x) {
  return x - Ints{};
}
KERNEL_INLINE Words splat(uint32_t x) {
  return x - Words{};
}
KERNEL_INLINE Ints splat(bool x) {
  return splat(-static_cast<int32_t>(x));
}

// ---- memory: nothing beyond the lanes is touched; lanes that are not loaded are zero

template <typename T>
KERNEL_INLINE Vector<T> load(All, const T* p) {
  Vector<T> v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}
template <typename T>
KERNEL_INLINE void store(All, T* p, Vector<T> v) {
  std::memcpy(p, &v, sizeof(v));
}

#if defined(__AVX512F__)
template <typename T>
KERNEL_INLINE Vector<T> load(Some lanes, const T* p) {
  return (Vector<T>)_mm512_maskz_loadu_epi32(static_cast<__mmask16>((1u << lanes.count) - 1), p);
}
template <typename T>
KERNEL_INLINE void store(Some lanes, T* p, Vector<T> v) {
  _mm512_mask_storeu_epi32(p, static_cast<__mmask16>((1u << lanes.count) - 1), (__m512i)v);
}
#elif defined(__AVX__)
template <typename T>
KERNEL_INLINE Vector<T> load(Some lanes, const T* p) {
  return (Vector<T>)_mm256_maskload_ps(reinterpret_cast<const float*>(p), (__m256i)active(lanes));
}
template <typename T>
KERNEL_INLINE void store(Some lanes, T* p, Vector<T> v) {
  _mm256_maskstore_ps(reinterpret_cast<float*>(p), (__m256i)active(lanes), (__m256)v);
}
#else
template <typename T>
KERNEL_INLINE Vector<T> load(Some lanes, const T* p) {
  Vector<T> v{};
  for (int64_t i = 0; i < lanes.count; ++i) v[i] = p[i];
  return v;
}
template <typename T>
KERNEL_INLINE void store(Some lanes, T* p, Vector<T> v) {
  for (int64_t i = 0; i < lanes.count; ++i) p[i] = v[i];
}
#endif

// Booleans are bytes, 0 or 1.
KERNEL_INLINE Ints load(All, const bool* p) {
  Bytes bytes;
  std::memcpy(&bytes, p, sizeof(bytes));
  return __builtin_convertvector(bytes, Ints) != 0;
}
KERNEL_INLINE Ints load(Some lanes, const bool* p) {
  Ints v{};
  for (int64_t i = 0; i < lanes.count; ++i) v[i] = -static_cast<int32_t>(p[i]);
  return v;
}
KERNEL_INLINE void store(All, bool* p, Ints v) {
  const Bytes bytes = __builtin_convertvector(v & 1, Bytes);
  std::memcpy(p, &bytes, sizeof(bytes));
}
KERNEL_INLINE void store(Some lanes, bool* p, Ints v) {
  for (int64_t i = 0; i < lanes.count; ++i) p[i] = v[i] != 0;
}

KERNEL_INLINE float lane_of(float x) {
  return x;
}
KERNEL_INLINE int32_t lane_of(int32_t x) {
  return x;
}
KERNEL_INLINE uint32_t lane_of(uint32_t x) {
  return x;
}
KERNEL_INLINE int32_t lane_of(bool x) {
  return -static_cast<int32_t>(x);
}

// Elements that do not lie side by side: element(i), element(i + 1), ...
template <typename Lanes, typename Element>
KERNEL_INLINE auto pick(Lanes lanes, int64_t i, Element&& element) {
  Vector<decltype(element(i))> v{};
  for (int64_t k = 0; k < lanes.count; ++k) v[k] = lane_of(element(i + k));
  return v;
}

// The same for results: element(i) is where lane 0 goes.
template <typename Lanes, typename V, typename Element>
KERNEL_INLINE void put(Lanes lanes, int64_t i, V v, Element&& element) {
  using T = std::remove_reference_t<decltype(element(i))>;
  for (int64_t k = 0; k < lanes.count; ++k) element(i + k) = static_cast<T>(std::is_same_v<T, bool> ? v[k] != 0 : v[k]);
}

// ---- from lanes to one number

// op over the lanes, in a tree. `v` is complete: lanes without a part in it hold what changes nothing.
template <typename V, typename Op>
KERNEL_INLINE auto fold(V v, Op op) {
  constexpr int kHalf = sizeof(V) / 2;
  typedef decltype(v[0] + v[0]) Element;
  if constexpr (kHalf > 4) {
    typedef Element Half __attribute__((vector_size(kHalf)));
    Half low, high;
    std::memcpy(&low, &v, kHalf);
    std::memcpy(&high, reinterpret_cast<const char*>(&v) + kHalf, kHalf);
    return fold<Half>(op(low, high), op);
  } else {
    return static_cast<Element>(op(static_cast<Element>(v[0]), static_cast<Element>(v[1])));
  }
}

}  // namespace
