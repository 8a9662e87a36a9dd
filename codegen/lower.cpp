#include "codegen/lower.h"

#include <fmt/format.h>

#include <limits>

#include "codegen/kernels/philox.h"
#include "codegen/math.h"
#include "compiler/support/check.h"

namespace kcc {

using Halide::cast;
using Halide::Expr;
using Halide::select;

namespace {

int32_t fixed(int64_t size) {
  KCC_CHECK(size <= std::numeric_limits<int32_t>::max(), "an extent that Halide can hold");
  return static_cast<int32_t>(size);
}

Expr constant(DType dtype, double value) {
  switch (dtype) {
    case DType::kF32:
      return float_constant(value);
    case DType::kI32:
      return Halide::Internal::make_const(Halide::Int(32), static_cast<int64_t>(value));
    case DType::kU32:
      return Halide::Internal::make_const(Halide::UInt(32), static_cast<uint64_t>(value));
    case DType::kBool:
      return value != 0 ? Halide::Internal::const_true() : Halide::Internal::const_false();
  }
  KCC_CHECK(false, "no such dtype");
}

Expr convert(const Expr& x, DType from, DType to) {
  if (from == to) return x;
  if (to == DType::kBool) return x != constant(from, 0);
  return cast(halide_type(to), x);
}

// Whether the node's operands are read at the node's own index.
bool is_elementwise(OpKind op) {
  return op >= OpKind::kNeg && op <= OpKind::kSelect;
}

}  // namespace

Halide::Type halide_type(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return Halide::Float(32);
    case DType::kI32:
      return Halide::Int(32);
    case DType::kU32:
      return Halide::UInt(32);
    case DType::kBool:
      return Halide::Bool();
  }
  KCC_CHECK(false, "no such dtype");
}

std::string numbered(const std::string& prefix, size_t number) {
  return fmt::format("{}{}", prefix, number);
}

Expr float_constant(double value) {
  return Expr(static_cast<float>(value));
}

Vars make_vars(const Shape& shape, const std::string& prefix) {
  Vars vars;
  for (size_t i = 0; i < shape.size(); ++i) vars.emplace_back(numbered(prefix, i));
  return vars;
}

Index as_index(const Vars& vars) {
  return Index(vars.begin(), vars.end());
}

std::vector<ReshapeGroup> reshape_groups(const Shape& from, const Shape& to) {
  std::vector<ReshapeGroup> groups;
  size_t i = 0, j = 0;
  const auto skip_ones = [](const Shape& shape, size_t& k) {
    while (k < shape.size() && shape[k].is_one()) ++k;
  };
  for (skip_ones(from, i), skip_ones(to, j); i < from.size() && j < to.size(); skip_ones(from, i), skip_ones(to, j)) {
    ReshapeGroup group{{i}, {j}};
    Dim left = from[i++], right = to[j++];
    while (!(left == right)) {
      const bool grow_left = left.size < right.size || (left.size == right.size && right.batched);
      const Shape& shape = grow_left ? from : to;
      size_t& k = grow_left ? i : j;
      Dim& product = grow_left ? left : right;
      skip_ones(shape, k);
      KCC_CHECK(k < shape.size(), "a reshape that keeps the number of elements");
      product = {product.size * shape[k].size, product.batched || shape[k].batched};
      (grow_left ? group.from : group.to).push_back(k++);
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

void declare_dense(Halide::OutputImageParam param, const Shape& shape, const Expr& batch) {
  Dim stride{1, false};
  for (size_t d = 0; d < shape.size(); ++d) {
    const Dim& extent = shape[shape.size() - 1 - d];
    Halide::Internal::Dimension dim = param.dim(static_cast<int>(d));
    dim.set_min(0);
    dim.set_stride(stride.batched ? Expr(fixed(stride.size)) * batch : Expr(fixed(stride.size)));
    if (!extent.batched) dim.set_extent(fixed(extent.size));
    stride = {stride.size * extent.size, stride.batched || extent.batched};
  }
}

Lowering::Lowering(const Graph& body) : body_(body) {
  for (const Node& node : body.nodes) {
    if (node.op != OpKind::kInput) continue;
    const size_t position = static_cast<size_t>(node.attrs.integer("index"));
    if (params_.size() <= position) params_.resize(position + 1), param_types_.resize(position + 1);
    if (params_[position].defined()) continue;
    Type type = node.type;
    if (node.attrs.has("original")) type.shape = node.attrs.shape("original");
    params_[position] =
        Halide::ImageParam(halide_type(type.dtype), static_cast<int>(type.rank()), numbered("in", position));
    param_types_[position] = type;
  }
  // An operand that nothing reads is still an argument.
  for (size_t i = 0; i < body.inputs.size(); ++i) {
    if (params_.size() <= i) params_.resize(i + 1), param_types_.resize(i + 1);
    if (params_[i].defined()) continue;
    const Type& type = body.inputs[i].type;
    params_[i] = Halide::ImageParam(halide_type(type.dtype), static_cast<int>(type.rank()), numbered("in", i));
    param_types_[i] = type;
  }
  const Expr batch = has_batched_operand() ? this->batch() : Expr();
  for (size_t i = 0; i < params_.size(); ++i) {
    KCC_CHECK(params_[i].defined(), "an operand at every position");
    declare_dense(params_[i], param_types_[i].shape, batch);
  }
}

std::vector<Halide::Argument> Lowering::arguments() const {
  return std::vector<Halide::Argument>(params_.begin(), params_.end());
}

bool Lowering::has_batched_operand() const {
  for (const Type& type : param_types_)
    for (const Dim& dim : type.shape)
      if (dim.batched) return true;
  return false;
}

Expr Lowering::batch() const {
  Expr best = result_batch_;
  for (size_t i = 0; i < params_.size(); ++i) {
    const Shape& shape = param_types_[i].shape;
    for (size_t d = 0; d < shape.size(); ++d) {
      if (!shape[d].batched) continue;
      Expr extent = params_[i].dim(static_cast<int>(shape.size() - 1 - d)).extent();
      if (shape[d].size == 1) return extent;
      best = extent / fixed(shape[d].size);
    }
  }
  KCC_CHECK(best.defined(), "an operand or result from which the batch is known");
  return best;
}

Expr Lowering::extent(const Dim& dim) const {
  if (!dim.batched) return Expr(fixed(dim.size));
  return dim.size == 1 ? batch() : batch() * fixed(dim.size);
}

void Lowering::assume(const std::string& variable, int64_t min, int64_t extent) {
  assumptions_.push(variable, Halide::Internal::Interval(fixed(min), fixed(min + extent - 1)));
}

bool Lowering::proven(const Expr& condition) const {
  return Halide::Internal::can_prove(condition, assumptions_);
}

void Lowering::bind(ValueId node, Access access) {
  bound_[node] = std::move(access);
}

void Lowering::unbind() {
  bound_.clear();
  memo_.clear();
}

std::vector<Expr> Lowering::outputs_at(const Index& index) {
  std::vector<Expr> values;
  for (const NamedValue& output : body_.outputs) values.push_back(at(output.value, index));
  return values;
}

Expr Lowering::at(ValueId id, const Index& index) {
  KCC_CHECK(index.size() == node(id).type.shape.size(), "an index for each dimension");
  MemoKey key{id, {}};
  for (const Expr& i : index) key.second.push_back(i.get());
  if (auto found = memo_.find(key); found != memo_.end()) return found->second.value;
  Expr value = lower(id, index);
  memo_.emplace(std::move(key), MemoEntry{index, value});
  return value;
}

Expr Lowering::lower(ValueId id, const Index& index) {
  if (auto access = bound_.find(id); access != bound_.end()) return access->second(index);
  const Node& n = node(id);
  if (is_elementwise(n.op)) return lower_elementwise(n, index);
  switch (n.op) {
    case OpKind::kInput:
      return read_input(n, index);
    case OpKind::kConstant:
      return constant(n.type.dtype, n.attrs.number("value"));
    case OpKind::kIota:
      return index[static_cast<size_t>(n.attrs.integer("axis"))];
    case OpKind::kExtent:
      return cast<float>(extent(element_count(n.attrs.shape("shape"))));
    case OpKind::kBroadcast: {
      const auto& dims = n.attrs.integers("dims");
      const Shape& from = node(n.inputs[0]).type.shape;
      Index operand;
      for (size_t i = 0; i < dims.size(); ++i)
        operand.push_back(from[i].is_one() ? Expr(0) : index[static_cast<size_t>(dims[i])]);
      return at(n.inputs[0], operand);
    }
    case OpKind::kReshape:
      return reshape(n, index);
    case OpKind::kTranspose: {
      const auto& perm = n.attrs.integers("perm");
      Index operand(perm.size());
      for (size_t i = 0; i < perm.size(); ++i) operand[static_cast<size_t>(perm[i])] = index[i];
      return at(n.inputs[0], operand);
    }
    case OpKind::kSlice: {
      const auto &starts = n.attrs.integers("starts"), &strides = n.attrs.integers("strides");
      Index operand = index;
      for (size_t i = 0; i < index.size(); ++i)
        if (starts[i] != 0 || strides[i] != 1) operand[i] = index[i] * fixed(strides[i]) + fixed(starts[i]);
      return at(n.inputs[0], operand);
    }
    case OpKind::kPad:
      return pad(n, index);
    case OpKind::kConcat:
      return concat(n, index);
    case OpKind::kReverse: {
      const size_t axis = static_cast<size_t>(n.attrs.integer("axis"));
      Index operand = index;
      operand[axis] = fixed(n.type.shape[axis].size - 1) - index[axis];
      return at(n.inputs[0], operand);
    }
    case OpKind::kGather:
      return gather(n, index);
    case OpKind::kRandomUniform:
      return random(n, index);
    default:
      KCC_CHECK(false, "a heavy operation that its kernel family has not bound");
  }
}

Expr Lowering::lower_elementwise(const Node& n, const Index& index) {
  const DType from = node(n.inputs[0]).type.dtype;
  const Expr x = at(n.inputs[0], index);
  const Expr y = n.inputs.size() > 1 ? at(n.inputs[1], index) : Expr();
  // clang-format off
  switch (n.op) {
    case OpKind::kNeg: return -x;
    case OpKind::kAbs: return n.type.dtype == DType::kI32 ? cast<int32_t>(Halide::abs(x)) : Halide::abs(x);
    case OpKind::kSign: return math::sign(x);
    case OpKind::kExp: return math::exp(x);
    case OpKind::kExpm1: return math::expm1(x);
    case OpKind::kLog: return math::log(x);
    case OpKind::kLog1p: return math::log1p(x);
    case OpKind::kSqrt: return Halide::sqrt(x);
    case OpKind::kRsqrt: return Expr(1.0f) / Halide::sqrt(x);
    case OpKind::kTanh: return math::tanh(x);
    case OpKind::kSigmoid: return math::sigmoid(x);
    case OpKind::kErf: return math::erf(x);
    case OpKind::kSin: return Halide::sin(x);
    case OpKind::kCos: return Halide::cos(x);
    case OpKind::kFloor: return Halide::floor(x);
    case OpKind::kRound: return Halide::round(x);
    case OpKind::kNot: return !x;
    case OpKind::kIsNan: return from == DType::kF32 ? Halide::is_nan(x) : Halide::Internal::const_false();
    case OpKind::kRelu: return select(Expr(0.0f) > x, Expr(0.0f), x);  // one instruction, the order of operands matters
    case OpKind::kCast: return convert(x, from, n.type.dtype);
    case OpKind::kAdd: return x + y;
    case OpKind::kSub: return x - y;
    case OpKind::kMul: return x * y;
    case OpKind::kDiv: return x / y;
    case OpKind::kPow: return math::pow(x, y);
    case OpKind::kMax: return math::max(x, y);
    case OpKind::kMin: return math::min(x, y);
    case OpKind::kEq: return x == y;
    case OpKind::kNe: return x != y;
    case OpKind::kLt: return x < y;
    case OpKind::kLe: return x <= y;
    case OpKind::kGt: return x > y;
    case OpKind::kGe: return x >= y;
    case OpKind::kAnd: return x && y;
    case OpKind::kOr: return x || y;
    case OpKind::kSelect: return select(x, y, at(n.inputs[2], index));
    default: KCC_CHECK(false, "no element-wise operation");
  }
  // clang-format on
}

Expr Lowering::read_input(const Node& n, const Index& index) {
  const size_t position = static_cast<size_t>(n.attrs.integer("index"));
  Index operand = index;
  if (n.attrs.has("original")) {
    const auto& dims = n.attrs.integers("dims");
    operand.assign(n.attrs.shape("original").size(), Expr(0));
    for (size_t i = 0; i < dims.size(); ++i) operand[static_cast<size_t>(dims[i])] = index[i];
  }
  reads_.push_back({position, operand});
  return params_[position](reversed(operand));
}

Expr Lowering::reshape(const Node& n, const Index& index) {
  const Shape &from = node(n.inputs[0]).type.shape, &to = n.type.shape;
  Index operand(from.size(), Expr(0));
  for (const ReshapeGroup& group : reshape_groups(from, to)) {
    Expr linear;
    for (size_t d : group.to) linear = linear.defined() ? linear * extent(to[d]) + index[d] : index[d];
    for (size_t k = group.from.size(); k-- > 0;) {
      const size_t d = group.from[k];
      operand[d] = k == 0 ? linear : linear % extent(from[d]);
      if (k > 0) linear = linear / extent(from[d]);
    }
  }
  return at(n.inputs[0], operand);
}

Expr Lowering::pad(const Node& n, const Index& index) {
  const auto &low = n.attrs.integers("low"), &high = n.attrs.integers("high");
  const Shape& from = node(n.inputs[0]).type.shape;
  const Expr outside = constant(n.type.dtype, n.attrs.number("value"));
  Expr inside;
  Index operand = index;
  for (size_t i = 0; i < index.size(); ++i) {
    if (low[i] == 0 && high[i] == 0) continue;
    const Expr position = index[i] - fixed(low[i]);
    const Expr last = extent(from[i]) - 1;
    const Expr here = position >= 0 && position <= last;
    if (proven(!here)) return outside;
    operand[i] = position;
    if (proven(here)) continue;
    operand[i] = Halide::clamp(position, 0, last);
    inside = inside.defined() ? inside && here : here;
  }
  const Expr value = at(n.inputs[0], operand);
  return inside.defined() ? select(inside, value, outside) : value;
}

Expr Lowering::concat(const Node& n, const Index& index) {
  const size_t axis = static_cast<size_t>(n.attrs.integer("axis"));
  Expr value;
  int64_t start = n.type.shape[axis].size;
  for (size_t k = n.inputs.size(); k-- > 0;) {
    const int64_t size = node(n.inputs[k]).type.shape[axis].size;
    start -= size;
    const Expr position = index[axis] - fixed(start);
    if (proven(position < 0 || position >= fixed(size))) continue;
    Index operand = index;
    operand[axis] = position;
    if (proven(position >= 0 && position < fixed(size))) return at(n.inputs[k], operand);
    operand[axis] = Halide::clamp(position, 0, fixed(size - 1));
    const Expr part = at(n.inputs[k], operand);
    value = value.defined() ? select(position < fixed(size), part, value) : part;
  }
  return value;
}

// Indices outside the table take its first or last row.
Expr Lowering::gather(const Node& n, const Index& index) {
  const Shape &table = node(n.inputs[0]).type.shape, &indices = node(n.inputs[1]).type.shape;
  const auto split = index.begin() + static_cast<int64_t>(indices.size());
  Index row(split, index.end());
  row.insert(row.begin(), Halide::clamp(at(n.inputs[1], Index(index.begin(), split)), 0, fixed(table[0].size - 1)));
  return at(n.inputs[0], row);
}

// As compiler/ops/random.h has it: numbers of 24 bits from blocks of 16 lanes, masks of 16 bits from blocks of 8.
Expr Lowering::random(const Node& n, const Index& index) {
  const bool mask = n.attrs.has("below");
  const int lanes = mask ? 8 : 16;
  Expr element = 0;
  for (size_t i = 0; i < index.size(); ++i) element = i == 0 ? index[i] : element * extent(n.type.shape[i]) + index[i];
  Expr key[4];
  for (int i = 0; i < 4; ++i) key[i] = at(n.inputs[0], {Expr(i)});
  const Dim count = element_count(n.type.shape);
  const Expr before = cast<uint32_t>(fixed(count.batched ? count.size : 0)) * key[3];
  const Expr first = (before + cast<uint32_t>(63)) / cast<uint32_t>(64);
  Halide::Func block = philox_block(key, n.attrs.integer("stream"), first, lanes);
  random_blocks_.push_back(block);
  const Halide::FuncRef words = block(element % lanes, element / 64);
  const Expr word = Halide::mux((element / lanes) % 4, {words[0], words[1], words[2], words[3]});
  if (!mask) return cast<float>(word >> 8) * Expr(0x1p-24f);
  const Expr half = select((element / 32) % 2 == 0, word << 16, word);
  return half < Halide::Internal::make_const(Halide::UInt(32), static_cast<uint64_t>(n.attrs.integer("below")) << 16);
}

}  // namespace kcc
