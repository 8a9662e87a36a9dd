// Layout: an order of a value's dimensions. A value v that is stored in layout L lies in memory as transpose(v, L).
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/type.h"

namespace kcc {

using Layout = std::vector<int64_t>;

Layout identity_layout(int64_t rank);
bool is_identity(const Layout& layout);
Layout inverse(const Layout& layout);
// (a after b)[i] = a[b[i]]: what b picks from what a picks.
Layout after(const Layout& a, const Layout& b);
// What turns a value stored in `from` into the same value stored in `to`.
Layout change(const Layout& from, const Layout& to);
// list[layout[i]]
template <typename T>
std::vector<T> picked(const std::vector<T>& list, const Layout& layout) {
  std::vector<T> result;
  for (int64_t i : layout) result.push_back(list[static_cast<size_t>(i)]);
  return result;
}
// Whether transposing a tensor of this shape moves no element: only extents of 1 change places.
bool moves_nothing(const Shape& shape, const Layout& perm);

}  // namespace kcc
