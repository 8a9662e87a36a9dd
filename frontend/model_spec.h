// ModelSpec: a model in Keras's words, whichever version and format wrote it. The readers (keras3, later keras1 and
// keras2) make it; build_graph turns it into graphs. Sequential and functional models are the same here: layers and
// the calls that connect them. Option values stay JSON with their places; the layers' recipes read them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "frontend/json.h"

namespace kcc {

struct ModelSpec;

// An output of one call of a layer: Keras's history triple.
struct TensorSpec {
  std::string layer;
  int64_t call = 0;
  int64_t output = 0;
  json::Mark mark;
};

// One inbound node: the layer applied to these tensors.
struct CallSpec {
  std::vector<TensorSpec> inputs;  // by position
  json::Mark mark;
  std::map<std::string, std::vector<TensorSpec>>
      by_name;  // keyword arguments that are tensors: "initial_state", "mask"
};

// A reader rewrites what older versions spell otherwise: class names, option names and values here are Keras 3's, and
// where an older version means something else the value says so ("keras2_hard_sigmoid").
struct LayerSpec {
  std::string name;
  std::string class_name;
  json::Value config;  // an object
  json::Mark mark;
  bool is_operation = false;                  // of keras.ops, not a layer: its arguments are in the config
  std::vector<CallSpec> calls;                // one for an InputLayer, without inputs; none for a child
  std::shared_ptr<ModelSpec> model;           // of a nested model, else null
  std::map<std::string, LayerSpec> children;  // layers inside the config, by key: "layer", "forward_layer", "cell"
};

// The arguments of compile(); null values where the file says nothing.
struct CompileSpec {
  json::Value optimizer, loss, loss_weights, metrics, weighted_metrics;
};

struct ModelSpec {
  std::string name;
  std::string keras_version;
  bool is_sequential = false;
  bool trainable = true;
  std::vector<LayerSpec> layers;  // in the file's order; of unique names
  std::vector<TensorSpec> inputs, outputs;
  CompileSpec compile;
  json::Mark mark;
  // Of the outermost model alone: what it was read from, in Keras 3's words, and whether an older version wrote it.
  json::Value source;
  bool is_rewritten = false;
};

}  // namespace kcc
