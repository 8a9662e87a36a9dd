// Where everything of a diagram stands on the page. Diagram -> Page, from which write_svg draws. Pixels, from the upper
// left corner.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/diagram.h"

namespace kcc::plot {

struct Position {
  double x = 0, y = 0;
};

// A box's rows of cells from top to bottom, each with the texts' sizes.
struct PlacedBox {
  const Diagram::Box* box = nullptr;
  double x = 0, y = 0, width = 0, height = 0;
};

// Around a diagram inside a box.
struct Frame {
  std::string name;
  double x = 0, y = 0, width = 0, height = 0;
};

// A path of straight pieces and curves: pieces along the direction of the page are straight, others are to be curves
// that begin and end in that direction.
struct Arrow {
  std::vector<Position> path;
};

struct Page {
  double width = 0, height = 0;
  bool left_to_right = false;  // arrows run so, otherwise from top to bottom
  std::vector<PlacedBox> boxes;
  std::vector<Frame> frames;  // outer ones first
  std::vector<Arrow> arrows;
};

// The diagram must outlive the page.
Page lay_out(const Diagram& diagram, bool left_to_right);

}  // namespace kcc::plot
