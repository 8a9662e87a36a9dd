#include "tests/support/interpreter.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/support/check.h"
#include "tests/support/interpreter_call.h"
#include "tests/support/philox.h"

namespace kcc::testing {

double larger(double x, double y) {
  return std::isnan(x) || x > y ? x : y;
}

namespace {

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
    case OpKind::kStopGradient:
      return x;
    default:
      break;
  }
  KCC_CHECK(false, "an element-wise operation of one operand");
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

// ---- rows by index

// Which row of a table the index names: the nearest for those outside.
size_t row_of(double index, int64_t rows) {
  return static_cast<size_t>(std::clamp<int64_t>(static_cast<int64_t>(index), 0, rows - 1));
}

Array gather(const Call& c) {
  const Array &table = c.operand(0), &indices = c.operand(1);
  Array result = zeros(c.extents);
  const size_t width = table.values.size() / static_cast<size_t>(table.extents[0]);
  for (size_t i = 0; i < indices.values.size(); ++i) {
    const size_t row = row_of(indices.values[i], table.extents[0]);
    for (size_t d = 0; d < width; ++d) result.values[i * width + d] = table.values[row * width + d];
  }
  return result;
}

Array scatter_add(const Call& c) {
  const Array &indices = c.operand(0), &rows = c.operand(1);
  Array result = zeros(c.extents);
  const size_t width = result.values.size() / static_cast<size_t>(c.extents[0]);
  for (size_t i = 0; i < indices.values.size(); ++i) {
    const size_t row = row_of(indices.values[i], c.extents[0]);
    for (size_t d = 0; d < width; ++d) result.values[row * width + d] += rows.values[i * width + d];
  }
  return result;
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

// The words of element e: blocks of 64 elements, four words of `lanes` counters.
std::vector<uint32_t> random_words(const Call& c, uint32_t lanes) {
  std::array<uint32_t, 4> key;  // seed low, seed high, step, first sample
  for (size_t i = 0; i < 4; ++i) key[i] = static_cast<uint32_t>(c.operand(0).values[i]);
  const auto stream = static_cast<uint32_t>(c.attrs().integer("stream"));
  const Dim count = element_count(c.node.type.shape);
  const uint32_t before = count.batched ? (key[3] * static_cast<uint32_t>(count.size) + 63) / 64 * lanes : 0;
  std::vector<uint32_t> words(zeros(c.extents).values.size());
  for (size_t e = 0; e < words.size(); ++e) {
    const auto block = before + static_cast<uint32_t>(e / 64 * lanes + e % lanes);
    words[e] = philox_block({block, stream, key[2], 0}, {key[0], key[1]})[e / lanes % 4];
  }
  return words;
}

Array random_uniform(const Call& c) {
  const std::vector<uint32_t> words = random_words(c, 16);
  Array result = zeros(c.extents);
  for (size_t e = 0; e < words.size(); ++e) result.values[e] = (words[e] >> 8) * 0x1p-24;
  return result;
}

Array random_mask(const Call& c) {
  const std::vector<uint32_t> words = random_words(c, 8);
  Array result = zeros(c.extents);
  for (size_t e = 0; e < words.size(); ++e) {
    const uint32_t half = e / 32 % 2 == 0 ? words[e] & 0xffff : words[e] >> 16;
    result.values[e] = half < c.attrs().integer("below") ? 1 : 0;
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
    case OpKind::kGather:
      return gather(c);
    case OpKind::kScatterAdd:
      return scatter_add(c);
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
      return c.attrs().has("below") ? random_mask(c) : random_uniform(c);
    case OpKind::kRankSum:
      return c.operand(0);  // one rank alone
    default:
      return elementwise(c);
  }
}

}  // namespace

Evaluation interpret(const Graph& graph, int64_t batch, const std::vector<Array>& inputs,
                     const std::vector<Array>& states) {
  Evaluation result;
  result.values.reserve(graph.nodes.size());
  std::map<ValueId, std::vector<Array>> loops;  // results by scan
  for (const Node& node : graph.nodes) {
    Call call{node, {}, extents_of(node.type.shape, batch), batch};
    for (ValueId operand : node.inputs) call.operands.push_back(&result.values[static_cast<size_t>(operand)]);
    const bool leaf = node.op == OpKind::kInput || node.op == OpKind::kState;
    if (leaf) {
      const std::vector<Array>& given = node.op == OpKind::kInput ? inputs : states;
      const auto index = static_cast<size_t>(node.attrs.integer("index"));
      KCC_CHECK(index < given.size(), "an array for every input and state that is read");
      result.values.push_back(given[index]);
    } else if (node.op == OpKind::kScan) {
      loops[static_cast<ValueId>(result.values.size())] = run_scan(call);
      result.values.push_back(scalar(0));
    } else if (node.op == OpKind::kResult) {
      result.values.push_back(loops.at(node.inputs[0]).at(static_cast<size_t>(node.attrs.integer("index"))));
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
