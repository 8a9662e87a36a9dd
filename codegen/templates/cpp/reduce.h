// What loops collect: sums, extrema and positions of maxima, a lane each; value() of the lanes, total() of all of them.
// V is Floats, Ints or Words, or float, int32_t or uint32_t where a loop goes element by element.
#pragma once

#include "functions.h"

namespace {

template <typename V>
KERNEL_INLINE V kept(All, V next, V) {
  return next;
}
template <typename V>
KERNEL_INLINE V kept(Some lanes, V next, V before) {
  return select(active(lanes), next, before);
}

template <typename V>
constexpr bool kIsVector = sizeof(V) > 4;

template <typename V, typename Op>
KERNEL_INLINE auto folded(V v, Op op) {
  if constexpr (kIsVector<V>)
    return fold(v, op);
  else
    return v;
}

// Added up in blocks, so that rounding errors of long sums stay small.
template <typename V>
class Sum {
 public:
  template <typename Lanes>
  KERNEL_INLINE void add(Lanes lanes, V x) {
    block_ = kept(lanes, block_ + x, block_);
    if (++count_ % 32 == 0) sum_ += block_, block_ = V{};
  }
  KERNEL_INLINE V value() const { return sum_ + block_; }
  KERNEL_INLINE auto total() const {
    return folded(value(), [](auto a, auto b) { return a + b; });
  }

 private:
  V block_{}, sum_{};
  int64_t count_ = 0;
};

// Starts at `lowest`, which no element is below.
template <typename V>
class Maximum {
 public:
  template <typename T>
  KERNEL_INLINE explicit Maximum(T lowest) : best_(lowest - V{}) {}
  template <typename Lanes>
  KERNEL_INLINE void add(Lanes lanes, V x) {
    best_ = kept(lanes, larger(x, best_), best_);
  }
  KERNEL_INLINE V value() const { return best_; }
  KERNEL_INLINE auto total() const {
    return folded(best_, [](auto a, auto b) { return larger(a, b); });
  }

 private:
  V best_;
};

template <typename V>
class Minimum {
 public:
  template <typename T>
  KERNEL_INLINE explicit Minimum(T highest) : best_(highest - V{}) {}
  template <typename Lanes>
  KERNEL_INLINE void add(Lanes lanes, V x) {
    best_ = kept(lanes, smaller(x, best_), best_);
  }
  KERNEL_INLINE V value() const { return best_; }
  KERNEL_INLINE auto total() const {
    return folded(best_, [](auto a, auto b) { return smaller(a, b); });
  }

 private:
  V best_;
};

// The first of the largest; a NaN counts as larger than all. P is Ints or int32_t.
template <typename V, typename P>
class FirstMaximum {
 public:
  template <typename T>
  KERNEL_INLINE explicit FirstMaximum(T lowest) : best_(lowest - V{}), where_(INT32_MAX - P{}) {}
  template <typename Lanes>
  KERNEL_INLINE void add(Lanes lanes, V x, P position) {
    const auto better = wins(x, position, best_, where_);
    best_ = kept(lanes, select(better, x, best_), best_);
    where_ = kept(lanes, select(better, position, where_), where_);
  }
  KERNEL_INLINE P value() const { return where_; }
  KERNEL_INLINE int32_t total() const {
    if constexpr (kIsVector<V>) {
      auto best = best_[0] + 0;
      int32_t where = where_[0];
      for (int i = 1; i < kLanes; ++i) {
        const auto x = best_[i] + 0;
        if (wins(x, static_cast<int32_t>(where_[i]), best, where)) best = x, where = where_[i];
      }
      return where;
    } else {
      return where_;
    }
  }

 private:
  template <typename X, typename I>
  KERNEL_INLINE static auto wins(X a, I i, X b, I j) {
    const auto nan_a = is_nan(a) ? ~I{} : I{}, nan_b = is_nan(b) ? ~I{} : I{};
    const auto greater = (a > b ? ~I{} : I{}) | (nan_a & ~nan_b);
    const auto equal = (a == b ? ~I{} : I{}) | (nan_a & nan_b);
    return (greater | (equal & (i < j ? ~I{} : I{}))) != 0;
  }
  V best_;
  P where_;
};

}  // namespace
