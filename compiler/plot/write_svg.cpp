#include "compiler/plot/write_svg.h"

#include <fmt/format.h>

#include <cmath>

#include "compiler/plot/box_text.h"

namespace kcc::plot {
namespace {

constexpr const char* kDark = "#2f3e4e";
constexpr const char* kInk = "#1c1c1c";

class Writer {
 public:
  std::string write(const Page& page, const std::string& title) {
    text_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
        "{1:.0f}\" "
        "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"{2}\" fill=\"{4}\">\n<title>{3}</title>\n"
        "<defs><marker id=\"head\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" markerHeight=\"9\" "
        "markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0.8 L10 5 L0 9.2 z\" "
        "fill=\"#555\"/></marker></defs>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        std::ceil(page.width), std::ceil(page.height), kTextSize, escaped(title), kInk);
    for (const Frame& frame : page.frames) add_frame(frame);
    text_ += "<g fill=\"none\" stroke=\"#555\" stroke-width=\"1.3\">\n";
    for (const Arrow& arrow : page.arrows) add_arrow(arrow, page.left_to_right);
    text_ += "</g>\n";
    for (const PlacedBox& box : page.boxes) add_box(box);
    return std::move(text_) + "</svg>\n";
  }

 private:
  void add_rectangle(double x, double y, double width, double height, const std::string& style) {
    text_ += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" {}/>\n", x, y, width,
                         height, style);
  }

  void add_frame(const Frame& frame) {
    add_rectangle(frame.x, frame.y, frame.width, frame.height,
                  "rx=\"4\" fill=\"#f6f7f8\" stroke=\"#8a949e\" stroke-dasharray=\"5 3\"");
    text_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\">{}</text>\n", frame.x + 10, frame.y + 18,
                         kTitleSize, escaped(frame.name));
  }

  // Along the page's direction straight, else a curve that leaves and arrives along it.
  void add_arrow(const Arrow& arrow, bool left_to_right) {
    std::string path;
    Position last;
    for (const Position& at : arrow.path) {
      const double across = left_to_right ? at.y - last.y : at.x - last.x;
      if (path.empty()) {
        path = fmt::format("M{:.1f} {:.1f}", at.x, at.y);
      } else if (std::abs(at.x - last.x) < 0.05 && std::abs(at.y - last.y) < 0.05) {
        continue;
      } else if (std::abs(across) < 0.05) {
        path += fmt::format(" L{:.1f} {:.1f}", at.x, at.y);
      } else if (left_to_right) {
        const double middle = (last.x + at.x) / 2;
        path += fmt::format(" C{0:.1f} {1:.1f} {0:.1f} {3:.1f} {2:.1f} {3:.1f}", middle, last.y, at.x, at.y);
      } else {
        const double middle = (last.y + at.y) / 2;
        path += fmt::format(" C{1:.1f} {0:.1f} {2:.1f} {0:.1f} {2:.1f} {3:.1f}", middle, last.x, at.x, at.y);
      }
      last = at;
    }
    text_ += fmt::format("<path d=\"{}\" marker-end=\"url(#head)\"/>\n", path);
  }

  // Two texts side by side around the middle of their cell, of which one is bold. Each is anchored where they meet:
  // what stands in for the font may be of another width.
  void add_pair(double x, double y, double size, const std::string& left, const std::string& right, bool bold_left,
                const char* colour) {
    const double meet = x + (text_width(left, size) - text_width(right, size)) / 2;
    add_text(meet - kWordSpace / 2, y, size, left, "end", bold_left, colour);
    add_text(meet + kWordSpace / 2, y, size, right, "start", !bold_left, colour);
  }

  void add_text(double x, double y, double size, const std::string& words, const char* anchor, bool bold,
                const char* colour) {
    if (words.empty()) return;
    text_ +=
        fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" font-size=\"{}\" fill=\"{}\"{}>{}</text>\n", x,
                    y + size * 0.36, anchor, size, colour, bold ? " font-weight=\"bold\"" : "", escaped(words));
  }

  void add_title(const PlacedBox& placed) {
    const Diagram::Box& box = *placed.box;
    add_rectangle(placed.x, placed.y, placed.width, kTitleHeight, fmt::format("fill=\"{}\"", kDark));
    const double x = placed.x + placed.width / 2, y = placed.y + kTitleHeight / 2;
    if (box.name.empty())
      add_text(x, y, kTitleSize, box.class_name, "middle", true, "#fff");
    else
      add_pair(x, y, kTitleSize, box.name, fmt::format("({})", box.class_name), true, "#fff");
  }

  void add_box(const PlacedBox& placed) {
    const Diagram::Box& box = *placed.box;
    add_rectangle(placed.x, placed.y, placed.width, placed.height, "fill=\"#fff\"");
    add_title(placed);
    double y = placed.y + kTitleHeight;
    if (!box.activation.empty()) {
      add_pair(placed.x + placed.width / 2, y + kRowHeight / 2, kTextSize, "Activation:", box.activation, false, kInk);
      y += kRowHeight;
      if (!box.cells.empty()) add_rule(placed.x, y, placed.x + placed.width, y);
    }
    add_cells(placed, y);
    add_rectangle(placed.x, placed.y, placed.width, placed.height, fmt::format("fill=\"none\" stroke=\"{}\"", kDark));
  }

  void add_rule(double x1, double y1, double x2, double y2) {
    text_ += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x1, y1, x2,
                         y2, kDark);
  }

  void add_cells(const PlacedBox& placed, double y) {
    const std::vector<double> widths = cell_widths(*placed.box);
    double spare = placed.width;
    for (double width : widths) spare -= width;
    double x = placed.x;
    for (size_t i = 0; i < widths.size(); ++i) {
      const Diagram::Cell& cell = placed.box->cells[i];
      const double width = widths[i] + spare / static_cast<double>(widths.size());
      const bool plain = cell.tone == Diagram::Tone::kPlain;
      if (!plain)
        add_rectangle(x, y, width, kRowHeight,
                      fmt::format("fill=\"{}\"", cell.tone == Diagram::Tone::kTrained ? "#3f7f4f" : "#a04a44"));
      if (i > 0) add_rule(x, y, x, y + kRowHeight);
      if (cell.label.empty())
        add_text(x + width / 2, y + kRowHeight / 2, kTextSize, cell.value, "middle", true, plain ? kInk : "#fff");
      else
        add_pair(x + width / 2, y + kRowHeight / 2, kTextSize, label_of(cell), cell.value, false, kInk);
      x += width;
    }
  }

  std::string text_;
};

}  // namespace

std::string write_svg(const Page& page, const std::string& title) {
  return Writer().write(page, title);
}

}  // namespace kcc::plot
