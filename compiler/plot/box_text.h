// The texts of a diagram's box and the room that they take.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/diagram.h"

namespace kcc::plot {

constexpr double kTitleSize = 14, kTextSize = 12;     // of letters, in pixels
constexpr double kTitleHeight = 28, kRowHeight = 26;  // of a box's rows
constexpr double kWordSpace = 4;                      // between a label and its value
constexpr double kCellPadding = 10;                   // left and right of a text

struct Extent {
  double width = 0, height = 0;
};

// "dense (Dense)", or the class alone.
std::string title_of(const Diagram::Box& box);
// "Input shape:"
std::string label_of(const Diagram::Cell& cell);

Extent extent_of(const Diagram::Box& box);
std::vector<double> cell_widths(const Diagram::Box& box);  // without what the box is wider than its cells
double text_width(const std::string& text, double size);   // about, of bold letters

// For XML and Graphviz: what would be markup, as entities.
std::string escaped(const std::string& text);

}  // namespace kcc::plot
