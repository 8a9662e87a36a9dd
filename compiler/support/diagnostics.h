// Diagnostics: what is wrong with the user's input, as data. Every stage appends to one Diagnostics and goes on
// as far as it can; the driver stops at the next checkpoint when there are errors. render() is the only place
// where they become text.
#pragma once

#include <string>
#include <vector>

namespace kcc {

// A place in a file (line and column count from 1; 0 means unknown) and, where known, in the layer graph.
struct Place {
  std::string file = {};
  int line = 0;
  int column = 0;
  std::string layer = {};  // path of the layer, "" outside any
};

struct Diagnostic {
  Place place;
  std::string message;  // lower case, no full stop: what was seen, then what was expected
  std::string hint;     // "" or what to do, such as "did you mean 'Dense'?"
};

class Diagnostics {
 public:
  void error(Place place, std::string message, std::string hint = "");
  bool has_errors() const { return !errors_.empty(); }
  const std::vector<Diagnostic>& errors() const { return errors_; }

  // One line an error: `file:line:column: error: ...` or `file: layer 'name': error: ...`, the hint after it.
  std::string render(bool color) const;

 private:
  std::vector<Diagnostic> errors_;
};

// The candidate nearest to `name` by edit distance, or "" if none is near enough to suggest.
std::string nearest(const std::string& name, const std::vector<std::string>& candidates);

// "did you mean 'Dense'?" or "" when nothing is near.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace kcc
