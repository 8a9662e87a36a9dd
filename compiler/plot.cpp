#include "compiler/plot.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "compiler/plot/layout.h"
#include "compiler/plot/write_dot.h"
#include "compiler/plot/write_svg.h"
#include "compiler/support/file.h"
#include "compiler/support/subprocess.h"
#include "compiler/support/work_folder.h"

namespace kcc {
namespace {

bool write_png(const std::string& dot, const std::string& path, Diagnostics& diagnostics) {
  if (!is_command("dot")) {
    diagnostics.error({path}, "drawing a .png needs Graphviz, whose command 'dot' is not there",
                      "install it (Debian: apt install graphviz), or write a .svg, which needs nothing");
    return false;
  }
  const std::filesystem::path output = std::filesystem::absolute(path);
  const WorkFolder work(output.parent_path());
  if (!work.made()) {
    diagnostics.error({path}, fmt::format("cannot write: {}", std::strerror(errno)));
    return false;
  }
  if (!write_file(work.path() / "graph.dot", dot, diagnostics)) return false;
  const Outcome outcome = run_command({"dot", "-Tpng", "graph.dot", "-o", "graph.png"}, work.path());
  if (!outcome.good()) {
    diagnostics.error({path}, fmt::format("Graphviz's 'dot' failed ({}):\n{}", outcome.why(), outcome.messages));
    return false;
  }
  std::error_code error;
  std::filesystem::rename(work.path() / "graph.png", output, error);
  if (error) diagnostics.error({path}, fmt::format("cannot write: {}", error.message()));
  return !error;
}

}  // namespace

bool is_plot_file(const std::string& path) {
  return path.ends_with(".svg") || path.ends_with(".dot") || path.ends_with(".png");
}

bool write_plot(const Diagram& diagram, const PlotOptions& options, const std::string& path, Diagnostics& diagnostics) {
  if (path.ends_with(".svg")) {
    const plot::Page page = plot::lay_out(diagram, options.left_to_right);
    return write_file(path, plot::write_svg(page, diagram.name), diagnostics);
  }
  const std::string dot = plot::write_dot(diagram, options.left_to_right, options.dpi);
  return path.ends_with(".dot") ? write_file(path, dot, diagnostics) : write_png(dot, path, diagnostics);
}

}  // namespace kcc
