#include "compiler/passes/layout.h"

#include <algorithm>
#include <numeric>

namespace kcc {

Layout identity_layout(int64_t rank) {
  Layout layout(static_cast<size_t>(rank));
  std::iota(layout.begin(), layout.end(), 0);
  return layout;
}

bool is_identity(const Layout& layout) {
  return std::is_sorted(layout.begin(), layout.end());
}

Layout inverse(const Layout& layout) {
  Layout result(layout.size());
  for (size_t i = 0; i < layout.size(); ++i) result[static_cast<size_t>(layout[i])] = static_cast<int64_t>(i);
  return result;
}

Layout after(const Layout& a, const Layout& b) {
  return picked(a, b);
}

Layout change(const Layout& from, const Layout& to) {
  return after(inverse(from), to);
}

bool moves_nothing(const Shape& shape, const Layout& perm) {
  int64_t last = -1;
  for (int64_t dim : perm) {
    if (shape[static_cast<size_t>(dim)].is_one()) continue;
    if (dim < last) return false;
    last = dim;
  }
  return true;
}

}  // namespace kcc
