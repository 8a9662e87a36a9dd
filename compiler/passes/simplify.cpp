#include "compiler/passes/simplify.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <unordered_map>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/op.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/constant_of.h"
#include "compiler/passes/dropped_relu.h"
#include "compiler/passes/join_pads.h"
#include "compiler/passes/layout.h"
#include "compiler/passes/rewrite.h"
#include "compiler/passes/shrink_reductions.h"
#include "compiler/passes/sink.h"

namespace kcc {
namespace {

bool is_constant(const Graph& graph, ValueId value, double wanted) {
  std::optional<double> known = constant_of(graph, value);
  return known && *known == wanted;
}

// One that leaves the other operand as it is: x + 0, x - 0, x * 1, x / 1.
std::optional<ValueId> without_neutral(const Graph& graph, const Node& node) {
  const auto neutral = [&](size_t operand, double value) { return is_constant(graph, node.inputs[operand], value); };
  switch (node.op) {
    case OpKind::kAdd:
      if (neutral(1, 0)) return node.inputs[0];
      if (neutral(0, 0)) return node.inputs[1];
      break;
    case OpKind::kSub:
      if (neutral(1, 0)) return node.inputs[0];
      break;
    case OpKind::kMul:
      if (neutral(1, 1)) return node.inputs[0];
      if (neutral(0, 1)) return node.inputs[1];
      break;
    case OpKind::kDiv:
      if (neutral(1, 1)) return node.inputs[0];
      break;
    case OpKind::kSelect:
      if (node.inputs[1] == node.inputs[2]) return node.inputs[1];
      if (const auto known = constant_of(graph, node.inputs[0])) return node.inputs[*known != 0 ? 1 : 2];
      break;
    case OpKind::kAnd:
    case OpKind::kOr:
      for (size_t i = 0; i < 2; ++i)
        if (neutral(i, node.op == OpKind::kAnd ? 1 : 0)) return node.inputs[1 - i];
      break;
    default:
      break;
  }
  return std::nullopt;
}

std::optional<double> fold(OpKind op, float x, float y) {
  switch (op) {
    case OpKind::kAdd:
      return x + y;
    case OpKind::kSub:
      return x - y;
    case OpKind::kMul:
      return x * y;
    case OpKind::kDiv:
      return x / y;
    default:
      return std::nullopt;
  }
}

std::optional<ValueId> folded(Builder& b, const Node& node) {
  if (!node.type.shape.empty() || node.type.dtype != DType::kF32) return std::nullopt;
  if (node.inputs.size() == 1 && node.op == OpKind::kNeg) {
    if (auto x = constant_of(b.graph, node.inputs[0])) return constant(b, -*x);
  }
  if (node.inputs.size() != 2) return std::nullopt;
  const auto x = constant_of(b.graph, node.inputs[0]), y = constant_of(b.graph, node.inputs[1]);
  if (!x || !y) return std::nullopt;
  const auto value = fold(node.op, static_cast<float>(*x), static_cast<float>(*y));
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return constant(b, *value);
}

// Two movements in a row that are one or none.
std::optional<ValueId> composed_movement(Builder& b, const Node& node) {
  if (node.inputs.size() != 1) return std::nullopt;
  const Node inner = b.graph[node.inputs[0]];
  if (node.op == OpKind::kReshape && inner.op == OpKind::kReshape) return reshape(b, inner.inputs[0], node.type.shape);
  if (node.op == OpKind::kReshape && node.type.shape == inner.type.shape) return node.inputs[0];
  if (node.op == OpKind::kTranspose && moves_nothing(inner.type.shape, node.attrs.integers("perm")))
    return reshape(b, inner.op == OpKind::kReshape ? inner.inputs[0] : node.inputs[0], node.type.shape);
  if (node.op == OpKind::kTranspose && inner.op == OpKind::kTranspose) {
    std::vector<int64_t> perm;
    for (int64_t p : node.attrs.integers("perm")) perm.push_back(inner.attrs.integers("perm")[static_cast<size_t>(p)]);
    return transpose(b, inner.inputs[0], perm);
  }
  if (node.op == OpKind::kBroadcast && inner.op == OpKind::kBroadcast) {
    std::vector<int64_t> dims;
    for (int64_t d : inner.attrs.integers("dims")) dims.push_back(node.attrs.integers("dims")[static_cast<size_t>(d)]);
    return broadcast_in_dims(b, inner.inputs[0], node.type.shape, dims);
  }
  return std::nullopt;
}

// Rows by index in another order are rows by indices in that order: indices are lighter to move.
std::optional<ValueId> moved_indices(Builder& b, const Node& node) {
  const bool gathers = node.op == OpKind::kTranspose && b.graph[node.inputs[0]].op == OpKind::kGather;
  const bool scatters = node.op == OpKind::kScatterAdd && b.graph[node.inputs[1]].op == OpKind::kTranspose;
  if (!gathers && !scatters) return std::nullopt;
  const Node inner = b.graph[node.inputs[gathers ? 0 : 1]];
  const ValueId indices = gathers ? inner.inputs[1] : node.inputs[0];
  const size_t rank = b.shape(indices).size();
  std::vector<int64_t> perm = (gathers ? node : inner).attrs.integers("perm");
  for (size_t i = rank; i < perm.size(); ++i)
    if (perm[i] != static_cast<int64_t>(i)) return std::nullopt;
  perm.resize(rank);
  if (gathers) return gather(b, inner.inputs[0], transpose(b, indices, perm));
  std::vector<int64_t> inverse(rank);
  for (size_t i = 0; i < rank; ++i) inverse[static_cast<size_t>(perm[i])] = static_cast<int64_t>(i);
  return scatter_add(b, transpose(b, indices, inverse), inner.inputs[0], node.type.shape);
}

// A broadcast of a reshape that only drops or adds extents of 1 is a broadcast of what was reshaped: reductions that
// keep their dimensions and are stretched again become index maps.
std::optional<ValueId> broadcast_of_squeezed(Builder& b, const Node& node) {
  if (node.op != OpKind::kBroadcast) return std::nullopt;
  const Node inner = b.graph[node.inputs[0]];
  if (inner.op != OpKind::kReshape) return std::nullopt;
  const Shape &from = b.shape(inner.inputs[0]), &kept = inner.type.shape;
  std::vector<int64_t> dims;
  size_t next = 0;
  for (size_t i = 0; i < kept.size(); ++i) {
    if (next < from.size() && from[next] == kept[i]) {
      dims.push_back(node.attrs.integers("dims")[i]);
      ++next;
    } else if (!kept[i].is_one()) {
      return std::nullopt;
    }
  }
  if (next != from.size()) return std::nullopt;
  return broadcast_in_dims(b, inner.inputs[0], node.type.shape, dims);
}

// Movement of a value that is one constant everywhere.
std::optional<ValueId> moved_constant(Builder& b, const Node& node) {
  if (node.op != OpKind::kReshape && node.op != OpKind::kTranspose && node.op != OpKind::kSlice &&
      node.op != OpKind::kReverse && node.op != OpKind::kPad && node.op != OpKind::kConcat)
    return std::nullopt;
  const auto value = constant_of(b.graph, node.inputs[0]);
  if (!value || (node.op == OpKind::kPad && node.attrs.number("value") != *value)) return std::nullopt;
  for (ValueId input : node.inputs)
    if (!is_constant(b.graph, input, *value)) return std::nullopt;
  return broadcast_to(b, constant(b, *value, node.type.dtype), Shape(node.type.shape));
}

std::string key_of(const Node& node) {
  std::string key = fmt::format("{}", static_cast<int>(node.op));
  for (ValueId input : node.inputs) key += fmt::format(" {}", input);
  for (const auto& [name, value] : node.attrs.items()) {
    key += ' ' + name + '=';
    std::visit(
        [&](const auto& v) {
          using T = std::decay_t<decltype(v)>;
          if constexpr (std::is_same_v<T, Shape>)
            key += to_string(v);
          else if constexpr (std::is_same_v<T, std::vector<int64_t>>)
            key += fmt::format("{}", fmt::join(v, ","));
          else
            key += fmt::format("{}", v);
        },
        value);
  }
  return key;
}

}  // namespace

Graph simplify(const Graph& graph) {
  std::unordered_map<std::string, ValueId> known;  // looked up only, never walked
  return rewrite(graph, [&](Builder& b, Node node) {
    if (node.body) return b.graph.add(std::move(node));
    if (auto value = without_neutral(b.graph, node)) return *value;
    if (auto value = folded(b, node)) return *value;
    if (auto value = composed_movement(b, node)) return *value;
    if (auto value = broadcast_of_squeezed(b, node)) return *value;
    if (auto value = moved_indices(b, node)) return *value;
    if (auto value = smaller_reduction(b, node)) return *value;
    if (auto value = moved_constant(b, node)) return *value;
    if (auto value = joined_pads(b, node)) return *value;
    if (auto value = without_dropped_mask(b, node)) return *value;
    if (auto value = sunk(b, node)) return *value;
    auto [found, is_new] = known.try_emplace(key_of(node), b.graph.size());
    return is_new ? b.graph.add(std::move(node)) : found->second;
  });
}

}  // namespace kcc
