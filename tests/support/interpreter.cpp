#include "tests/support/interpreter.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/support/check.h"
#include "tests/support/philox.h"

namespace kcc::testing {
namespace {

// What one node's meaning is computed from.
struct Call {
  const Node& node;
  std::vector<const Array*> operands;
  Index extents;  // of the result
  int64_t batch;

  const Array& operand(size_t i) const { return *operands[i]; }
  const Attrs& attrs() const { return node.attrs; }
};

// The result whose element at each index is value(index).
template <typename Value>
Array fill(const Index& extents, Value value) {
  Array result = zeros(extents);
  size_t next = 0;
  for_each_index(extents, [&](const Index& index) { result.values[next++] = value(index); });
  return result;
}

bool contains(const std::vector<int64_t>& items, int64_t item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

// ---- leaves and element-wise operations

double sign(double x) {
  return std::isnan(x) ? x : (x > 0) - (x < 0);
}

double unary(OpKind op, double x) {
  switch (op) {
    case OpKind::kNeg:
      return -x;
    case OpKind::kAbs:
      return std::abs(x);
    case OpKind::kSign:
      return sign(x);
    case OpKind::kExp:
      return std::exp(x);
    case OpKind::kExpm1:
      return std::expm1(x);
    case OpKind::kLog:
      return std::log(x);
    case OpKind::kLog1p:
      return std::log1p(x);
    case OpKind::kSqrt:
      return std::sqrt(x);
    case OpKind::kRsqrt:
      return 1 / std::sqrt(x);
    case OpKind::kTanh:
      return std::tanh(x);
    case OpKind::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case OpKind::kErf:
      return std::erf(x);
    case OpKind::kSin:
      return std::sin(x);
    case OpKind::kCos:
      return std::cos(x);
    case OpKind::kFloor:
      return std::floor(x);
    case OpKind::kRound:
      return std::nearbyint(x);  // halves to even
    case OpKind::kNot:
      return x == 0;
    case OpKind::kIsNan:
      return std::isnan(x);
    case OpKind::kRelu:
      return x <= 0 ? 0 : x;
    default:
      break;
  }
  KCC_CHECK(false, "an element-wise operation of one operand");
}

// NaN in either operand gives NaN, as in NumPy.
double larger(double x, double y) {
  return std::isnan(x) || x > y ? x : y;
}
double smaller(double x, double y) {
  return std::isnan(x) || x < y ? x : y;
}

double binary(OpKind op, double x, double y) {
  switch (op) {
    case OpKind::kAdd:
      return x + y;
    case OpKind::kSub:
      return x - y;
    case OpKind::kMul:
      return x * y;
    case OpKind::kDiv:
      return x / y;
    case OpKind::kPow:
      return std::pow(x, y);
    case OpKind::kMax:
      return larger(x, y);
    case OpKind::kMin:
      return smaller(x, y);
    case OpKind::kEq:
      return x == y;
    case OpKind::kNe:
      return x != y;
    case OpKind::kLt:
      return x < y;
    case OpKind::kLe:
      return x <= y;
    case OpKind::kGt:
      return x > y;
    case OpKind::kGe:
      return x >= y;
    case OpKind::kAnd:
      return x != 0 && y != 0;
    case OpKind::kOr:
      return x != 0 || y != 0;
    default:
      break;
  }
  KCC_CHECK(false, "an element-wise operation of two operands");
}

// Integers wrap around; their quotients round down.
double wrap(DType dtype, double x) {
  const double range = 4294967296.0;
  if (dtype == DType::kU32) return std::floor(x) - range * std::floor(x / range);
  if (dtype == DType::kI32) return std::floor(x) - range * std::floor((x + range / 2) / range);
  return x;
}

Array elementwise(const Call& c) {
  for (const Array* operand : c.operands) KCC_CHECK(operand->extents == c.extents, "operands have one shape");
  Array result = zeros(c.extents);
  for (size_t i = 0; i < result.values.size(); ++i) {
    const double x = c.operand(0).values[i];
    const double value = c.operands.size() == 1 ? unary(c.node.op, x) : binary(c.node.op, x, c.operand(1).values[i]);
    result.values[i] = wrap(c.node.type.dtype, value);
  }
  return result;
}

double cast(DType to, double x) {
  if (to == DType::kBool) return x != 0;
  return to == DType::kF32 ? x : wrap(to, std::trunc(x));
}

Array cast(const Call& c) {
  DType to;
  KCC_CHECK(dtype_from_name(c.attrs().text("dtype"), &to), "a type to cast to");
  Array result = c.operand(0);
  for (double& value : result.values) value = cast(to, value);
  return result;
}

Array select(const Call& c) {
  for (const Array* operand : c.operands) KCC_CHECK(operand->extents == c.extents, "operands have one shape");
  Array result = zeros(c.extents);
  for (size_t i = 0; i < result.values.size(); ++i) {
    result.values[i] = c.operand(c.operand(0).values[i] != 0 ? 1 : 2).values[i];
  }
  return result;
}

Array iota(const Call& c) {
  const auto axis = static_cast<size_t>(c.attrs().integer("axis"));
  return fill(c.extents, [&](const Index& i) { return static_cast<double>(i[axis]); });
}

// ---- movement

Array broadcast(const Call& c) {
  const std::vector<int64_t>& dims = c.attrs().integers("dims");
  const Array& x = c.operand(0);
  return fill(c.extents, [&](const Index& i) {
    Index from(x.extents.size());
    for (size_t d = 0; d < from.size(); ++d) from[d] = x.extents[d] == 1 ? 0 : i[static_cast<size_t>(dims[d])];
    return x.at(from);
  });
}

Array reshape(const Call& c) {
  KCC_CHECK(count_of(c.extents) == count_of(c.operand(0).extents), "a reshape keeps the elements");
  return Array{c.extents, c.operand(0).values};
}

Array transpose(const Call& c) {
  const std::vector<int64_t>& perm = c.attrs().integers("perm");
  return fill(c.extents, [&](const Index& i) {
    Index from(i.size());
    for (size_t d = 0; d < i.size(); ++d) from[static_cast<size_t>(perm[d])] = i[d];
    return c.operand(0).at(from);
  });
}

Array slice(const Call& c) {
  const std::vector<int64_t>& starts = c.attrs().integers("starts");
  const std::vector<int64_t>& strides = c.attrs().integers("strides");
  return fill(c.extents, [&](const Index& i) {
    Index from(i.size());
    for (size_t d = 0; d < i.size(); ++d) from[d] = starts[d] + i[d] * strides[d];
    return c.operand(0).at(from);
  });
}

Array pad(const Call& c) {
  const std::vector<int64_t>& low = c.attrs().integers("low");
  const Array& x = c.operand(0);
  return fill(c.extents, [&](const Index& i) {
    Index from(i.size());
    for (size_t d = 0; d < i.size(); ++d) {
      from[d] = i[d] - low[d];
      if (from[d] < 0 || from[d] >= x.extents[d]) return c.attrs().number("value");
    }
    return x.at(from);
  });
}

Array concat(const Call& c) {
  const auto axis = static_cast<size_t>(c.attrs().integer("axis"));
  return fill(c.extents, [&](const Index& i) {
    Index from = i;
    size_t part = 0;
    while (from[axis] >= c.operand(part).extents[axis]) from[axis] -= c.operand(part++).extents[axis];
    return c.operand(part).at(from);
  });
}

Array reverse(const Call& c) {
  const auto axis = static_cast<size_t>(c.attrs().integer("axis"));
  return fill(c.extents, [&](const Index& i) {
    Index from = i;
    from[axis] = c.extents[axis] - 1 - i[axis];
    return c.operand(0).at(from);
  });
}

// ---- reductions

// The index with the axes' entries left out.
Index without(const Index& index, const std::vector<int64_t>& axes) {
  Index rest;
  for (size_t d = 0; d < index.size(); ++d) {
    if (!contains(axes, static_cast<int64_t>(d))) rest.push_back(index[d]);
  }
  return rest;
}

Array reduce(const Call& c) {
  const std::vector<int64_t>& axes = c.attrs().integers("axes");
  const double infinity = std::numeric_limits<double>::infinity();
  const bool sum = c.node.op == OpKind::kReduceSum, max = c.node.op == OpKind::kReduceMax;
  Array result = zeros(c.extents);
  std::fill(result.values.begin(), result.values.end(), sum ? 0 : max ? -infinity : infinity);
  for_each_index(c.operand(0).extents, [&](const Index& i) {
    const double x = c.operand(0).at(i);
    double& y = result.at(without(i, axes));
    y = sum ? y + x : max ? larger(y, x) : smaller(y, x);
  });
  return result;
}

Array arg_max(const Call& c) {
  const int64_t axis = c.attrs().integer("axis");
  const Array& x = c.operand(0);
  return fill(c.extents, [&](const Index& i) {
    Index at = i;
    at.insert(at.begin() + axis, 0);
    int64_t best = 0;
    double largest = x.at(at);
    for (int64_t k = 1; k < x.extents[static_cast<size_t>(axis)]; ++k) {
      at[static_cast<size_t>(axis)] = k;
      if (std::isnan(largest) || x.at(at) <= largest) continue;  // the first NaN counts as largest
      largest = x.at(at);
      best = k;
    }
    return static_cast<double>(best);
  });
}

// ---- products

Array matmul(const Call& c) {
  const bool ta = c.attrs().integer("transpose_a") != 0, tb = c.attrs().integer("transpose_b") != 0;
  const Array &a = c.operand(0), &b = c.operand(1);
  const int64_t depth = a.extents[ta ? 0 : 1];
  KCC_CHECK(depth == b.extents[tb ? 1 : 0], "inner extents agree");
  return fill(c.extents, [&](const Index& i) {
    double sum = 0;
    for (int64_t k = 0; k < depth; ++k)
      sum += a.at(ta ? Index{k, i[0]} : Index{i[0], k}) * b.at(tb ? Index{i[1], k} : Index{k, i[1]});
    return sum;
  });
}

// Visits every pair of an element of an image x: (B, spatial..., C) and an element of y: (B, out..., anything) that
// lies in its window: visit(batch and spatial index of x, of y, index in the window).
struct Windows {
  Index image, window, out;  // spatial extents
  std::vector<int64_t> strides, dilations, low;

  void visit(int64_t batch, const std::function<void(const Index&, const Index&, const Index&)>& pair) const {
    for (int64_t n = 0; n < batch; ++n) {
      for_each_index(out, [&](const Index& o) {
        for_each_index(window, [&](const Index& k) {
          Index x{n}, y{n};
          for (size_t d = 0; d < out.size(); ++d) {
            x.push_back(o[d] * strides[d] + k[d] * dilations[d] - low[d]);
            if (x.back() < 0 || x.back() >= image[d]) return;
            y.push_back(o[d]);
          }
          pair(x, y, k);
        });
      });
    }
  }
};

Index spatial(const Index& extents) {
  return Index(extents.begin() + 1, extents.end() - 1);
}

Index with(Index index, std::initializer_list<int64_t> more) {
  index.insert(index.end(), more);
  return index;
}

// All three products run over the same terms y[b, o, f] <- x[b, o*stride + k*dilation - low, c] * w[k, c, f].
void for_each_conv_term(const Call& c, const Index& x, const Index& w, const Index& y,
                        const std::function<void(const Index&, const Index&, const Index&)>& term) {
  const Attrs& attrs = c.attrs();
  const Index window(w.begin(), w.end() - 2);
  const Windows windows{
      spatial(x), window, spatial(y), attrs.integers("strides"), attrs.integers("dilations"), attrs.integers("low")};
  const int64_t filters = w.back(), channels = w[w.size() - 2], per_group = filters / attrs.integer("groups");
  windows.visit(x[0], [&](const Index& at_x, const Index& at_y, const Index& k) {
    for (int64_t f = 0; f < filters; ++f) {
      for (int64_t ch = 0; ch < channels; ++ch) {
        term(with(at_x, {f / per_group * channels + ch}), with(k, {ch, f}), with(at_y, {f}));
      }
    }
  });
}

Array conv(const Call& c) {
  const Array &x = c.operand(0), &w = c.operand(1);
  Array y = zeros(c.extents);
  for_each_conv_term(c, x.extents, w.extents, y.extents, [&](const Index& at_x, const Index& at_w, const Index& at_y) {
    y.at(at_y) += x.at(at_x) * w.at(at_w);
  });
  return y;
}

Array conv_input_grad(const Call& c) {
  const Array &g = c.operand(0), &w = c.operand(1);
  Array x = zeros(c.extents);
  for_each_conv_term(c, x.extents, w.extents, g.extents, [&](const Index& at_x, const Index& at_w, const Index& at_y) {
    x.at(at_x) += g.at(at_y) * w.at(at_w);
  });
  return x;
}

Array conv_weight_grad(const Call& c) {
  const Array &x = c.operand(0), &g = c.operand(1);
  Array w = zeros(c.extents);
  for_each_conv_term(c, x.extents, w.extents, g.extents, [&](const Index& at_x, const Index& at_w, const Index& at_y) {
    w.at(at_w) += x.at(at_x) * g.at(at_y);
  });
  return w;
}

// ---- pooling

void for_each_pool_pair(const Call& c, const Index& x, const Index& y,
                        const std::function<void(const Index&, const Index&)>& pair) {
  const Attrs& attrs = c.attrs();
  const std::vector<int64_t>& window = attrs.integers("window");
  const Windows windows{
      spatial(x),           window, spatial(y), attrs.integers("strides"), std::vector<int64_t>(window.size(), 1),
      attrs.integers("low")};
  windows.visit(x[0], [&](const Index& at_x, const Index& at_y, const Index&) {
    for (int64_t ch = 0; ch < x.back(); ++ch) pair(with(at_x, {ch}), with(at_y, {ch}));
  });
}

Array max_pool(const Call& c) {
  const Array& x = c.operand(0);
  Array y = zeros(c.extents);
  std::fill(y.values.begin(), y.values.end(), -std::numeric_limits<double>::infinity());
  for_each_pool_pair(c, x.extents, y.extents,
                     [&](const Index& at_x, const Index& at_y) { y.at(at_y) = larger(y.at(at_y), x.at(at_x)); });
  return y;
}

Array max_pool_grad(const Call& c) {
  const Array &x = c.operand(0), &y = c.operand(1), &g = c.operand(2);
  Array result = zeros(c.extents), taken = zeros(y.extents);
  for_each_pool_pair(c, x.extents, y.extents, [&](const Index& at_x, const Index& at_y) {
    if (taken.at(at_y) != 0 || x.at(at_x) != y.at(at_y)) return;
    taken.at(at_y) = 1;
    result.at(at_x) += g.at(at_y);
  });
  return result;
}

// How many elements of the image each window holds.
Array window_counts(const Call& c, const Index& x, const Index& y) {
  Array counts = zeros(y);
  for_each_pool_pair(c, x, y, [&](const Index&, const Index& at_y) { counts.at(at_y) += 1; });
  return counts;
}

Array avg_pool(const Call& c) {
  const Array& x = c.operand(0);
  const Array counts = window_counts(c, x.extents, c.extents);
  Array y = zeros(c.extents);
  for_each_pool_pair(c, x.extents, y.extents,
                     [&](const Index& at_x, const Index& at_y) { y.at(at_y) += x.at(at_x) / counts.at(at_y); });
  return y;
}

Array avg_pool_grad(const Call& c) {
  const Array& g = c.operand(0);
  const Array counts = window_counts(c, c.extents, g.extents);
  Array x = zeros(c.extents);
  for_each_pool_pair(c, x.extents, g.extents,
                     [&](const Index& at_x, const Index& at_y) { x.at(at_x) += g.at(at_y) / counts.at(at_y); });
  return x;
}

// ---- rows

Array softmax(const Call& c) {
  const Array& x = c.operand(0);
  const int64_t width = c.extents.back();
  Array y = zeros(c.extents);
  for (size_t row = 0; row < y.values.size(); row += static_cast<size_t>(width)) {
    double max = -std::numeric_limits<double>::infinity(), sum = 0;
    for (size_t i = row; i < row + static_cast<size_t>(width); ++i) max = larger(max, x.values[i]);
    for (size_t i = row; i < row + static_cast<size_t>(width); ++i) sum += std::exp(x.values[i] - max);
    for (size_t i = row; i < row + static_cast<size_t>(width); ++i) {
      y.values[i] =
          c.node.op == OpKind::kSoftmax ? std::exp(x.values[i] - max) / sum : x.values[i] - max - std::log(sum);
    }
  }
  return y;
}

Array normalize(const Call& c) {
  const std::vector<int64_t>& axes = c.attrs().integers("axes");
  const double epsilon = c.attrs().number("epsilon");
  const Array& x = c.operand(0);
  Array mean = zeros(without(c.extents, axes)), variance = mean;
  const double count = static_cast<double>(count_of(c.extents)) / static_cast<double>(count_of(mean.extents));
  for_each_index(x.extents, [&](const Index& i) { mean.at(without(i, axes)) += x.at(i) / count; });
  for_each_index(x.extents, [&](const Index& i) {
    const double distance = x.at(i) - mean.at(without(i, axes));
    variance.at(without(i, axes)) += distance * distance / count;
  });
  return fill(c.extents, [&](const Index& i) {
    const Index row = without(i, axes);
    return (x.at(i) - mean.at(row)) / std::sqrt(variance.at(row) + epsilon);
  });
}

// ---- random

Array random_uniform(const Call& c) {
  std::array<uint32_t, 4> key;  // seed low, seed high, step low, step high
  for (size_t i = 0; i < 4; ++i) key[i] = static_cast<uint32_t>(c.operand(0).values[i]);
  const auto stream = static_cast<uint32_t>(c.attrs().integer("stream"));
  Array result = zeros(c.extents);
  for (size_t e = 0; e < result.values.size(); ++e) {
    const auto block = static_cast<uint32_t>(e / 64 * 16 + e % 16);
    const uint32_t word = philox_block({block, stream, key[2], key[3]}, {key[0], key[1]})[e / 16 % 4];
    result.values[e] = (word >> 8) * 0x1p-24;
  }
  return result;
}

Array evaluate(const Call& c) {
  switch (c.node.op) {
    case OpKind::kConstant:
      return scalar(c.attrs().number("value"));
    case OpKind::kIota:
      return iota(c);
    case OpKind::kExtent:
      return scalar(static_cast<double>(count_of(extents_of(c.attrs().shape("shape"), c.batch))));
    case OpKind::kCast:
      return cast(c);
    case OpKind::kSelect:
      return select(c);
    case OpKind::kBroadcast:
      return broadcast(c);
    case OpKind::kReshape:
      return reshape(c);
    case OpKind::kTranspose:
      return transpose(c);
    case OpKind::kSlice:
      return slice(c);
    case OpKind::kPad:
      return pad(c);
    case OpKind::kConcat:
      return concat(c);
    case OpKind::kReverse:
      return reverse(c);
    case OpKind::kReduceSum:
    case OpKind::kReduceMax:
    case OpKind::kReduceMin:
      return reduce(c);
    case OpKind::kArgMax:
      return arg_max(c);
    case OpKind::kMatMul:
      return matmul(c);
    case OpKind::kConv:
      return conv(c);
    case OpKind::kConvInputGrad:
      return conv_input_grad(c);
    case OpKind::kConvWeightGrad:
      return conv_weight_grad(c);
    case OpKind::kMaxPool:
      return max_pool(c);
    case OpKind::kMaxPoolGrad:
      return max_pool_grad(c);
    case OpKind::kAvgPool:
      return avg_pool(c);
    case OpKind::kAvgPoolGrad:
      return avg_pool_grad(c);
    case OpKind::kSoftmax:
    case OpKind::kLogSoftmax:
      return softmax(c);
    case OpKind::kNormalize:
      return normalize(c);
    case OpKind::kRandomUniform:
      return random_uniform(c);
    default:
      return elementwise(c);
  }
}

}  // namespace

Evaluation interpret(const Graph& graph, int64_t batch, const std::vector<Array>& inputs,
                     const std::vector<Array>& states) {
  Evaluation result;
  result.values.reserve(graph.nodes.size());
  for (const Node& node : graph.nodes) {
    Call call{node, {}, extents_of(node.type.shape, batch), batch};
    for (ValueId operand : node.inputs) call.operands.push_back(&result.values[static_cast<size_t>(operand)]);
    const bool leaf = node.op == OpKind::kInput || node.op == OpKind::kState;
    if (leaf) {
      const std::vector<Array>& given = node.op == OpKind::kInput ? inputs : states;
      const auto index = static_cast<size_t>(node.attrs.integer("index"));
      KCC_CHECK(index < given.size(), "an array for every input and state that is read");
      result.values.push_back(given[index]);
    } else {
      result.values.push_back(evaluate(call));
    }
    KCC_CHECK(result.values.back().extents == call.extents, "a value has its type's extents");
  }
  for (const NamedValue& output : graph.outputs)
    result.outputs.push_back(result.values[static_cast<size_t>(output.value)]);
  for (const StateWrite& write : graph.writes)
    result.writes[write.state] = result.values[static_cast<size_t>(write.value)];
  return result;
}

}  // namespace kcc::testing
