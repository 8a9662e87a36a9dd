#include "compiler/plot/layout.h"

#include <algorithm>

#include "compiler/plot/box_text.h"
#include "compiler/plot/place.h"

namespace kcc::plot {
namespace {

constexpr double kMargin = 20, kPadding = 14, kFrameTitle = 24;

using Path = std::vector<Point>;

void shift(Path& path, const Point& by) {
  for (Point& point : path) {
    point.breadth += by.breadth;
    point.depth += by.depth;
  }
}

struct Piece {  // a box or a frame, in breadths and depths
  const Diagram::Box* box = nullptr;
  const Diagram* frame = nullptr;
  Point corner;
  double breadth, depth;
};

// One diagram with all that is inside it.
struct Region {
  double breadth = 0, depth = 0;
  std::vector<Piece> pieces;
  std::vector<Path> arrows;
  std::vector<Path> entries, exits;  // by port: from the edge of the region to a box, and back

  void add(Region inner, const Point& corner) {
    for (Piece& piece : inner.pieces) {
      piece.corner.breadth += corner.breadth;
      piece.corner.depth += corner.depth;
      pieces.push_back(std::move(piece));
    }
    for (Path& arrow : inner.arrows) {
      shift(arrow, corner);
      arrows.push_back(std::move(arrow));
    }
  }
};

class LayingOut {
 public:
  explicit LayingOut(bool left_to_right) : left_to_right_(left_to_right) {}

  Region region(const Diagram& diagram, bool framed) const {
    std::vector<Region> inner;
    Layers layers;
    for (const Diagram::Box& box : diagram.boxes) {
      inner.push_back(box.inner ? region(*box.inner, true) : leaf(box));
      layers.nodes.push_back({inner.back().breadth, inner.back().depth});
    }
    for (const Diagram::Arrow& arrow : diagram.arrows) layers.edges.push_back(edge(inner, arrow.from, arrow.to));
    const size_t entries = layers.nodes.size(), first_entry = layers.edges.size();
    if (framed) {
      for (const Diagram::End& end : diagram.inputs) {
        layers.edges.push_back(edge(inner, end, end));
        layers.edges.back().from = layers.nodes.size();
        layers.edges.back().from_offset = 0;
        layers.nodes.push_back({0, 0, true, false});
      }
      for (const Diagram::End& end : diagram.outputs) {
        layers.edges.push_back(edge(inner, end, end));
        layers.edges.back().to = layers.nodes.size();
        layers.edges.back().to_offset = 0;
        layers.nodes.push_back({0, 0, false, true});
      }
    }
    place(layers);
    Region whole;
    whole.breadth = layers.breadth;
    whole.depth = layers.depth;
    for (size_t i = 0; i < entries; ++i) {
      for (Path& path : inner[i].entries) shift(path, layers.nodes[i].corner);
      for (Path& path : inner[i].exits) shift(path, layers.nodes[i].corner);
    }
    for (size_t i = 0; i < layers.edges.size(); ++i) {
      const bool enters = framed && i >= first_entry && i < first_entry + diagram.inputs.size();
      const bool leaves = framed && i >= first_entry + diagram.inputs.size();
      Path path;
      if (!enters) append(path, exit_of(inner, ends_of(diagram, i, first_entry).from));
      append(path, layers.edges[i].path);
      if (!leaves) append(path, entry_of(inner, ends_of(diagram, i, first_entry).to));
      (enters ? whole.entries : leaves ? whole.exits : whole.arrows).push_back(std::move(path));
    }
    for (size_t i = 0; i < entries; ++i) whole.add(std::move(inner[i]), layers.nodes[i].corner);
    if (framed) frame(whole, diagram);
    return whole;
  }

 private:
  Region leaf(const Diagram::Box& box) const {
    const Extent extent = extent_of(box);
    Region region;
    region.breadth = left_to_right_ ? extent.height : extent.width;
    region.depth = left_to_right_ ? extent.width : extent.height;
    region.pieces.push_back({&box, nullptr, {}, region.breadth, region.depth});
    return region;
  }

  // Where arrows touch a region's near and far edge: at its port, or in the middle of a box.
  static double offset(const std::vector<Path>& ports, const Diagram::End& end, double breadth, bool at_begin) {
    if (end.port >= ports.size()) return 0;
    const Path& path = ports[end.port];
    return (at_begin ? path.front() : path.back()).breadth - breadth / 2;
  }

  static Edge edge(const std::vector<Region>& inner, const Diagram::End& from, const Diagram::End& to) {
    return {from.box, to.box, offset(inner[from.box].exits, from, inner[from.box].breadth, false),
            offset(inner[to.box].entries, to, inner[to.box].breadth, true)};
  }

  // The ends of the i-th edge in region(): an arrow, an entry or an exit.
  static Diagram::Arrow ends_of(const Diagram& diagram, size_t i, size_t first_entry) {
    if (i < first_entry) return diagram.arrows[i];
    i -= first_entry;
    if (i < diagram.inputs.size()) return {{}, diagram.inputs[i]};
    return {diagram.outputs[i - diagram.inputs.size()], {}};
  }

  static Path exit_of(const std::vector<Region>& inner, const Diagram::End& end) {
    const auto& exits = inner[end.box].exits;
    return end.port < exits.size() ? exits[end.port] : Path{};
  }
  static Path entry_of(const std::vector<Region>& inner, const Diagram::End& end) {
    const auto& entries = inner[end.box].entries;
    return end.port < entries.size() ? entries[end.port] : Path{};
  }

  static void append(Path& path, const Path& more) { path.insert(path.end(), more.begin(), more.end()); }

  // Room around the region for its frame and name, which stands at the top of the page's region.
  void frame(Region& whole, const Diagram& diagram) const {
    const Point inset =
        left_to_right_ ? Point{kPadding + kFrameTitle, kPadding} : Point{kPadding, kPadding + kFrameTitle};
    Region outer;
    const double title = text_width(diagram.name, kTitleSize) + 2 * kPadding;
    outer.breadth = whole.breadth + inset.breadth + kPadding;
    outer.depth = whole.depth + inset.depth + kPadding;
    (left_to_right_ ? outer.depth : outer.breadth) = std::max(title, left_to_right_ ? outer.depth : outer.breadth);
    outer.entries = std::move(whole.entries);
    outer.exits = std::move(whole.exits);
    for (Path& path : outer.entries) {
      shift(path, inset);
      path.insert(path.begin(), Point{path.front().breadth, 0});
    }
    for (Path& path : outer.exits) {
      shift(path, inset);
      path.push_back({path.back().breadth, outer.depth});
    }
    outer.pieces.push_back({nullptr, &diagram, {}, outer.breadth, outer.depth});
    outer.add(std::move(whole), inset);
    whole = std::move(outer);
  }

  bool left_to_right_;
};

}  // namespace

Page lay_out(const Diagram& diagram, bool left_to_right) {
  const Region region = LayingOut(left_to_right).region(diagram, false);
  const auto position = [&](const Point& point) {
    const Position at{point.breadth + kMargin, point.depth + kMargin};
    return left_to_right ? Position{at.y, at.x} : at;
  };
  Page page;
  page.left_to_right = left_to_right;
  const Position end = position({region.breadth, region.depth});
  page.width = end.x + kMargin;
  page.height = end.y + kMargin;
  for (const Piece& piece : region.pieces) {
    const Position at = position(piece.corner);
    const double width = left_to_right ? piece.depth : piece.breadth;
    const double height = left_to_right ? piece.breadth : piece.depth;
    if (piece.box)
      page.boxes.push_back({piece.box, at.x, at.y, width, height});
    else
      page.frames.push_back({piece.frame->name, at.x, at.y, width, height});
  }
  for (const Path& path : region.arrows) {
    Arrow arrow;
    for (const Point& point : path) arrow.path.push_back(position(point));
    page.arrows.push_back(std::move(arrow));
  }
  return page;
}

}  // namespace kcc::plot
