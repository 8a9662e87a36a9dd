#include "compiler/plot/box_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace kcc::plot {
namespace {

// Widths of Helvetica's characters from the space on, in thousandths of its size (Adobe's font metrics, Helvetica.afm).
constexpr int kWidths[] = {278,  278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
                           556,  556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
                           1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
                           667,  778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
                           333,  556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
                           556,  556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584};

}  // namespace

std::string title_of(const Diagram::Box& box) {
  return box.name.empty() ? box.class_name : fmt::format("{} ({})", box.name, box.class_name);
}

std::string label_of(const Diagram::Cell& cell) {
  return cell.label.empty() ? "" : cell.label + ":";
}

// More than Helvetica needs: bold letters are wider, and so are the fonts that stand in for it, as DejaVu Sans.
double text_width(const std::string& text, double size) {
  constexpr double kMore = 1.28;
  int width = 0;
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F)
      width += kWidths[byte - 0x20];
    else if ((byte & 0xC0) != 0x80)
      width += 700;
  }
  return kMore * size * width / 1000;
}

std::vector<double> cell_widths(const Diagram::Box& box) {
  std::vector<double> widths;
  for (const Diagram::Cell& cell : box.cells)
    widths.push_back(text_width(label_of(cell) + cell.value, kTextSize) + kWordSpace + 2 * kCellPadding);
  return widths;
}

Extent extent_of(const Diagram::Box& box) {
  const std::vector<double> cells = cell_widths(box);
  Extent extent{text_width(title_of(box), kTitleSize) + 2 * kCellPadding, kTitleHeight};
  extent.width = std::max(extent.width, std::accumulate(cells.begin(), cells.end(), 0.0));
  if (!box.activation.empty()) {
    extent.width = std::max(extent.width, text_width("Activation:" + box.activation, kTextSize) + 2 * kCellPadding);
    extent.height += kRowHeight;
  }
  if (!cells.empty()) extent.height += kRowHeight;
  return extent;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

}  // namespace kcc::plot
