// The cone of a root: what is inlined between it and the roots and given values it reads. Used by fuse.
#pragma once

#include <set>
#include <vector>

#include "compiler/ir/graph.h"

namespace kcc {

struct Cone {
  std::set<ValueId> roots;   // read roots, through views
  std::set<ValueId> given;   // read inputs and states
  std::set<StateId> states;  // the states among them
  bool random = false;
};

// What `v` is a view of, or itself.
ValueId base_of(const Graph& graph, ValueId v);

// `is_root`: by value, as of find_roots.
Cone cone_of(const Graph& graph, const std::vector<bool>& is_root, ValueId v);

}  // namespace kcc
