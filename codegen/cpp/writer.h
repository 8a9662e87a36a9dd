// Writer: from a kernel's body (a small graph) to C++ statements, as codegen/lower.h is to Halide expressions.
// Element-wise operations and movement become expressions over index arithmetic, reductions loops; other heavy
// operations are bound by the kernel family. Every value is written into the outermost block in which its index is
// known, so that what does not change in a loop is computed before it.
//
// In a block of lanes (each(), templates/cpp/vectors.h) values whose index moves with the lanes are vectors; where
// elements do not lie side by side they are picked one by one.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "codegen/cpp/emit_kernel.h"
#include "codegen/cpp/index.h"
#include "codegen/names.h"
#include "compiler/ir/graph.h"

namespace kcc::cpp {

// Outermost dimension first.
using Position = std::vector<Index>;

struct Value {
  std::string text;
  DType dtype = DType::kF32;
  int depth = 0;  // of the block in which it can be written
  bool is_vector = false;
  bool is_simple = false;  // a name or a number
  bool is_infix = false;   // a + b: needs parentheses in a larger expression
};

const char* vector_type(DType dtype);  // "Floats", "Ints"
std::string number(DType dtype, double value);
std::vector<Size> strides_of(const Shape& shape);

class Writer {
 public:
  // `collapsed` bodies (kernels/collapse.h) say with their inputs which shape these have in memory.
  explicit Writer(const Graph& body);

  const Graph& body() const { return body_; }
  const Node& node(ValueId v) const { return body_[v]; }

  // ---- values
  Value at(ValueId v, const Position& position);
  // The value as a name, written where it belongs.
  Value named(const Value& value);
  // As a vector, where lanes are walked.
  Value spread(const Value& value) const;
  // From now on `v` is read through `access`, in this block and those inside.
  using Access = std::function<Value(const Position&)>;
  void bind(ValueId v, Access access);
  // Rows of the last dimension of these values are computed once and kept, where all of a position but the last is
  // known outside the lanes.
  void keep_rows(std::set<ValueId> values) { kept_rows_ = std::move(values); }
  // Where an operand lies in memory: position -> elements from its start.
  Index address(const Node& input, const Position& position) const;
  // The same if `v` is an operand or moves one; empty name otherwise.
  struct Place {
    std::string base;  // "in0"
    Index offset;
  };
  Place place_of(ValueId v, const Position& position) const;

  // ---- statements
  void line(const std::string& text) { blocks_.back().text += text + "\n"; }
  // header { what `inside` writes } footer
  void block(const std::string& header, const std::function<void()>& inside, const std::string& footer = "}");
  // if (condition) { what `inside` writes }: what is read in there is not read before.
  void guard(const std::string& condition, const std::function<void()>& inside);
  // A loop over 0 ... count - 1; one of count 1 is none.
  void loop(const Size& count, const std::function<void(const Index& i)>& inside);
  // A loop over lanes.
  void lanes(const Size& count, const std::function<void(const Index& i)>& inside);
  void loops(const std::vector<Size>& counts, const std::function<void(const Position& position)>& inside);
  // A block that another function calls with a position: parameters by name, each from 0 to `last`.
  struct Parameter {
    std::string name;
    Size last;
    bool is_lane = false;
  };
  void function(const std::string& header, const std::vector<Parameter>& parameters,
                const std::function<void(const Position& position)>& inside, const std::string& footer);
  void store(const std::string& base, const Index& offset, const Value& value);
  std::string fresh(const std::string& wanted) { return scope_.add(wanted); }
  bool in_lanes() const;
  int depth() const { return static_cast<int>(blocks_.size()) - 1; }
  std::string text() const { return blocks_.front().text; }

 private:
  struct Block {
    std::string text;
    std::map<std::string, Value> known;
    std::map<ValueId, Access> bound;
    bool is_lanes = false, is_guard = false;
  };
  Value lower(ValueId v, const Position& position);
  Value elementwise(const Node& n, const Position& position);
  Value read(const Node& n, const Position& position);
  Position reshaped_position(const Node& n, const Position& position) const;
  Value padded(ValueId v, const Position& position);
  Value joined(ValueId v, const Position& position);
  Value gathered(ValueId v, const Position& position);
  Value random(ValueId v, const Position& position);
  Value reduced(ValueId v, const Position& position);
  void collect(const std::vector<ValueId>& reductions, const std::vector<std::string>& collectors,
               const Position& element, const std::string& lanes);
  Value picked(ValueId v, const Position& position);
  Value row_kept(ValueId v, const Position& position);
  Value column_kept(ValueId v, const Position& position);
  Value chosen(const std::string& condition, int depth, Value a, Value b);
  Value call(const std::string& function, DType dtype, std::vector<Value> operands);
  Value infix(const std::string& op, DType dtype, const Value& a, const Value& b);
  // `value`'s text for use at `depth`.
  std::string operand(const Value& value, int depth);
  // Runs `inside` with the name of a loop variable that no open loop has.
  void with_name(const std::function<void(const std::string& name)>& inside);
  // The block of the innermost guard: values do not leave it.
  int guard_depth() const;
  // Runs `inside` as if the blocks below `depth` were not open.
  void at_depth(int depth, const std::function<void()>& inside);
  std::string key(ValueId v, const Position& position) const;

  const Graph& body_;
  Scope scope_;
  std::set<std::string> open_loops_;
  int values_ = 0;
  std::vector<Block> blocks_;
  std::vector<int> uses_;
  std::vector<std::vector<ValueId>> stages_;
  std::set<ValueId> kept_rows_;
  std::map<ValueId, std::string> generators_;
};

}  // namespace kcc::cpp
