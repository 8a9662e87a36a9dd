// Writer's reductions: those over the same elements share one loop, which is written where the position of the result
// is known.
#include <fmt/format.h>

#include <algorithm>

#include "codegen/cpp/writer.h"
#include "codegen/kernels/collapse.h"
#include "compiler/support/check.h"

namespace kcc::cpp {
namespace {

constexpr int64_t kLongestKeptRow = 8192;

std::string lowest(DType dtype) {
  return dtype == DType::kF32 ? "-kInfinity" : dtype == DType::kI32 ? "INT32_MIN" : "0u";
}
std::string highest(DType dtype) {
  return dtype == DType::kF32 ? "kInfinity" : dtype == DType::kI32 ? "INT32_MAX" : "UINT32_MAX";
}

std::string collector(const Node& n, DType of, bool vector, const std::string& name) {
  const char* type = vector ? vector_type(of) : element_type(of);
  switch (n.op) {
    case OpKind::kReduceSum:
      return fmt::format("Sum<{}> {};", type, name);
    case OpKind::kReduceMax:
      return fmt::format("Maximum<{}> {}({});", type, name, lowest(of));
    case OpKind::kReduceMin:
      return fmt::format("Minimum<{}> {}({});", type, name, highest(of));
    default:
      return fmt::format("FirstMaximum<{}, {}> {}({});", type, vector ? "Ints" : "int32_t", name, lowest(of));
  }
}

const char* short_name(OpKind op) {
  return op == OpKind::kReduceSum   ? "total"
         : op == OpKind::kReduceMin ? "least"
         : op == OpKind::kArgMax    ? "first"
                                    : "most";
}

}  // namespace

void Writer::collect(const std::vector<ValueId>& reductions, const std::vector<std::string>& collectors,
                     const Position& element, const std::string& lanes) {
  std::vector<std::string> additions;
  for (size_t i = 0; i < reductions.size(); ++i) {
    const Node& n = node(reductions[i]);
    Value value = at(n.inputs[0], element);
    if (in_lanes()) value = spread(value.depth < depth() ? named(value) : value);
    std::string position;
    if (n.op == OpKind::kArgMax) {
      const Index& where = element[static_cast<size_t>(n.attrs.integer("axis"))];
      const std::string first = fmt::format("static_cast<int32_t>({})", where.text());
      position = !in_lanes()              ? ", " + first
                 : where.lane_step() == 0 ? ", splat(" + first + ")"
                                          : ", numbers() + " + first;
    }
    additions.push_back(fmt::format("{}.add({}, {}{});", collectors[i], lanes, value.text, position));
  }
  for (const std::string& text : additions) line(text);
}

Value Writer::reduced(ValueId v, const Position& position) {
  int depth = guard_depth();
  bool moves = false;
  for (const Index& index : position) {
    if (index.lane_step() == Index::kOther) return picked(v, position);
    depth = std::max(depth, index.depth());
    moves = moves || index.lane_step() != 0;
  }
  const auto stage = std::find_if(stages_.begin(), stages_.end(), [&](const std::vector<ValueId>& nodes) {
    return std::find(nodes.begin(), nodes.end(), v) != nodes.end();
  });
  KCC_CHECK(stage != stages_.end(), "a reduction of some stage");
  const std::vector<ValueId>& nodes = *stage;
  const Shape& domain = node(node(v).inputs[0]).type.shape;
  const std::vector<int64_t> axes = reduced_axes(node(v));
  const bool over_lanes = !moves && !axes.empty() && axes.back() == static_cast<int64_t>(domain.size()) - 1;
  std::vector<Size> counts;
  for (int64_t axis : axes) counts.push_back(size_of(domain[static_cast<size_t>(axis)]));
  if (over_lanes) counts.pop_back();

  at_depth(depth, [&] {
    std::vector<std::string> collectors;
    for (ValueId r : nodes) {
      collectors.push_back(scope_.add(short_name(node(r).op)));
      line(collector(node(r), node(node(r).inputs[0]).type.dtype, moves || over_lanes, collectors.back()));
    }
    loops(counts, [&](const Position& outer) {
      const auto element = [&](Position reduced_position) {
        Position all;
        size_t kept = 0, gone = 0;
        for (size_t d = 0; d < domain.size(); ++d) {
          const bool is_reduced = std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(d));
          all.push_back(is_reduced ? reduced_position[gone++] : position[kept++]);
        }
        return all;
      };
      if (!over_lanes) return collect(nodes, collectors, element(outer), "All{}");
      lanes(size_of(domain.back()), [&](const Index& lane) {
        Position longer = outer;
        longer.push_back(lane);
        collect(nodes, collectors, element(longer), "lanes");
      });
    });
    for (size_t i = 0; i < nodes.size(); ++i) {
      Value result{fmt::format("{}.{}()", collectors[i], over_lanes ? "total" : "value"), node(nodes[i]).type.dtype,
                   depth, moves, false};
      blocks_.back().known[key(nodes[i], position)] = named(result);
    }
  });
  return blocks_[static_cast<size_t>(depth)].known.at(key(v, position));
}

// The row is computed where all but its last index is known, before what reads it.
Value Writer::row_kept(ValueId v, const Position& position) {
  const Dim& last = node(v).type.shape.back();
  int depth = guard_depth();
  for (size_t i = 0; i + 1 < position.size(); ++i) {
    if (position[i].lane_step() != 0) return lower(v, position);
    depth = std::max(depth, position[i].depth());
  }
  const Index& lane = position.back();
  if (depth >= lane.depth() || lane.lane_step() != 1 || lane.text() != lane.lane() || last.batched ||
      last.size > kLongestKeptRow)
    return lower(v, position);
  Position row = position;
  row.back() = Index(0);
  const std::string name = "row of " + key(v, row);
  auto& known = blocks_[static_cast<size_t>(depth)].known;
  if (!known.count(name)) {
    const std::string buffer = scope_.add("row");
    at_depth(depth, [&] {
      const std::string array = fmt::format("{} {}[{}];", element_type(node(v).type.dtype), buffer, last.size);
      line(array);
      lanes({last.size, 0}, [&](const Index& i) {
        Position element = position;
        element.back() = i;
        store(buffer, i, lower(v, element));
      });
    });
    blocks_[static_cast<size_t>(depth)].known[name] = {buffer, node(v).type.dtype, depth, false, true};
  }
  const std::string buffer = blocks_[static_cast<size_t>(depth)].known.at(name).text;
  return {fmt::format("load(lanes, {} + {})", buffer, lane.text()), node(v).type.dtype, lane.depth(), true, false};
}

// The same where each lane has a row of its own.
Value Writer::column_kept(ValueId v, const Position& position) {
  const int64_t columns = node(v).type.shape[1].size;
  const int depth = position[0].depth();
  const DType dtype = node(v).type.dtype;
  const std::string name = fmt::format("row of {}:{}", v, position[0].text());
  if (!blocks_[static_cast<size_t>(depth)].known.count(name)) {
    const std::string buffer = scope_.add("row");
    at_depth(depth, [&] {
      line(fmt::format("{} {}[{}];", vector_type(dtype), buffer, columns));
      loop({columns, 0}, [&](const Index& j) {
        const Value value = spread(lower(v, {position[0], j}));
        line(fmt::format("{}[{}] = {};", buffer, j.text(), value.text));
      });
    });
    blocks_[static_cast<size_t>(depth)].known[name] = {buffer, dtype, depth, false, true};
  }
  const std::string buffer = blocks_[static_cast<size_t>(depth)].known.at(name).text;
  return {fmt::format("{}[{}]", buffer, position[1].text()), dtype, std::max(depth, position[1].depth()), true, false};
}

}  // namespace kcc::cpp
