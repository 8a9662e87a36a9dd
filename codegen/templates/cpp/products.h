// Products in register tiles. One tile is R rows times V vectors of columns of
//   sum over s, k of a[r * row + start[s] + k * step] * b[t * columns + c]    where t counts the pairs (s, k)
// which is a product of matrices (one start), and a convolution (a start for each run of source elements).
#pragma once

#include "functions.h"

namespace {

// The left side: element (r, s, k) is data[r * row + start[s] + k * step].
struct Left {
  const float* data;
  int64_t row, step;
  const int64_t* start;
  int64_t starts, length;  // numbers of s and k
};
// The right side: rows in the order of (s, k), each of adjacent columns.
struct Right {
  const float* data;
  int64_t row;
};

// From here on rounding errors of one long sum would show.
constexpr int64_t kLongestSum = 512;

// Puts the tile's sums away, or adds them to what is there, and starts anew.
template <int R, int V, typename Lanes>
KERNEL_INLINE void put_tile(Lanes last, Floats (&sum)[R][V], float* sums, int64_t sums_row, bool is_first) {
  KERNEL_UNROLL for (int r = 0; r < R; ++r) {
    KERNEL_UNROLL for (int v = 0; v < V; ++v) {
      float* const to = sums + r * sums_row + v * kLanes;
      const float* const before = to;
      if (v + 1 < V)
        store(All{}, to, is_first ? sum[r][v] : load(All{}, before) + sum[r][v]);
      else
        store(last, to, is_first ? sum[r][v] : load(last, before) + sum[r][v]);
      sum[r][v] = Floats{};
    }
  }
}

template <int R, int V, typename Lanes>
void multiply_tile(Lanes last, const Left& a, int64_t first_row, const float* b, int64_t b_row, float* sums,
                   int64_t sums_row, bool is_first) {
  Floats sum[R][V] = {};
  int64_t added = 0;
  for (int64_t s = 0; s < a.starts; ++s) {
    const float* from = a.data + first_row * a.row + a.start[s];
    for (int64_t k = 0; k < a.length;) {
      const int64_t end = k + kLongestSum - added < a.length ? k + kLongestSum - added : a.length;
      added += end - k;
      for (; k < end; ++k, b += b_row) {
        Floats right[V];
        KERNEL_UNROLL for (int v = 0; v < V; ++v) {
          if (v + 1 < V)
            right[v] = load(All{}, b + v * kLanes);
          else
            right[v] = load(last, b + v * kLanes);
        }
        KERNEL_UNROLL for (int r = 0; r < R; ++r) {
          const float left = from[r * a.row + k * a.step];
          KERNEL_UNROLL for (int v = 0; v < V; ++v) sum[r][v] += left * right[v];
        }
      }
      if (added < kLongestSum) continue;
      put_tile(last, sum, sums, sums_row, is_first);
      is_first = false;
      added = 0;
    }
  }
  if (added > 0 || is_first) put_tile(last, sum, sums, sums_row, is_first);
}

template <int V, typename Lanes>
void multiply_rows(Lanes last, int64_t rows, const Left& a, const float* b, int64_t b_row, float* sums,
                   int64_t sums_row, bool is_first) {
  constexpr int kRows = kRegisters == 32 ? (V == 1 ? 12 : 24 / V) : (V == 1 ? 8 : 12 / V);
  int64_t r = 0;
  for (; r + kRows <= rows; r += kRows)
    multiply_tile<kRows, V>(last, a, r, b, b_row, sums + r * sums_row, sums_row, is_first);
  if (rows - r >= 8 && kRows > 8)
    multiply_tile<8, V>(last, a, r, b, b_row, sums + r * sums_row, sums_row, is_first), r += 8;
  if (rows - r >= 4) multiply_tile<4, V>(last, a, r, b, b_row, sums + r * sums_row, sums_row, is_first), r += 4;
  if (rows - r >= 2) multiply_tile<2, V>(last, a, r, b, b_row, sums + r * sums_row, sums_row, is_first), r += 2;
  if (rows - r >= 1) multiply_tile<1, V>(last, a, r, b, b_row, sums + r * sums_row, sums_row, is_first);
}

// sums[r * sums_row + c] = (or, if not `is_first`, +=) the product, for all rows and columns.
[[maybe_unused]] inline __attribute__((noinline)) void multiply(int64_t rows, int64_t columns, const Left& a, const Right& b,
                                               float* sums, int64_t sums_row, bool is_first = true) {
  int64_t c = 0;
  for (; c + 2 * kLanes <= columns; c += 2 * kLanes)
    multiply_rows<2>(All{}, rows, a, b.data + c, b.row, sums + c, sums_row, is_first);
  const int64_t rest = columns - c;
  if (rest > kLanes)
    multiply_rows<2>(Some{rest - kLanes}, rows, a, b.data + c, b.row, sums + c, sums_row, is_first);
  else if (rest == kLanes)
    multiply_rows<1>(All{}, rows, a, b.data + c, b.row, sums + c, sums_row, is_first);
  else if (rest > 0)
    multiply_rows<1>(Some{rest}, rows, a, b.data + c, b.row, sums + c, sums_row, is_first);
}

// Rows of sums that stay in the first cache until `finish(row, sums)` has used them.
template <typename Finish>
KERNEL_INLINE void multiply_in_blocks(int64_t rows, int64_t columns, Left a, const Right& b, float* sums, int64_t block,
                                      Finish&& finish) {
  for (int64_t r = 0; r < rows; r += block) {
    const int64_t count = rows - r < block ? rows - r : block;
    multiply(count, columns, a, b, sums, columns);
    for (int64_t i = 0; i < count; ++i) finish(r + i, static_cast<const float*>(sums + i * columns));
    a.data += block * a.row;
  }
}

// to[c * rows + r] = from[r * from_row + c], four by four.
[[maybe_unused]] inline __attribute__((noinline)) void transpose(int64_t rows, int64_t columns, const float* from, int64_t from_row,
                                                float* to) {
  typedef float Four __attribute__((vector_size(16)));
  for (int64_t r = 0; r < rows; r += 4) {
    for (int64_t c = 0; c < columns; c += 4) {
      const float* const x = from + r * from_row + c;
      float* const y = to + c * rows + r;
      if (rows - r < 4 || columns - c < 4) {
        const int64_t height = rows - r < 4 ? rows - r : 4, width = columns - c < 4 ? columns - c : 4;
        for (int64_t i = 0; i < height; ++i)
          for (int64_t j = 0; j < width; ++j) y[j * rows + i] = x[i * from_row + j];
        continue;
      }
      Four row[4], column[4];
      for (int i = 0; i < 4; ++i) std::memcpy(&row[i], x + i * from_row, sizeof(Four));
      const Four low01 = __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5);
      const Four high01 = __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7);
      const Four low23 = __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5);
      const Four high23 = __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7);
      column[0] = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
      column[1] = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
      column[2] = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
      column[3] = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
      for (int j = 0; j < 4; ++j) std::memcpy(y + j * rows, &column[j], sizeof(Four));
    }
  }
}

}  // namespace
