// `kcc plot`: the picture of a model as the file that the command line asks for: .svg and .dot by ourselves, .png by
// Graphviz.
#pragma once

#include <string>

#include "compiler/ir/diagram.h"
#include "compiler/support/diagnostics.h"

namespace kcc {

struct PlotOptions {
  bool left_to_right = false;
  int dpi = 200;  // of .png
};

// Whether the name's end says what to write.
bool is_plot_file(const std::string& path);

// False when diagnostics say why.
bool write_plot(const Diagram& diagram, const PlotOptions& options, const std::string& path, Diagnostics& diagnostics);

}  // namespace kcc
