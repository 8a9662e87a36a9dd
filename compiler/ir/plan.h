// KernelGraph and Plan: what fusion and memory planning make of a module.
//   Module -> fuse -> KernelGraph (a list of kernels in order, each a small graph of its own)
//          -> plan -> Plan (the same with distinct kernels, every operand placed in memory)
// Nothing is invented after the Plan: codegen compiles its kernels and writes its calls down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/ir/module.h"

namespace kcc {

// Which kernel family (codegen/kernels) implements a group: decided by its one heavy operation, the anchor.
enum class Family {
  kPointwise,  // element-wise and movement only
  kRows,       // reductions over trailing dimensions with element-wise work before, between and after: softmax,
               // losses, layer normalization
  kReduction,  // reductions over leading or all dimensions, element-wise work before them only
  kMatMul,
  kBatchMatMul,  // a product of matrices a sample
  kConv,
  kConvInputGrad,
  kConvWeightGrad,
  kMaxPool,
  kMaxPoolGrad,
  kAvgPool,
  kAvgPoolGrad,
  kScatter,   // rows added up by index
  kLoop,      // no kernel: the body of a scan has kernels of its own
  kExchange,  // no kernel: the runtime adds up what the ranks have
};
const char* name_of(Family family);

// A kernel's body is a Graph: kInput nodes are its operands by position, outputs its results, of the anchor's shape,
// for kRows also without the reduced dimensions, for kPointwise of one shape; in loops that of a product's gate
// (join_gates.h) or with concatenations beside it (join_concats.h). Kernels of the same printed body and family are the
// same kernel.
struct Kernel {
  Family family = Family::kPointwise;
  Graph body;
  ValueId anchor = -1;  // the heavy node in body; -1 for kPointwise
  std::string name;     // symbol: "mlp_dense_relu_3", unique in the plan
};

// How an operand of a call inside a loop moves: step t finds it `slot` * (fixed + batch * B) bytes further on, where
// `slot` is t, or in a ring of slots that are used by turns (t + shift) % ring.
struct Stride {
  int64_t fixed = 0, batch = 0;
  int32_t ring = 0, shift = 0;

  bool moves() const { return fixed != 0 || batch != 0; }
  bool operator==(const Stride&) const = default;
};

// Where an operand lives.
enum class Space { kArena, kState, kInput, kOutput };
struct TensorRef {
  Space space = Space::kArena;
  int32_t index = 0;         // kState: state id; kInput, kOutput: position
  int64_t fixed_offset = 0;  // kArena: bytes = fixed_offset + batch_offset * batch
  int64_t batch_offset = 0;  // kState: fixed_offset is the byte in the state block
  Type type;                 // as the kernel sees it (a view may have another shape than what was written)
  std::string name;          // for generated code: "conv2d_relu"
  Stride stride = {};        // in loops

  bool operator==(const TensorRef&) const = default;
};

struct KernelCall {
  int32_t kernel = -1;             // index into Plan::kernels
  std::vector<TensorRef> inputs;   // by position of kInput nodes
  std::vector<TensorRef> outputs;  // by position
  std::string comment;             // "conv2d (Conv2D): conv + bias + relu"
  int32_t origin = -1;
  double flops = 0;  // a sample
  double bytes = 0;  // a sample, operands and results
};

// Calls that run for t = 0 ... steps - 1, or with `reverse` the other way; where `mask` (B) holds for no sample at t,
// the idle calls run instead.
struct Loop {
  int64_t steps = 0;
  bool reverse = false;
  std::vector<KernelCall> calls;
  std::vector<KernelCall> idle_calls;
  std::optional<TensorRef> mask;
  std::string comment;  // "lstm (LSTM)"
};

// The runtime starts to add up over the ranks what the sources hold, into the targets, while calls go on. A source may
// be its target; neither is touched until the exchange is awaited.
struct Exchange {
  struct Sum {
    TensorRef source, target;
  };
  int32_t bucket = 0;  // exchanges of an entry start in the order of their numbers
  std::vector<Sum> sums;
};
// The targets of that exchange are there from here on.
struct Await {
  int32_t bucket = 0;
};

using PlanStep = std::variant<KernelCall, Loop, Exchange, Await>;

struct EntryPlan {
  std::string name;  // "predict", "evaluate", "train", "report", "train_share"
  std::vector<NamedType> inputs;
  std::vector<NamedType> outputs;
  std::vector<PlanStep> steps;
  int64_t arena_fixed = 0;  // bytes the arena needs = arena_fixed + arena_batch * batch
  int64_t arena_batch = 0;
  int64_t bound_fixed = 0;  // what no packing can go below: the most that is alive during one call
  int64_t bound_batch = 0;
};

// Every call of the entry, those of loops once, in order.
std::vector<const KernelCall*> calls_of(const EntryPlan& entry);
// Floating-point operations a sample, loops in full.
double flops_of(const EntryPlan& entry);

struct Plan {
  std::vector<Kernel> kernels;         // distinct
  std::vector<EntryPlan> entries;      // predict; evaluate, train, report and train_share where a loss is known
  std::vector<int64_t> state_offsets;  // byte of each state in the state block, 64-aligned
  int64_t state_bytes = 0;
};

}  // namespace kcc
