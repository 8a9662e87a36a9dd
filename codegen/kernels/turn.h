// A turn: the body reads operands along another dimension than the one it writes along, as a transpose does. Tiles of
// both dimensions are copied along the first, where they lie dense, and written along the second, so that every cache
// line is used while it is there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "Halide.h"
#include "codegen/kernels/schedule.h"
#include "codegen/lower.h"
#include "codegen/target.h"

namespace kcc {

struct Turn {
  size_t along = 0;              // position of the variable that runs along the operands' innermost dimension
  std::vector<size_t> operands;  // those that are read so and in no other way
};

// Whether the operand of a read goes one element further, or nowhere, with each step of the variable.
bool is_dense_along(const Read& read, const Halide::Expr& x, const std::string& name);

// What lowering read at `vars` (outermost first), if all that is not dense along the last of them is dense along one
// other, and both have fixed extents.
std::optional<Turn> find_turn(const Lowering& lowering, const Vars& vars, const Shape& extents);

// `exact`: no element may be computed twice. Leaves the outermost loops to the caller; `rows` of the turned variable's
// loop, if that is the outermost.
struct TurnedLoops {
  Halide::Var outermost;
  std::string text;
};
TurnedLoops schedule_turn(Halide::Func f, Lowering& lowering, const Turn& turn, const Vars& vars, const Shape& extents,
                          const MachineTarget& target, bool exact);

}  // namespace kcc
