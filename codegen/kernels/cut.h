// Cut: where the results of an element-wise body fall apart into pieces, so that no element asks which part of a
// concatenation it comes from.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/graph.h"

namespace kcc {

struct Cut {
  int64_t axis = -1;
  std::vector<int64_t> bounds;  // ascending, from 0 to the extent
};

// Along the axis of the first concatenation or innermost padding that is read at the results' own index.
Cut find_cut(const Graph& body);

// Whether the body's last results are concatenations, wider than the element-wise ones before them.
bool has_concat_beside(const Graph& body);

}  // namespace kcc
