#include "runtime/summary.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "runtime/data/array.h"
#include "runtime/format.h"

namespace kcc::runtime {
namespace {

enum class Align { kLeft, kRight };

struct TableColumn {
  const char* header;
  Align align;
  double end;  // where the column ends, as a share of the line
};

constexpr TableColumn kSequential[] = {
    {"Layer (type)", Align::kLeft, 0.45}, {"Output Shape", Align::kLeft, 0.80}, {"Param #", Align::kRight, 1.0}};
constexpr TableColumn kGraph[] = {{"Layer (type)", Align::kLeft, 0.3},
                                  {"Output Shape", Align::kLeft, 0.56},
                                  {"Param #", Align::kRight, 0.74},
                                  {"Connected to", Align::kLeft, 1.0}};

// left, line, crossing, right
struct Rule {
  const char *left, *line, *cross, *right;
};

struct Frame {
  Rule top, head, between, bottom;
  const char *head_bar, *bar;
  const char* ellipsis;
};

constexpr Frame kBox = {
    {"┏", "━", "┳", "┓"}, {"┡", "━", "╇", "┩"}, {"├", "─", "┼", "┤"}, {"└", "─", "┴", "┘"}, "┃", "│", "…"};
constexpr Frame kAscii = {
    {"+", "-", "-", "+"}, {"|", "-", "+", "|"}, {"|", "-", "+", "|"}, {"+", "-", "-", "+"}, "|", "|", "~"};

using Cells = std::vector<std::string>;

// Positions between characters; names may hold UTF-8.
int64_t width_of(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

size_t bytes_of(std::string_view text, int64_t width) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (starts && width-- == 0) break;
  }
  return at;
}

// As rich breaks lines: words keep the blanks behind them; what is too long for the column ends in an ellipsis.
std::vector<std::string> wrap(const std::string& text, int64_t width, const char* ellipsis) {
  std::vector<std::string> lines(1);
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find(' ', at), text.size());
    const int64_t letters = width_of(std::string_view(text).substr(at, end - at));
    end = std::min(text.find_first_not_of(' ', end), text.size());
    if (letters > width - width_of(lines.back()) && !lines.back().empty()) lines.emplace_back();
    lines.back() += text.substr(at, end - at);
    at = end;
  }
  for (std::string& line : lines) {
    line.erase(line.find_last_not_of(' ') + 1);
    if (width_of(line) > width) line = line.substr(0, bytes_of(line, width - 1)) + ellipsis;
  }
  return lines;
}

std::string padded(const std::string& text, int64_t width, Align align) {
  const std::string blanks(static_cast<size_t>(std::max<int64_t>(width - width_of(text), 0)), ' ');
  return align == Align::kRight ? blanks + text : text + blanks;
}

class Table {
 public:
  Table(const TableColumn* columns, size_t count, int line_length, const Frame& frame)
      : columns_(columns, columns + count), frame_(frame) {
    // Keras asks for columns that fill the line and forgets the frame and the blanks beside each cell; rich takes the
    // room for them from the columns, evenly.
    int64_t before = 0;
    for (const TableColumn& column : columns_) {
      const int64_t end = static_cast<int64_t>(column.end * line_length);
      widths_.push_back(end - before);
      before = end;
    }
    int64_t excess = before + 2 * static_cast<int64_t>(count) - (line_length - static_cast<int64_t>(count) - 1);
    for (size_t i = 0; i < count; ++i) {
      const int64_t share = std::lrint(static_cast<double>(excess) / static_cast<double>(count - i));
      widths_[i] = std::max<int64_t>(widths_[i] - share, 1);
      excess -= share;
    }
  }

  std::string draw(const std::vector<Cells>& rows) const {
    Cells header;
    for (const TableColumn& column : columns_) header.push_back(column.header);
    std::string text = rule(frame_.top) + row(header, frame_.head_bar, true) + rule(frame_.head);
    for (size_t i = 0; i < rows.size(); ++i) {
      if (i > 0) text += rule(frame_.between);
      text += row(rows[i], frame_.bar, false);
    }
    return text + rule(frame_.bottom);
  }

 private:
  std::string rule(const Rule& rule) const {
    std::string text;
    for (const int64_t width : widths_) {
      text += text.empty() ? rule.left : rule.cross;
      for (int64_t i = 0; i < width + 2; ++i) text += rule.line;
    }
    return text + rule.right + "\n";
  }

  // `low`: short cells stand at the bottom of the row.
  std::string row(const Cells& cells, const char* bar, bool low) const {
    std::vector<std::vector<std::string>> wrapped;
    size_t height = 0;
    for (size_t i = 0; i < cells.size(); ++i) {
      wrapped.push_back(wrap(cells[i], widths_[i], frame_.ellipsis));
      height = std::max(height, wrapped.back().size());
    }
    std::string text;
    for (size_t line = 0; line < height; ++line) {
      for (size_t i = 0; i < cells.size(); ++i) {
        const size_t above = low ? height - wrapped[i].size() : 0;
        const bool empty = line < above || line - above >= wrapped[i].size();
        const std::string part = empty ? "" : wrapped[i][line - above];
        text += std::string(bar) + " " + padded(part, widths_[i], columns_[i].align) + " ";
      }
      text += std::string(bar) + "\n";
    }
    return text;
  }

  std::vector<TableColumn> columns_;
  std::vector<int64_t> widths_;
  const Frame& frame_;
};

std::string spaced(const char* names) {
  std::string text;
  for (const char* c = names; *c != '\0'; ++c) {
    if (*c == ' ') continue;
    text += *c;
    if (*c == ',') text += ' ';
  }
  return text.empty() ? "-" : text;
}

std::string count_line(const char* what, int64_t count, int64_t bytes) {
  return format(" %s: %s (%s)\n", what, with_thousands(count).c_str(), memory_size(bytes).c_str());
}

int64_t optimizer_parameters(const Program& program) {
  int64_t count = 0;
  for (int32_t i = 0; i < program.state_count; ++i) {
    const StateInfo& state = program.states[i];
    if (state.role == Role::kSlot || state.role == Role::kOptimizer) count += state.tensor.elements;
  }
  return count;
}

// Every parameter takes four bytes: kcc's weights are float32, an optimizer's counters int32.
std::string count_lines(const Program& program) {
  constexpr int64_t kBytes = 4;
  const int64_t optimizer = optimizer_parameters(program);
  const int64_t trainable = program.trainable_parameters, other = program.other_parameters;
  const int64_t total = trainable + other + optimizer;
  std::string text = count_line("Total params", total, total * kBytes) +
                     count_line("Trainable params", trainable, trainable * kBytes) +
                     count_line("Non-trainable params", other, other * kBytes);
  if (optimizer > 0) text += count_line("Optimizer params", optimizer, optimizer * kBytes);
  return text;
}

}  // namespace

std::string summary_text(const Program& program, int terminal_width, bool utf8) {
  const bool sequential = program.is_sequential;
  const int line_length = std::min(sequential ? 88 : 108, terminal_width - 4);
  const Table table(sequential ? kSequential : kGraph, sequential ? 3 : 4, std::max(line_length, 24),
                    utf8 ? kBox : kAscii);
  std::vector<Cells> rows;
  for (int32_t i = 0; i < program.layer_count; ++i) {
    const LayerInfo& layer = program.layers[i];
    rows.push_back({std::string(layer.name) + " (" + layer.class_name + ")", layer.output_shape,
                    with_thousands(layer.parameters)});
    if (!sequential) rows.back().push_back(spaced(layer.connected_to));
  }
  return std::string("Model: \"") + program.model_name + "\"\n" + table.draw(rows) + count_lines(program);
}

}  // namespace kcc::runtime
