#include "codegen/cpp/windows.h"

#include <fmt/format.h>

namespace kcc::cpp {

void where_inside(Writer& w, const Position& position, const std::vector<int64_t>& extents,
                  const std::function<void()>& inside) {
  std::string condition;
  for (size_t d = 0; d < position.size(); ++d) {
    const Index& p = position[d];
    if (is_less(p.least(), {})) condition += fmt::format("{}{} >= 0", condition.empty() ? "" : " && ", p.text());
    if (!is_less(p.largest(), {extents[d], 0}))
      condition += fmt::format("{}{} < {}", condition.empty() ? "" : " && ", p.text(), extents[d]);
  }
  if (condition.empty()) return inside();
  w.guard(condition, inside);
}

Position joined_position(const Index& first, const Position& spatial, const Index& last) {
  Position all{first};
  all.insert(all.end(), spatial.begin(), spatial.end());
  all.push_back(last);
  return all;
}

Position spatial_part(const Position& position) {
  return Position(position.begin() + 1, position.end() - 1);
}

std::vector<Size> sizes(const std::vector<int64_t>& extents) {
  std::vector<Size> list;
  for (int64_t extent : extents) list.push_back({extent, 0});
  return list;
}

}  // namespace kcc::cpp
