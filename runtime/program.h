// Program: what generated code offers to the runtime. This header is the whole contract between the two: generated
// code fills these tables with constants and defines the entry functions; the runtime reads files, owns memory and
// threads, and calls them. Plain structs without constructors, so that the tables need no code at start-up.
#pragma once

#include <cstdint>

#include "runtime/cpu.h"

namespace kcc::runtime {

enum class ElementType : int32_t { kF32, kI32, kU32, kBool };

// A tensor without its batch: extents of one sample, outermost first. For states: of the whole tensor.
struct TensorInfo {
  const char* name;
  ElementType type;
  int32_t rank;
  const int64_t* extents;
  int64_t elements;         // product of extents
  int64_t index_limit = 0;  // of inputs: the values are whole and in [0, index_limit); 0: any
};

enum class Role : int32_t { kWeight, kStatistic, kSlot, kOptimizer, kMetric, kRandom, kStep, kMemory };
enum class Fill : int32_t { kConstant, kUniform, kNormal, kTruncatedNormal, kOrthogonal, kIdentity, kSeed };

// How Keras 1 and 2 stored a weight, where that differs from the state; runtime/weights/old_layouts.h.
enum class OldLayout : int32_t {
  kSame,
  // Kernels of convolutions. Keras 1 ordered them by its "dim_ordering"; Theano flips them.
  kConvolution,
  kConvolutionChannelsFirst,
  kTransposedConvolution,
  kTransposedConvolutionChannelsFirst,
  // Kernel, recurrent kernel and bias. Keras 1 had an array for each gate.
  kLstm,
  kGru,
};

struct StateInfo {
  TensorInfo tensor;      // name as Keras names the variable: "dense/kernel"
  const char* file_path;  // in .weights.h5: "layers/dense/vars/0"; "" if it is not kept there
  Role role;
  int64_t offset;  // byte in the state block, a multiple of 64
  Fill fill;       // meaning of a and b: compiler/ir/module.h, Initializer
  double a, b;
  int64_t seed;                            // -1: the run's
  int64_t ones_first = 0, ones_count = 0;  // elements that are 1
  // For files that list weights by layer (.h5 of any Keras): the name of the model's own layer that has it, "" if none.
  const char* layer = "";
  OldLayout old_layout = OldLayout::kSame;
  int32_t final_value = -1;  // index of the state whose value this one takes when training ends; -1: it keeps its own
};

// What `report` computes of the states of role kMetric, by position.
struct MetricInfo {
  const char* name;
};

struct TargetInfo {
  TensorInfo tensor;
  bool class_indices_allowed;  // integer labels become one-hot rows
  bool is_class_index;         // wants integer labels; (n,) and (n, 1) both fit
  TensorInfo weight;  // of its sample weights: f32, one a sample, or one a step of each where they are temporal
};

struct LayerInfo {
  const char* name;
  const char* class_name;
  const char* output_shape;
  int64_t parameters;
  const char* connected_to;  // comma-separated
};

class Context;  // threads and scratch memory; runtime/context.h

// What the ranks add up: count floats each. The sum replaces what `target` holds; they may be the same.
struct Summand {
  const void* source;
  void* target;
  int64_t count;
};

// One call of an entry. Every pointer is 64-byte aligned or at least aligned to its element type; `state` and `arena`
// are 64-byte aligned.
struct Step {
  int32_t batch;
  const void* const* inputs;  // predict: inputs. evaluate, train: inputs, targets, sample weights. report: none
  void* const* outputs;       // predict: outputs. report: one float a metric. Others none
  char* state;
  char* arena;  // arena_fixed + arena_batch * batch bytes
  Context* context;
};

// A block that a kernel takes while it runs: fixed + batch * B bytes.
struct Scratch {
  int32_t kernel;    // the blocks of one kernel follow each other and are alive together
  bool each_thread;  // that takes part
  int64_t fixed, batch;
};

struct EntryInfo {
  int (*run)(const Step& step);  // 0, or Halide's error code; null: this program has no such entry
  int64_t arena_fixed, arena_batch;
  double flops;  // a sample
  const Scratch* scratch = nullptr;
  int32_t scratch_count = 0;
};

// Reads a picture as a sample (height, width, channels) of values 0 to 255, resized as Keras does; false: `message`
// says which file and why. Defined in libkcc_images.a, which programs that do not name it go without.
using LoadImage = bool (*)(const char* path, int64_t height, int64_t width, int64_t channels, float* out, char* message,
                           int64_t message_bytes);
bool load_image(const char* path, int64_t height, int64_t width, int64_t channels, float* out, char* message,
                int64_t message_bytes);

// For files of the whole model (runtime/weights/whole_model.h): JSON that Keras 3 loads, written as it is.
struct SavedModel {
  const char* model = "";      // {"class_name": ..., "config": ...}; "" where the program cannot train
  const char* optimizer = "";  // {"class_name": ..., "config": ...}; "" without a loss
  const char* compile = "";    // compile()'s other arguments, as an object's members: "loss": "mse", ...
  const char* refusal = "";    // why the model cannot be saved as a whole; else ""
};

// What --verify-data stored: an array for each input and output, of their types.
struct SelfTest {
  int64_t rows;
  const void* const* inputs;
  const void* const* expected;
};

struct Program {
  const char* name;
  const char* model_name;     // Keras's name of the model
  const char* keras_version;  // of the file
  bool is_sequential;
  int32_t input_count, output_count, target_count, state_count, metric_count, layer_count;
  const TensorInfo* inputs;
  const TensorInfo* outputs;
  const TargetInfo* targets;
  const StateInfo* states;
  const MetricInfo* metrics;  // metrics[0] is the loss
  const LayerInfo* layers;
  int64_t state_bytes;
  int64_t trainable_parameters, other_parameters;
  int32_t iterations, learning_rate, random_key;  // state indices or -1
  int32_t whole_batch = -1;                       // the same: for train_share, the samples of a batch, of all ranks
  int32_t default_batch;
  int32_t fixed_batch = 0;  // the only batch that a stateful model runs; 0: any
  EntryInfo predict, evaluate, train;
  EntryInfo report;                            // from the sums in the states to the metrics; its batch is 1
  EntryInfo train_share = {};  // train for one rank among several, on its share of a batch
  const char* share_obstacle = nullptr;        // why there is none, or null
  int32_t cpu_target_count = 0;
  const CpuTarget* cpu_targets = nullptr;  // best first; null: nobody knows, as with sources that users compile
  const SelfTest* self_test = nullptr;     // null: none was stored
  SavedModel saved;
  const float* initial_weights;    // embedded weights in the order and layout of states with a file_path, or null
  LoadImage load_image = nullptr;  // null: the program has no single input that can be a picture
  int32_t timed_calls = 0;         // how many kernel calls tell Context when they begin and end; kcc bench
};

// The trainer's main(): parses the command line and runs fit, evaluate, predict, summary, bench.
int trainer_main(const Program& program, int argc, char** argv);

}  // namespace kcc::runtime
