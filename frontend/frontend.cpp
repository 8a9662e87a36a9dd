#include "frontend/frontend.h"

#include "frontend/bind_layers.h"
#include "frontend/build_graph.h"
#include "frontend/build_training.h"
#include "frontend/draw_model.h"
#include "frontend/old_layouts.h"
#include "frontend/read_model.h"
#include "frontend/saved_model.h"

namespace kcc {

Module read_module(const std::string& bytes, const std::string& file, const FrontendOptions& options,
                   Diagnostics& diagnostics) {
  const auto opened = parse_model({file, bytes}, diagnostics);
  return opened ? read_module(*opened, options, diagnostics) : Module();
}

Module read_module(const ModelFile& file, const FrontendOptions& options, Diagnostics& diagnostics) {
  Module module;
  const auto spec = read_model(file, diagnostics);
  if (!spec || diagnostics.has_errors()) return module;
  module.name = spec->name;
  module.keras_version = spec->keras_version;
  const Report report{file.name, "", diagnostics};
  auto model = bind_layers(*spec, options, report, module);
  if (!model) return module;
  // From here on the layers fit together: what is built cannot fail.
  note_old_layouts(*spec, module);
  build_predict(*model, module);
  if (options.inference) return module;
  describe_model(*spec, module);
  build_training(*model, options, report, module);
  return module;
}

std::optional<Diagram> read_diagram(const ModelFile& file, const FrontendOptions& options, const DiagramOptions& show,
                                    Diagnostics& diagnostics) {
  const auto spec = read_model(file, diagnostics);
  if (!spec || diagnostics.has_errors()) return std::nullopt;
  Module module;
  auto model = bind_layers(*spec, options, {file.name, "", diagnostics}, module);
  if (!model) return std::nullopt;
  build_predict(*model, module);  // the layers' types come to light with their operations
  return draw_model(*model->layers, show, module.fixed_batch);
}

}  // namespace kcc
