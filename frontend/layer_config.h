// LayerConfig: the options of one layer as its recipe reads them, with the layers that it wraps.
#pragma once

#include <optional>
#include <string>

#include "frontend/layer.h"
#include "frontend/model_spec.h"

namespace kcc {

class LayerConfig : public ConfigReader {
 public:
  LayerConfig(const LayerSpec& spec, const std::string& class_name, const Report& report,
              const Environment& environment)
      : ConfigReader(&spec.config, spec.mark, class_name, report, environment), spec_(spec) {}

  const LayerSpec& spec() const { return spec_; }
  // The layer or model inside the config under this key. Empty after reporting what is wrong with it, or that there is
  // none.
  std::optional<LayerBody> child(const std::string& key);

 private:
  const LayerSpec& spec_;
};

}  // namespace kcc
