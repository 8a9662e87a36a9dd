// fuse: groups the nodes of a graph so that each group becomes one kernel.
//
// Some values are ROOTS: they must exist as a whole, in memory or in their kernel's registers: operands of products and
// pools, results of reductions, what is read or stretched in another order, what leaves the graph, and what would be
// dear to compute twice. Everything between roots is inlined into each kernel that wants it. Roots are placed in
// topological order: heavy ones (anchors) open a group, the others join the group that their operands come from if
// they run over the same elements and no cycle arises (an epilogue), or else open a pointwise group. The gradient of a
// convolution's bias joins the one of its weights, which reads the same gradient.
//
// State is written in place, so a group that writes a state runs after every group that reads it.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/plan.h"

namespace kcc {

struct Group {
  Family family = Family::kPointwise;
  std::vector<ValueId> roots;    // in topological order; the first is the anchor unless pointwise
  std::vector<ValueId> outputs;  // roots that other groups or the caller read
  Shape domain;                  // what the kernel runs over
  Shape kept;                    // kRows, kReduction: the domain without the reduced axes; kConvWeightGrad: of a bias
  std::vector<int64_t> axes;     // kRows, kReduction: the reduced axes of the domain
  std::string ended;             // why the group is not larger, for --explain=fusion
};

// A value that must also be stored in a place that its group does not write: an output that is an input, say.
struct Copy {
  ValueId value = -1;
  StateId state = -1;  // or
  int32_t output = -1;
};

struct KernelGraph {
  Graph graph;
  std::vector<Group> groups;      // in the order in which they run
  std::vector<Copy> copies;       // run after all groups
  std::vector<bool> is_root;      // by value
  std::vector<int32_t> group_of;  // by value: of roots, index into groups; else -1
};

// How long the calls take. In a loop's step they are so short that their number counts: values over the same elements
// go into one kernel wherever they read the same value.
enum class Calls { kLong, kShort };

KernelGraph fuse(const Graph& graph, Calls calls = Calls::kLong);

// For --explain=fusion: a group a line with its layers and why it ended.
std::string explain_fusion(const KernelGraph& kernels, const Module& module);

}  // namespace kcc
