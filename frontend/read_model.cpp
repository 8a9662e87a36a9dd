#include "frontend/read_model.h"

#include "frontend/keras1.h"
#include "frontend/keras2.h"
#include "frontend/keras3.h"
#include "frontend/model_json.h"
#include "frontend/old_compile.h"

namespace kcc {

std::optional<ModelSpec> read_model(const ModelFile& file, Diagnostics& diagnostics) {
  const Report report{file.name, "", diagnostics};
  json::Value model = file.model;
  tidy_model(model);
  const KerasVersion version = keras_version_of(file.version, model);
  if (version.generation <= 2) make_counts_whole(model);
  if (version.generation == 1) upgrade_keras1(model, report);
  if (version.generation <= 2) upgrade_keras2(model, version, report);
  upgrade_compile(model, version);
  // From here on every model is one of Keras 3.
  auto spec = read_keras3(model, report);
  if (!spec) return spec;
  spec->keras_version = version.text;
  spec->is_rewritten = version.generation <= 2;
  // Keras 3 shares layers by numbers that tidying takes away.
  spec->source = spec->is_rewritten ? std::move(model) : file.model;
  return spec;
}

}  // namespace kcc
