#include "compiler/plot/write_dot.h"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "compiler/plot/box_text.h"

namespace kcc::plot {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string cell_markup(const Diagram::Cell& cell) {
  if (cell.tone == Diagram::Tone::kPlain)
    return fmt::format("<td bgcolor=\"white\"><font point-size=\"14\">{} <b>{}</b></font></td>", label_of(cell),
                       escaped(cell.value));
  return fmt::format("<td bgcolor=\"{}\"><font point-size=\"14\" color=\"white\"><b>{}</b></font></td>",
                     cell.tone == Diagram::Tone::kTrained ? "forestgreen" : "firebrick", cell.value);
}

std::string box_markup(const Diagram::Box& box, size_t columns) {
  std::string text = fmt::format(
      "<<table border=\"0\" cellborder=\"1\" bgcolor=\"black\" cellpadding=\"10\"><tr><td colspan=\"{}\" "
      "bgcolor=\"black\"><font point-size=\"16\" color=\"white\"><b>{}</b>{}</font></td></tr>",
      columns, escaped(box.name.empty() ? box.class_name : box.name),
      box.name.empty() ? "" : fmt::format(" ({})", escaped(box.class_name)));
  if (!box.activation.empty())
    text += fmt::format(
        "<tr><td bgcolor=\"white\" colspan=\"{}\"><font point-size=\"14\">Activation: <b>{}</b></font></td></tr>",
        columns, escaped(box.activation));
  if (!box.cells.empty()) text += "<tr>";
  for (const Diagram::Cell& cell : box.cells) text += cell_markup(cell);
  return text + (box.cells.empty() ? "" : "</tr>") + "</table>>";
}

class Writer {
 public:
  explicit Writer(size_t columns) : columns_(columns) {}

  struct Node {
    int id = 0;
    std::vector<Node> inner;  // of a box with a diagram
    const Diagram* diagram = nullptr;
  };

  std::vector<Node> add(const Diagram& diagram) {
    std::vector<Node> nodes;
    for (const Diagram::Box& box : diagram.boxes) {
      nodes.push_back({box.inner ? -1 : count_++, {}, box.inner.get()});
      if (!box.inner) {
        text += fmt::format("n{} [label={}, fontname=Helvetica, border=0, margin=0];\n", nodes.back().id,
                            box_markup(box, columns_));
        continue;
      }
      text += fmt::format("subgraph {} {{\nstyle=dashed;\nlabel={};\nlabeljust=l;\n",
                          quoted("cluster_" + box.inner->name), quoted(box.inner->name));
      nodes.back().inner = add(*box.inner);
      text += "}\n";
    }
    for (const Diagram::Arrow& arrow : diagram.arrows) {
      const std::pair<int, int> ends{leaf(nodes, arrow.from, false), leaf(nodes, arrow.to, true)};
      if (arrows_.insert(ends).second) text += fmt::format("n{} -> n{} [penwidth=2];\n", ends.first, ends.second);
    }
    return nodes;
  }

  std::string text;

 private:
  // The box that an arrow touches, however deep inside.
  static int leaf(const std::vector<Node>& nodes, const Diagram::End& end, bool input) {
    const Node& node = nodes[end.box];
    if (!node.diagram) return node.id;
    return leaf(node.inner, (input ? node.diagram->inputs : node.diagram->outputs).at(end.port), input);
  }

  size_t columns_;
  int count_ = 0;
  std::set<std::pair<int, int>> arrows_;
};

}  // namespace

std::string write_dot(const Diagram& diagram, bool left_to_right, int dpi) {
  Writer writer(diagram.columns);
  writer.add(diagram);
  return fmt::format(
      "digraph G {{\nrankdir={};\nconcentrate=true;\ndpi={};\nsplines=ortho;\nnode [shape=record];\n{}}}\n",
      left_to_right ? "LR" : "TB", dpi, writer.text);
}

}  // namespace kcc::plot
