// Which updates of a table leave the rows as they are that a batch does not use: those that only add to the old value
// something that is zero where the table's gradient is, such as plain SGD's and Adagrad's. With momentum or squares to
// decay, or with weight decay, every row moves.
#pragma once

#include "compiler/passes/fuse.h"

namespace kcc {

// Whether a scatter's group does nothing but such updates in place.
bool updates_used_rows_alone(const KernelGraph& kernels, const Group& group);

}  // namespace kcc
