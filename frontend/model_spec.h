// ModelSpec: a model in Keras's words, whichever version and format wrote it. The readers (keras3, later keras1 and
// keras2) make it; build_graph turns it into graphs. Sequential and functional models are the same here: layers and
// the calls that connect them. Option values stay JSON with their places; the layers' recipes read them.
#pragma once

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
  std::vector<TensorSpec> inputs;
  json::Mark mark;
};

struct LayerSpec {
  std::string name;
  std::string class_name;
  json::Value config;  // an object
  json::Mark mark;
  std::vector<CallSpec> calls;       // one for an InputLayer, without inputs
  std::shared_ptr<ModelSpec> model;  // of a nested model, else null
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
};

}  // namespace kcc
