// Diagram: a model as people see it: a box a layer, an arrow where tensors flow. Only `kcc plot` makes one:
// frontend/draw_model -> Diagram -> compiler/plot. Texts are ready to be shown; nothing here knows Keras.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace kcc {

struct Diagram {
  enum class Tone { kPlain, kTrained, kFrozen };

  struct Cell {
    std::string label;  // "Input shape"; "": the value alone
    std::string value;
    Tone tone = Tone::kPlain;
  };

  struct Box {
    std::string name;  // "": not shown
    std::string class_name;
    std::string activation;  // "": not shown
    std::vector<Cell> cells;
    std::shared_ptr<const Diagram> inner;  // drawn in the box's place; the rest of the box is not shown then
  };

  // Where an arrow begins or ends. The port counts the outputs or inputs of a box with a diagram inside; of others it
  // is 0.
  struct End {
    size_t box = 0;
    size_t port = 0;
    auto operator<=>(const End&) const = default;
  };

  struct Arrow {
    End from, to;
    auto operator<=>(const Arrow&) const = default;
  };

  std::string name;
  std::vector<Box> boxes;
  size_t columns = 1;                // of cells in a box that has all of them, for titles to span
  std::vector<Arrow> arrows;         // each once; without cycles
  std::vector<End> inputs, outputs;  // by port, where it is inside a box
};

}  // namespace kcc
