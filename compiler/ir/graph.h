// Graph: a pure function of inputs and state, as a list of nodes in topological order. Each node has one value,
// so a value's id is its node's index. What a graph does to the world is its outputs and its state writes;
// every state is read before it is written (reads see the old value).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compiler/ir/attrs.h"
#include "compiler/ir/type.h"

namespace kcc {

// The operations. What each means, its attributes, its shape, gradient and cost rules: compiler/ops.
enum class OpKind {
  // leaves
  kInput,     // index: position in Graph::inputs
  kState,     // index: position in the StateTable
  kConstant,  // value: number; a scalar
  kIota,      // shape, axis: position along the axis, i32
  kExtent,    // shape: how many elements that shape has at run time, as f32 scalar (for means over the batch)
  // element-wise, one operand
  kNeg,
  kAbs,
  kSign,
  kExp,
  kExpm1,
  kLog,
  kLog1p,
  kSqrt,
  kRsqrt,
  kTanh,
  kSigmoid,
  kErf,
  kSin,
  kCos,
  kFloor,
  kRound,
  kNot,
  kIsNan,
  kRelu,  // x <= 0 ? 0 : x, so that NaN stays NaN; its gradient needs only the result
  kCast,  // dtype: text
  // element-wise, operands of equal shape
  kAdd,
  kSub,
  kMul,
  kDiv,
  kPow,
  kMax,
  kMin,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kAnd,
  kOr,
  kSelect,  // (condition, a, b)
  // movement: every element of the result is one element of an operand
  kBroadcast,  // shape, dims: which dimension of the result each operand dimension becomes
  kReshape,    // shape
  kTranspose,  // perm: result dimension i is operand dimension perm[i]
  kSlice,      // starts, sizes, strides (sizes of batched dimensions are per sample and whole)
  kPad,        // low, high, value
  kConcat,     // axis
  kReverse,    // axis
  kGather,  // (table (V, D...), indices i32): the rows of the table at the indices, the first or last for those outside
  // reductions
  kReduceSum,
  kReduceMax,
  kReduceMin,   // axes; the reduced dimensions vanish
  kArgMax,      // axis; i32, the first of equal ones
  kScatterAdd,  // (indices i32, rows): shape: zeros with each row added at its index; the gradient of kGather's table
  // products, convolutions, pooling: layouts (B, spatial..., C) and (spatial..., C/groups, filters)
  kMatMul,          // transpose_a, transpose_b: of the last two dimensions; those before are the same
  kConv,            // (x, w): strides, dilations, low, high, groups
  kConvInputGrad,   // (g, w): the same and shape: of x
  kConvWeightGrad,  // (x, g): the same and shape: of w
  kMaxPool,         // (x): window, strides, low, high (padding never wins)
  kMaxPoolGrad,     // (x, y, g): the first of equal maxima in row-major order takes the gradient
  kAvgPool,         // (x): the same; divides by the number of elements inside the image
  kAvgPoolGrad,     // (g): the same and shape: of x
  // rows
  kSoftmax,
  kLogSoftmax,  // axis is the last
  kNormalize,   // axes, epsilon: (x - mean) / sqrt(variance + epsilon)
  // marks
  kStopGradient,  // its operand, for which no gradient flows
  // random
  // (key: u32(4) = seed low, seed high, step, first sample of the batch that is here): shape, stream: [0, 1). Element
  // i of a batched shape is element i + first * (elements a sample), rounded up to a multiple of 64, of all ranks'.
  kRandomUniform,
  // loops over time; Node::body is the step (compiler/ir/scan.h)
  kScan,    // (carries, sequences, invariants): steps, reverse, carries, sequences, mask
  kResult,  // (scan): index: one of its results
  // several processes
  kRankSum,  // (x): the sum of what the ranks have here, on every rank; never inside a kernel
  kCount
};

using ValueId = int32_t;
using StateId = int32_t;

struct Graph;

struct Node {
  OpKind op;
  std::vector<ValueId> inputs;
  Attrs attrs;
  Type type;
  int32_t origin = -1;                          // index into Module::origins: the layer this came from
  std::shared_ptr<const Graph> body = nullptr;  // kScan alone: what one step does
};

struct NamedType {
  std::string name;
  Type type;
  int64_t index_limit = 0;  // values are indices below this; 0: any value (compiler/passes/index_limits.h)
};

struct NamedValue {
  std::string name;
  ValueId value;
};

struct StateWrite {
  StateId state;
  ValueId value;
};

struct Graph {
  std::string name;               // "predict", "evaluate", "train", "report"
  std::vector<NamedType> inputs;  // what the caller gives, by position
  std::vector<Node> nodes;        // topological order
  std::vector<NamedValue> outputs;
  std::vector<StateWrite> writes;

  ValueId add(Node node) {
    nodes.push_back(std::move(node));
    return static_cast<ValueId>(nodes.size()) - 1;
  }
  const Node& operator[](ValueId id) const { return nodes[static_cast<size_t>(id)]; }
  ValueId size() const { return static_cast<ValueId>(nodes.size()); }
};

}  // namespace kcc
