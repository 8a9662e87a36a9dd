// Module: the whole model after the frontend. From here on nothing knows Keras; names are only carried along for
// files, messages and people.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/graph.h"

namespace kcc {

enum class StateRole {
  kWeight,     // trained
  kStatistic,  // a weight that training does not touch by gradient, such as a moving mean
  kSlot,       // an optimizer's memory of one weight
  kOptimizer,  // an optimizer's own scalars: iteration, learning rate
  kMetric,     // sums over batches, zeroed at the start of every epoch and evaluation
  kRandom,     // seeds; never trained
  kStep,       // set by the runtime before each step
  kMemory,     // a stateful layer's, of the fixed batch: graphs see it as (B, ...); lost when the program ends
};

// How the runtime fills a state before training. Distributions are Keras's (runtime/initialize.h).
struct Initializer {
  enum class Kind {
    kConstant,         // a: value
    kUniform,          // a: low, b: high
    kNormal,           // a: mean, b: standard deviation
    kTruncatedNormal,  // a: mean, b: standard deviation before truncation at two of them
    kOrthogonal,       // a: gain
    kIdentity,         // a: gain
    kSeed,             // u32 words drawn from the run's seed
  };
  Kind kind = Kind::kConstant;
  double a = 0, b = 0;
  int64_t seed = -1;                       // the initializer's own seed, or -1: the run's
  int64_t ones_first = 0, ones_count = 0;  // elements that are 1 whatever the others are
};

// How Keras 1 and 2 stored a weight, where that differs: runtime/program.h, OldLayout.
enum class OldLayout {
  kSame,
  kConvolution,
  kConvolutionChannelsFirst,
  kTransposedConvolution,
  kTransposedConvolutionChannelsFirst,
  kLstm,
  kGru,
};

struct State {
  std::string name;       // as Keras names the variable: "dense/kernel"
  std::string file_path;  // where .weights.h5 keeps it: "layers/dense/vars/0", "optimizer/vars/2"; "" if nowhere
  StateRole role = StateRole::kWeight;
  Type type;  // fixed shape
  Initializer initializer;
  int32_t origin = -1;
  std::string layer = "";  // the model's own layer that has it, as .h5 files list weights; "" where they do not
  OldLayout old_layout = OldLayout::kSame;
  StateId final_value = -1;  // the state whose value this one takes when training ends, or -1: it keeps its own
};

// Where a node came from, for messages, explanations and generated code.
struct Origin {
  std::string layer;  // "conv2d", "encoder/dense_1", "loss", "optimizer"
  std::string class_name;
};

// One row of the summary table.
struct LayerRow {
  std::string name;
  std::string class_name;
  std::string output_shape;  // as Keras prints it: "(None, 10)"
  int64_t parameters = 0;
  std::vector<std::string> connected_to;
};

// A label as the trainer takes it: the graph's target input `name` has this type; how files may spell it.
struct Target {
  std::string name;                    // the output layer's name
  Type type;                           // of the graph's input
  bool class_indices_allowed = false;  // integer labels become one-hot rows (as to_categorical would)
  bool is_class_index = false;         // wants integer labels; (n,) and (n, 1) both fit
  Type sample_weight = {DType::kF32, batched_shape({})};  // one a sample, or (B, T) where they are temporal
};

// What the files of a whole model say beside its weights: JSON that Keras 3 loads. The program writes it as it is.
struct SavedModel {
  std::string model;      // {"class_name": ..., "config": ...}; "" where the program cannot train
  std::string optimizer;  // {"class_name": ..., "config": ...}; "" without a loss
  std::string compile;    // compile()'s other arguments, as an object's members: "loss": "mse", ...
  std::string refusal;    // why the model cannot be saved as a whole; else ""
};

struct Module {
  std::string name;  // the model's name: "sequential", "functional"
  std::string keras_version;
  bool is_sequential = false;
  int64_t fixed_batch = 0;  // the one batch that the model runs with, or 0: any
  std::vector<Origin> origins;
  std::vector<State> states;
  std::vector<std::string> metrics;  // what report gives, by position; metrics[0] is "loss"
  std::vector<NamedType> inputs;     // of predict
  std::vector<NamedType> outputs;    // of predict
  std::vector<Target> targets;       // empty when no loss is known
  std::vector<LayerRow> layers;
  int64_t trainable_parameters = 0;
  int64_t other_parameters = 0;
  StateId iterations = -1;     // i32 scalar, steps done; -1 without an optimizer
  StateId learning_rate = -1;  // f32 scalar that the user may change, or -1: a schedule computes it
  StateId random_key = -1;     // u32(4); -1 when nothing is random
  StateId whole_batch = -1;    // f32 scalar for train_share: the samples of a batch, those of all ranks; -1: unused
  SavedModel saved;

  // predict: inputs -> outputs. evaluate and train: inputs, then targets, then one sample weight (B) a target;
  // they have no outputs but add to the metrics' states (and train writes everything else). report: those states -> one
  // f32 scalar a metric. Empty without a loss.
  Graph predict, evaluate, train, report;
  // train for one rank among several (passes/split_batch.h), or empty: then the obstacle says why, if there is one.
  Graph train_share;
  std::string share_obstacle;
};

}  // namespace kcc
