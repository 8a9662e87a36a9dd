// The frontend as the driver sees it: bytes of a model file -> Module. From there on nothing knows Keras.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/diagram.h"
#include "compiler/ir/module.h"
#include "compiler/support/diagnostics.h"
#include "frontend/environment.h"
#include "frontend/model_file.h"

namespace kcc {

// What the command line says over the file's own compile configuration; values spelt as in Keras code.
struct TrainingOverrides {
  std::optional<std::string> optimizer;                      // "adam", "SGD(lr=0.01, momentum=0.9)"
  std::map<std::string, std::string> losses;                 // by output name; "" for every output
  std::vector<std::pair<std::string, std::string>> metrics;  // (output name or "", metric)
  std::map<std::string, double> loss_weights;                // by output name
  std::map<std::string, bool> temporal_weights = {};         // by output name, "" for every output: one weight a step
};

struct FrontendOptions {
  std::map<std::string, std::vector<int64_t>> input_shapes;  // --input-shape, by input layer; "" for the only one
  TrainingOverrides training;
  Environment environment = {};
  bool inference = false;  // nothing of training: the file's compile configuration is not read
};

// What plot_model calls show_shapes, show_dtype, ...
struct DiagramOptions {
  bool shapes = true, dtypes = false, layer_names = false, activations = false, trainable = false;
  bool expand_nested = false;
};

// On errors the result is meaningless.
Module read_module(const ModelFile& file, const FrontendOptions& options, Diagnostics& diagnostics);
// The picture of a model. Empty after reporting.
std::optional<Diagram> read_diagram(const ModelFile& file, const FrontendOptions& options, const DiagramOptions& show,
                                    Diagnostics& diagnostics);
// From JSON; `file` is for messages.
Module read_module(const std::string& bytes, const std::string& file, const FrontendOptions& options,
                   Diagnostics& diagnostics);

}  // namespace kcc
