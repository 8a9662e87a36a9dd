#include "codegen/cpp/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "codegen/kernels/collapse.h"
#include "codegen/kernels/reduce.h"
#include "codegen/lower.h"
#include "compiler/support/check.h"

namespace kcc::cpp {
namespace {

int deepest(const Position& position) {
  int depth = 0;
  for (const Index& index : position) depth = std::max(depth, index.depth());
  return depth;
}

bool moves_with_lanes(const Position& position) {
  return std::any_of(position.begin(), position.end(), [](const Index& i) { return i.lane_step() != 0; });
}

std::string literal(float value) {
  if (std::isnan(value)) return "kNan";
  if (std::isinf(value)) return value < 0 ? "-kInfinity" : "kInfinity";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "f";
}

}  // namespace

const char* element_type(DType dtype) {
  static constexpr const char* kNames[] = {"float", "int32_t", "uint32_t", "bool"};
  return kNames[static_cast<int>(dtype)];
}

const char* vector_type(DType dtype) {
  static constexpr const char* kNames[] = {"Floats", "Ints", "Words", "Ints"};
  return kNames[static_cast<int>(dtype)];
}

std::string number(DType dtype, double value) {
  switch (dtype) {
    case DType::kF32:
      return literal(static_cast<float>(value));
    case DType::kI32:
      if (value == INT32_MIN) return "INT32_MIN";
      return fmt::format("{}", static_cast<int32_t>(value));
    case DType::kU32:
      return fmt::format("{}u", static_cast<uint32_t>(static_cast<int64_t>(value)));
    case DType::kBool:
      return value != 0 ? "true" : "false";
  }
  KCC_CHECK(false, "no such dtype");
}

std::vector<Size> strides_of(const Shape& shape) {
  std::vector<Size> strides(shape.size());
  Size stride{1, 0};
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = stride;
    stride = stride * size_of(shape[d]);
  }
  return strides;
}

Writer::Writer(const Graph& body)
    : body_(body),
      // What the templates and signatures call something.
      scope_({"B", "lanes", "scratch", "bool", "float", "sum", "i", "j", "k", "l", "m", "n", "p", "q"}),
      blocks_(1),
      uses_(body.nodes.size(), 0),
      stages_(reduction_stages(body)) {
  for (const Node& n : body.nodes)
    for (ValueId input : n.inputs) ++uses_[static_cast<size_t>(input)];
  for (const NamedValue& output : body.outputs) ++uses_[static_cast<size_t>(output.value)];
}

// ---- statements

void Writer::block(const std::string& header, const std::function<void()>& inside, const std::string& footer) {
  blocks_.emplace_back();
  inside();
  const std::string text = std::move(blocks_.back().text);
  blocks_.pop_back();
  line(fmt::format("{}\n{}{}", header, text, footer));
}

void Writer::guard(const std::string& condition, const std::function<void()>& inside) {
  block(fmt::format("if ({}) {{", condition), [&] {
    blocks_.back().is_guard = true;
    inside();
  });
}

int Writer::guard_depth() const {
  for (int b = depth(); b > 0; --b)
    if (blocks_[static_cast<size_t>(b)].is_guard) return b;
  return 0;
}

void Writer::with_name(const std::function<void(const std::string& name)>& inside) {
  std::string name;
  for (const char* free : {"i", "j", "k", "l", "m", "n", "p", "q"})
    if (name.empty() && !open_loops_.count(free)) name = free;
  if (name.empty()) name = scope_.add("r");
  open_loops_.insert(name);
  inside(name);
  open_loops_.erase(name);
}

void Writer::loop(const Size& count, const std::function<void(const Index& i)>& inside) {
  if (count == Size{1, 0}) return inside(Index(0));
  with_name([&](const std::string& i) {
    const Atom atom{i, count - Size{1, 0}, depth() + 1};
    block(fmt::format("for (int64_t {0} = 0; {0} < {1}; ++{0}) {{", i, to_string(count)), [&] { inside(Index(atom)); });
  });
}

void Writer::lanes(const Size& count, const std::function<void(const Index& i)>& inside) {
  with_name([&](const std::string& i) {
    const Atom atom{i, count - Size{1, 0}, depth() + 1, i};
    block(
        fmt::format("each({}, [&](auto lanes, int64_t {}) {{", to_string(count), i),
        [&] {
          blocks_.back().is_lanes = true;
          inside(Index(atom));
        },
        "});");
  });
}

void Writer::loops(const std::vector<Size>& counts, const std::function<void(const Position& position)>& inside) {
  const std::function<void(Position)> next = [&](Position position) {
    if (position.size() == counts.size()) return inside(position);
    loop(counts[position.size()], [&](const Index& i) {
      Position longer = position;
      longer.push_back(i);
      next(longer);
    });
  };
  next({});
}

void Writer::function(const std::string& header, const std::vector<Parameter>& parameters,
                      const std::function<void(const Position& position)>& inside, const std::string& footer) {
  Position position;
  bool has_lanes = false;
  for (const Parameter& p : parameters) {
    position.push_back(Index(Atom{p.name, p.last, depth() + 1, p.is_lane ? p.name : ""}));
    has_lanes = has_lanes || p.is_lane;
  }
  block(
      header,
      [&] {
        blocks_.back().is_lanes = has_lanes;
        inside(position);
      },
      footer);
}

bool Writer::in_lanes() const {
  return std::any_of(blocks_.begin(), blocks_.end(), [](const Block& b) { return b.is_lanes; });
}

void Writer::at_depth(int depth, const std::function<void()>& inside) {
  const auto first = blocks_.begin() + depth + 1;
  std::vector<Block> above(std::make_move_iterator(first), std::make_move_iterator(blocks_.end()));
  blocks_.erase(first, blocks_.end());
  inside();
  blocks_.insert(blocks_.end(), std::make_move_iterator(above.begin()), std::make_move_iterator(above.end()));
}

void Writer::store(const std::string& base, const Index& offset, const Value& value) {
  if (offset.lane_step() == 0) {
    line(fmt::format("{}[{}] = {};", base, offset.text(), operand(value, depth())));
    return;
  }
  const std::string text = operand(spread(value), depth());
  if (offset.lane_step() == 1)
    line(fmt::format("store(lanes, {} + {}, {});", base, offset.text(), text));
  else
    line(fmt::format("put(lanes, {0}, {1}, [&](int64_t {0}) -> {2}& {{ return {3}[{4}]; }});", offset.lane(), text,
                     element_type(value.dtype), base, offset.text()));
}

// ---- values

Value Writer::named(const Value& value) {
  if (value.is_simple) return value;
  Value made = value;
  made.text = scope_.add(fmt::format("v{}", ++values_));
  made.is_simple = true;
  made.is_infix = false;
  const char* type = value.is_vector ? vector_type(value.dtype) : element_type(value.dtype);
  at_depth(value.depth, [&] { line(fmt::format("const {} {} = {};", type, made.text, value.text)); });
  return made;
}

std::string Writer::operand(const Value& value, int depth) {
  return value.depth < depth ? named(value).text : value.text;
}

Value Writer::spread(const Value& value) const {
  if (value.is_vector) return value;
  Value vector = value;
  vector.text = fmt::format("splat({})", value.text);
  vector.is_vector = true;
  vector.is_simple = vector.is_infix = false;
  return vector;
}

void Writer::bind(ValueId v, Access access) {
  blocks_.back().bound[v] = std::move(access);
}

std::string Writer::key(ValueId v, const Position& position) const {
  std::string text = fmt::format("{}", v);
  for (const Index& index : position) text += fmt::format("{}{}", index.lane_step() != 0 ? ":" : ",", index.text());
  return text;
}

Value Writer::at(ValueId v, const Position& position) {
  KCC_CHECK(position.size() == node(v).type.shape.size(), "an index for each dimension");
  const std::string name = key(v, position);
  for (size_t b = blocks_.size(); b-- > 0;) {
    if (auto found = blocks_[b].known.find(name); found != blocks_[b].known.end()) return found->second;
    if (auto access = blocks_[b].bound.find(v); access != blocks_[b].bound.end()) {
      const Value value = access->second(position);
      blocks_[static_cast<size_t>(value.depth)].known[name] = value;
      return value;
    }
  }
  Value value = kept_rows_.count(v) ? row_kept(v, position) : lower(v, position);
  if (node(v).op != OpKind::kConstant) value.depth = std::max(value.depth, guard_depth());
  if (uses_[static_cast<size_t>(v)] > 1 || value.depth < depth() || value.text.size() > 90) value = named(value);
  blocks_[static_cast<size_t>(value.depth)].known[name] = value;
  return value;
}

Value Writer::lower(ValueId v, const Position& position) {
  const Node& n = node(v);
  if (n.op >= OpKind::kNeg && n.op <= OpKind::kSelect) return elementwise(n, position);
  switch (n.op) {
    case OpKind::kInput:
      return read(n, position);
    case OpKind::kConstant:
      return {number(n.type.dtype, n.attrs.number("value")), n.type.dtype, 0, false, true};
    case OpKind::kIota: {
      const Index& i = position[static_cast<size_t>(n.attrs.integer("axis"))];
      if (i.lane_step() == Index::kOther) return picked(v, position);
      const std::string first = fmt::format("static_cast<int32_t>({})", i.text());
      if (i.lane_step() == 0) return {first, DType::kI32, i.depth(), false, false};
      return {fmt::format("numbers() + {}", first), DType::kI32, i.depth(), true, false, true};
    }
    case OpKind::kExtent: {
      const Size count = size_of(element_count(n.attrs.shape("shape")));
      return {fmt::format("static_cast<float>({})", to_string(count)), DType::kF32, 0, false, false};
    }
    case OpKind::kBroadcast: {
      const auto& dims = n.attrs.integers("dims");
      const Shape& from = node(n.inputs[0]).type.shape;
      Position operand;
      for (size_t i = 0; i < dims.size(); ++i)
        operand.push_back(from[i].is_one() ? Index(0) : position[static_cast<size_t>(dims[i])]);
      return at(n.inputs[0], operand);
    }
    case OpKind::kReshape:
      return at(n.inputs[0], reshaped_position(n, position));
    case OpKind::kTranspose: {
      const auto& perm = n.attrs.integers("perm");
      Position operand(perm.size());
      for (size_t i = 0; i < perm.size(); ++i) operand[static_cast<size_t>(perm[i])] = position[i];
      return at(n.inputs[0], operand);
    }
    case OpKind::kSlice: {
      const auto &starts = n.attrs.integers("starts"), &strides = n.attrs.integers("strides");
      Position operand = position;
      for (size_t i = 0; i < position.size(); ++i) operand[i] = position[i] * strides[i] + Index(starts[i]);
      return at(n.inputs[0], operand);
    }
    case OpKind::kReverse: {
      const size_t axis = static_cast<size_t>(n.attrs.integer("axis"));
      Position operand = position;
      operand[axis] = Index(size_of(n.type.shape[axis])) - Index(1) - position[axis];
      return at(n.inputs[0], operand);
    }
    case OpKind::kPad:
      return padded(v, position);
    case OpKind::kConcat:
      return joined(v, position);
    case OpKind::kGather:
      return gathered(v, position);
    case OpKind::kRandomUniform:
      return random(v, position);
    case OpKind::kReduceSum:
    case OpKind::kReduceMax:
    case OpKind::kReduceMin:
    case OpKind::kArgMax:
      return reduced(v, position);
    default:
      KCC_CHECK(false, "a heavy operation that its kernel family has not bound");
  }
}

Index Writer::address(const Node& input, const Position& position) const {
  const bool is_collapsed = input.attrs.has("original");
  const std::vector<Size> strides = strides_of(is_collapsed ? input.attrs.shape("original") : input.type.shape);
  Index sum;
  for (size_t i = 0; i < position.size(); ++i) {
    const size_t d = is_collapsed ? static_cast<size_t>(input.attrs.integers("dims")[i]) : i;
    sum = sum + position[i] * strides[d];
  }
  return sum;
}

Writer::Place Writer::place_of(ValueId v, const Position& position) const {
  const Node& n = node(v);
  switch (n.op) {
    case OpKind::kInput:
      return {fmt::format("in{}", n.attrs.integer("index")), address(n, position)};
    case OpKind::kReshape:
      return place_of(n.inputs[0], reshaped_position(n, position));
    case OpKind::kTranspose: {
      const auto& perm = n.attrs.integers("perm");
      Position operand(perm.size());
      for (size_t i = 0; i < perm.size(); ++i) operand[static_cast<size_t>(perm[i])] = position[i];
      return place_of(n.inputs[0], operand);
    }
    case OpKind::kSlice: {
      const auto &starts = n.attrs.integers("starts"), &strides = n.attrs.integers("strides");
      Position operand = position;
      for (size_t i = 0; i < position.size(); ++i) operand[i] = position[i] * strides[i] + Index(starts[i]);
      return place_of(n.inputs[0], operand);
    }
    default:
      return {};
  }
}

Value Writer::read(const Node& n, const Position& position) {
  const std::string base = fmt::format("in{}", n.attrs.integer("index"));
  const Index offset = address(n, position);
  const DType dtype = n.type.dtype;
  switch (offset.lane_step()) {
    case 0:
      return {fmt::format("{}[{}]", base, offset.text()), dtype, offset.depth(), false, false};
    case 1:
      return {fmt::format("load(lanes, {} + {})", base, offset.text()), dtype, offset.depth(), true, false};
    default: {
      const std::string lane = offset.lane();
      return {fmt::format("pick(lanes, {0}, [&](int64_t {0}) {{ return {1}[{2}]; }})", lane, base, offset.text()),
              dtype, offset.depth(), true, false};
    }
  }
}

// The value lane by lane.
Value Writer::picked(ValueId v, const Position& position) {
  std::string lane;
  for (const Index& index : position)
    if (index.lane_step() != 0) lane = index.lane();
  Value result{"", node(v).type.dtype, std::max(deepest(position), guard_depth()), true, true};
  result.text = scope_.add(fmt::format("v{}", ++values_));
  at_depth(result.depth, [&] {
    Position inside;
    for (const Index& index : position) inside.push_back(index.lane_by_lane(depth() + 1));
    block(
        fmt::format("const {0} {1} = pick(lanes, {2}, [&](int64_t {2}) {{", vector_type(result.dtype), result.text,
                    lane),
        [&] { line(fmt::format("return {};", at(v, inside).text)); }, "});");
  });
  return result;
}

Position Writer::reshaped_position(const Node& n, const Position& position) const {
  const Shape &from = node(n.inputs[0]).type.shape, &to = n.type.shape;
  Position operand(from.size(), Index(0));
  for (const ReshapeGroup& group : reshape_groups(from, to)) {
    Index linear;
    for (size_t d : group.to) linear = linear * size_of(to[d]) + position[d];
    for (size_t k = group.from.size(); k-- > 0;) {
      const size_t d = group.from[k];
      operand[d] = k == 0 ? linear : linear % size_of(from[d]);
      if (k > 0) linear = linear / size_of(from[d]);
    }
  }
  return operand;
}

Value Writer::chosen(const std::string& condition, int depth, Value a, Value b) {
  const bool vector = a.is_vector || b.is_vector;
  if (vector) a = spread(named(a)), b = spread(named(b));
  Value result{"", a.dtype, std::max({depth, a.depth, b.depth}), vector, false};
  result.text = fmt::format("{} ? {} : {}", condition, operand(a, result.depth), operand(b, result.depth));
  return named(result);
}

Value Writer::padded(ValueId v, const Position& position) {
  const Node& n = node(v);
  const auto &low = n.attrs.integers("low"), &high = n.attrs.integers("high");
  const Shape& from = node(n.inputs[0]).type.shape;
  const Value outside{number(n.type.dtype, n.attrs.number("value")), n.type.dtype, 0, false, true};
  Position operand = position;
  std::string condition;
  int depth = 0;
  for (size_t i = 0; i < position.size(); ++i) {
    if (low[i] == 0 && high[i] == 0) continue;
    const Index here = position[i] - Index(low[i]);
    const Size last = size_of(from[i]) - Size{1, 0};
    if (is_less(here.largest(), {}) || is_less(last, here.least())) return outside;
    operand[i] = clamped(here, last);
    const bool below = is_less(here.least(), {}), above = is_less(last, here.largest());
    if (!below && !above) continue;
    if (here.lane_step() != 0) return picked(v, position);
    depth = std::max(depth, here.depth());
    if (below) condition += fmt::format("{}{} >= 0", condition.empty() ? "" : " && ", here.text());
    if (above) condition += fmt::format("{}{} <= {}", condition.empty() ? "" : " && ", here.text(), to_string(last));
  }
  const Value value = at(n.inputs[0], operand);
  return condition.empty() ? value : chosen(condition, depth, value, outside);
}

Value Writer::joined(ValueId v, const Position& position) {
  const Node& n = node(v);
  const size_t axis = static_cast<size_t>(n.attrs.integer("axis"));
  int64_t start = n.type.shape[axis].size;
  Value value;
  for (size_t k = n.inputs.size(); k-- > 0;) {
    const int64_t size = node(n.inputs[k]).type.shape[axis].size;
    start -= size;
    const Index here = position[axis] - Index(start);
    if (is_less(here.largest(), {}) || is_less({size - 1, 0}, here.least())) continue;
    Position operand = position;
    operand[axis] = clamped(here, {size - 1, 0});
    const bool is_inside = !is_less(here.least(), {}) && is_less(here.largest(), {size, 0});
    if (!is_inside && here.lane_step() != 0) return picked(v, position);
    const Value part = at(n.inputs[k], operand);
    if (is_inside) return part;
    value = value.text.empty()
                ? part
                : chosen(fmt::format("{} < {}", position[axis].text(), start + size), here.depth(), part, value);
  }
  return value;
}

// Indices outside the table take its first or last row.
Value Writer::gathered(ValueId v, const Position& position) {
  const Node& n = node(v);
  const Shape &table = node(n.inputs[0]).type.shape, &indices = node(n.inputs[1]).type.shape;
  const auto split = position.begin() + static_cast<int64_t>(indices.size());
  const Position which(position.begin(), split);
  if (moves_with_lanes(which)) return picked(v, position);
  const Value row = at(n.inputs[1], which);
  const Atom atom{scope_.add("row"), {table[0].size - 1, 0}, row.depth};
  at_depth(row.depth, [&] {
    line(fmt::format("const int64_t {} = at_most(at_least_0({}), {});", atom.text, row.text, table[0].size - 1));
  });
  Position operand(split, position.end());
  operand.insert(operand.begin(), Index(atom));
  return at(n.inputs[0], operand);
}

Value Writer::random(ValueId v, const Position& position) {
  const Node& n = node(v);
  Index element;
  for (size_t i = 0; i < position.size(); ++i) element = element * size_of(n.type.shape[i]) + position[i];
  if (element.lane_step() == Index::kOther) return picked(v, position);
  std::string& generator = generators_[v];
  if (generator.empty()) {
    generator = scope_.add(n.attrs.has("below") ? "bernoulli" : "uniform");
    const Dim count = element_count(n.type.shape);
    std::string key;
    at_depth(0, [&] {
      for (int64_t i = 0; i < 4; ++i) key += fmt::format("{}{}", i == 0 ? "" : ", ", at(n.inputs[0], {Index(i)}).text);
      line(fmt::format("const uint32_t {}_key[] = {{{}}};", generator, key));
      const bool mask = n.attrs.has("below");
      line(fmt::format("{0} {1}({1}_key, {2}, {3}{4});", mask ? "Bernoulli" : "Uniform", generator,
                       n.attrs.integer("stream"), count.batched ? count.size : 0,
                       mask ? fmt::format(", {}", n.attrs.integer("below")) : ""));
    });
  }
  const bool vector = element.lane_step() == 1;
  return {fmt::format("{}.at({}{})", generator, vector ? "lanes, " : "", element.text()), n.type.dtype, element.depth(),
          vector, false};
}

}  // namespace kcc::cpp
