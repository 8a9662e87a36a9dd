#include "compiler/summary.h"

#include <fmt/format.h>

#include "runtime/program.h"
#include "runtime/summary.h"
#include "runtime/terminal.h"

namespace kcc {
namespace {

runtime::StateInfo state_info(const State& state) {
  runtime::StateInfo info{};
  info.tensor.name = state.name.c_str();
  info.tensor.elements = element_count(state.type.shape).size;
  info.role = static_cast<runtime::Role>(state.role);
  info.file_path = state.file_path.c_str();
  return info;
}

}  // namespace

std::string summary_text(const Module& module) {
  std::vector<std::string> connections;
  for (const LayerRow& row : module.layers) connections.push_back(fmt::format("{}", fmt::join(row.connected_to, ",")));
  std::vector<runtime::LayerInfo> layers;
  for (size_t i = 0; i < module.layers.size(); ++i) {
    const LayerRow& row = module.layers[i];
    layers.push_back(
        {row.name.c_str(), row.class_name.c_str(), row.output_shape.c_str(), row.parameters, connections[i].c_str()});
  }
  std::vector<runtime::StateInfo> states;
  for (const State& state : module.states) states.push_back(state_info(state));
  runtime::Program program{};
  program.name = program.model_name = module.name.c_str();
  program.is_sequential = module.is_sequential;
  program.layers = layers.data();
  program.layer_count = static_cast<int32_t>(layers.size());
  program.states = states.data();
  program.state_count = static_cast<int32_t>(states.size());
  program.trainable_parameters = module.trainable_parameters;
  program.other_parameters = module.other_parameters;
  return runtime::summary_text(program, runtime::page_columns(), runtime::utf8_locale());
}

}  // namespace kcc
