#include "frontend/layers/operations.h"

#include <algorithm>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/activations.h"
#include "frontend/layers/operation.h"
#include "frontend/layers/options.h"
#include "frontend/names.h"

namespace kcc {
namespace {

using Axes = std::vector<int64_t>;
using Values = std::vector<ValueId>;

ValueId as_float(Builder& b, ValueId x) {
  return cast(b, x, DType::kF32);
}
ValueId as_bool(Builder& b, ValueId x) {
  return b.type(x).dtype == DType::kBool ? x : binary(b, OpKind::kNe, x, constant(b, 0, b.type(x).dtype));
}

// ---- element by element

// As NumPy does. Empty where they do not broadcast.
std::optional<Shape> broadcast(const Shapes& shapes) {
  Shape result;
  for (Shape shape : shapes) {
    const size_t rank = std::max(shape.size(), result.size());
    shape.insert(shape.begin(), rank - shape.size(), Dim{});
    result.insert(result.begin(), rank - result.size(), Dim{});
    for (size_t i = 0; i < rank; ++i) {
      if (!(result[i] == shape[i] || result[i].is_one() || shape[i].is_one())) return std::nullopt;
      if (result[i].is_one()) result[i] = shape[i];
    }
  }
  return result;
}

using OnValues = ValueId (*)(Builder&, const Values&);

template <size_t count, OnValues on>
LayerBody elementwise(LayerConfig& c) {
  const std::vector<Argument> arguments = read_arguments(c, count);
  return operation(c, count_tensors(arguments), broadcast, [=](Builder& b, const Values& inputs) {
    Values values;
    for (const Argument& argument : arguments)
      values.push_back(argument.input < 0 ? constant(b, argument.number, argument.dtype)
                                          : inputs[static_cast<size_t>(argument.input)]);
    return on(b, values);
  });
}

template <OpKind op>
ValueId promoting(Builder& b, const Values& v) {
  const Values both = promoted(b, v);
  return binary(b, op, both[0], both[1]);
}
template <OpKind op>
ValueId on_reals(Builder& b, const Values& v) {
  return v.size() == 1 ? unary(b, op, as_float(b, v[0])) : binary(b, op, as_float(b, v[0]), as_float(b, v[1]));
}
template <OpKind op>
ValueId on_truths(Builder& b, const Values& v) {
  return v.size() == 1 ? unary(b, op, as_bool(b, v[0])) : binary(b, op, as_bool(b, v[0]), as_bool(b, v[1]));
}
ValueId inverse(Builder& b, const Values& v) {
  return div(b, 1.0, as_float(b, v[0]));
}
ValueId squared(Builder& b, const Values& v) {
  return square(b, promoted(b, v)[0]);
}
ValueId chosen(Builder& b, const Values& v) {
  const Values both = promoted(b, {v[1], v[2]});
  return select(b, as_bool(b, v[0]), both[0], both[1]);
}
// ones_like and zeros_like, of a type of their own or the operand's.
template <int value>
LayerBody filling(LayerConfig& c) {
  read_arguments(c, 1);
  const std::string name = c.text("dtype", "");
  return operation(c, 1, broadcast, [=](Builder& b, const Values& v) {
    DType dtype = b.type(v[0]).dtype;
    if (!name.empty())
      dtype = name == "bool" ? DType::kBool : name.find("int") != std::string::npos ? DType::kI32 : DType::kF32;
    const Shape shape = b.shape(v[0]);
    return broadcast_to(b, constant(b, value, dtype), shape);
  });
}

// min(max(x, low), high): as in JAX a tie takes half of the gradient.
LayerBody clip_operation(LayerConfig& c) {
  read_arguments(c, 1);
  const double low = c.number("x_min", 0), high = c.number("x_max", 0);
  for (const char* key : {"x_min", "x_max"})
    if (!c.has(key)) c.error(key, "a number");
  return operation(c, 1, broadcast, [=](Builder& b, const Values& v) {
    ValueId raised = binary(b, OpKind::kMax, as_float(b, v[0]), constant(b, low));
    return binary(b, OpKind::kMin, raised, constant(b, high));
  });
}

// Those that layers know as activations.
LayerBody activation_operation(LayerConfig& c) {
  read_arguments(c, 1);
  const Activation activation = make_activation(to_snake_case(c.subject()), c);
  return operation(
      c, 1, [=](const Shapes& inputs) { return activation.infer(inputs[0]); },
      [=](Builder& b, const Values& v) { return activation(b, as_float(b, v[0])); });
}

// ---- reductions

using Reduce = ValueId (*)(Builder&, ValueId, const Axes&, bool keep_dims);

template <Reduce reduce>
LayerBody reduction(LayerConfig& c) {
  read_arguments(c, 1);
  const bool keep = c.boolean("keepdims", false);
  c.refuse("initial");
  const Axes written = read_axes(c, "axis", {});
  return operation(
      c, 1,
      [=](const Shapes& inputs) -> std::optional<Shape> {
        const auto axes = positive_axes(written, inputs[0].size());
        if (!axes || axes->empty() || axes->front() == 0) return std::nullopt;
        Shape shape;
        for (size_t i = 0; i < inputs[0].size(); ++i) {
          const bool reduced = std::binary_search(axes->begin(), axes->end(), static_cast<int64_t>(i));
          if (!reduced || keep) shape.push_back(reduced ? Dim{} : inputs[0][i]);
        }
        return shape;
      },
      [=](Builder& b, const Values& v) {
        return reduce(b, v[0], *positive_axes(written, b.shape(v[0]).size()), keep);
      });
}

template <OpKind op>
ValueId reduce_reals(Builder& b, ValueId x, const Axes& axes, bool keep) {
  return reduce(b, op, as_float(b, x), axes, keep);
}
template <OpKind op>
ValueId reduce_truths(Builder& b, ValueId x, const Axes& axes, bool keep) {
  return greater(b, reduce(b, op, as_float(b, as_bool(b, x)), axes, keep), 0.5);
}
ValueId average(Builder& b, ValueId x, const Axes& axes, bool keep) {
  return mean(b, as_float(b, x), axes, keep);
}

// ---- products

// (..., M, K) x (..., K, N), the dimensions in front as NumPy broadcasts them.
std::optional<Shape> product_shape(const Shapes& inputs) {
  const Shape &x = inputs[0], &y = inputs[1];
  if (x.size() < 3 || y.size() < 3 || x.back() != y[y.size() - 2]) return std::nullopt;
  auto shape = broadcast({{x.begin(), x.end() - 2}, {y.begin(), y.end() - 2}});
  if (shape) shape->insert(shape->end(), {x[x.size() - 2], y.back()});
  return shape;
}

ValueId stretched_product(Builder& b, const Values& v) {
  const Shape outer = *product_shape({b.shape(v[0]), b.shape(v[1])});
  const auto stretched = [&](ValueId x) {
    Shape shape = outer;
    const Shape own = b.shape(x);
    std::copy(own.end() - 2, own.end(), shape.end() - 2);
    return broadcast_to(b, as_float(b, x), shape);
  };
  return matmul(b, stretched(v[0]), stretched(v[1]));
}

LayerBody matmul_operation(LayerConfig& c) {
  if (count_tensors(read_arguments(c, 2)) != 2) c.error("args", "two tensors");
  return operation(c, 2, product_shape, stretched_product);
}

const std::vector<LayerRecipe>& operations() {
  static const std::vector<LayerRecipe> kOperations = {
      {"Abs", elementwise<1, on_reals<OpKind::kAbs>>},
      {"Absolute", elementwise<1, on_reals<OpKind::kAbs>>},
      {"Add", elementwise<2, promoting<OpKind::kAdd>>},
      {"All", reduction<reduce_truths<OpKind::kReduceMin>>},
      {"Any", reduction<reduce_truths<OpKind::kReduceMax>>},
      {"Celu", activation_operation},
      {"Clip", clip_operation},
      {"Concatenate", concatenate_operation},
      {"Cos", elementwise<1, on_reals<OpKind::kCos>>},
      {"Divide", elementwise<2, on_reals<OpKind::kDiv>>},
      {"Elu", activation_operation},
      {"Equal", elementwise<2, promoting<OpKind::kEq>>},
      {"Erf", elementwise<1, on_reals<OpKind::kErf>>},
      {"Exp", elementwise<1, on_reals<OpKind::kExp>>},
      {"ExpandDims", expand_dims_operation},
      {"Expm1", elementwise<1, on_reals<OpKind::kExpm1>>},
      {"Flip", flip_operation},
      {"Gelu", activation_operation},
      {"GetItem", get_item_operation},
      {"Glu", activation_operation},
      {"Greater", elementwise<2, promoting<OpKind::kGt>>},
      {"GreaterEqual", elementwise<2, promoting<OpKind::kGe>>},
      {"HardSigmoid", activation_operation},
      {"HardSilu", activation_operation},
      {"HardTanh", activation_operation},
      {"LeakyRelu", activation_operation},
      {"Less", elementwise<2, promoting<OpKind::kLt>>},
      {"LessEqual", elementwise<2, promoting<OpKind::kLe>>},
      {"Log", elementwise<1, on_reals<OpKind::kLog>>},
      {"Log1p", elementwise<1, on_reals<OpKind::kLog1p>>},
      {"LogSigmoid", activation_operation},
      {"LogSoftmax", activation_operation},
      {"LogicalAnd", elementwise<2, on_truths<OpKind::kAnd>>},
      {"LogicalNot", elementwise<1, on_truths<OpKind::kNot>>},
      {"LogicalOr", elementwise<2, on_truths<OpKind::kOr>>},
      {"Matmul", matmul_operation},
      {"Max", reduction<reduce_reals<OpKind::kReduceMax>>},
      {"Maximum", elementwise<2, promoting<OpKind::kMax>>},
      {"Mean", reduction<average>},
      {"Min", reduction<reduce_reals<OpKind::kReduceMin>>},
      {"Minimum", elementwise<2, promoting<OpKind::kMin>>},
      {"Multiply", elementwise<2, promoting<OpKind::kMul>>},
      {"Negative", elementwise<1, on_reals<OpKind::kNeg>>},
      {"NotEqual", elementwise<2, promoting<OpKind::kNe>>},
      {"OnesLike", filling<1>},
      {"Power", elementwise<2, on_reals<OpKind::kPow>>},
      {"Reciprocal", elementwise<1, inverse>},
      {"Relu", activation_operation},
      {"Relu6", activation_operation},
      {"Reshape", reshape_operation},
      {"Rsqrt", elementwise<1, on_reals<OpKind::kRsqrt>>},
      {"Selu", activation_operation},
      {"Sigmoid", activation_operation},
      {"Sign", elementwise<1, on_reals<OpKind::kSign>>},
      {"Silu", activation_operation},
      {"Sin", elementwise<1, on_reals<OpKind::kSin>>},
      {"Softmax", activation_operation},
      {"Softplus", activation_operation},
      {"Softsign", activation_operation},
      {"Sqrt", elementwise<1, on_reals<OpKind::kSqrt>>},
      {"Square", elementwise<1, squared>},
      {"Squeeze", squeeze_operation},
      {"Stack", stack_operation},
      {"Subtract", elementwise<2, promoting<OpKind::kSub>>},
      {"Sum", reduction<reduce_reals<OpKind::kReduceSum>>},
      {"Tanh", activation_operation},
      {"Transpose", transpose_operation},
      {"TrueDivide", elementwise<2, on_reals<OpKind::kDiv>>},
      {"Where", elementwise<3, chosen>},
      {"ZerosLike", filling<0>},
  };
  return kOperations;
}

}  // namespace

const LayerRecipe* find_operation(const std::string& class_name) {
  for (const LayerRecipe& recipe : operations())
    if (recipe.class_name == class_name) return &recipe;
  return nullptr;
}

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const LayerRecipe& recipe : operations()) names.push_back(recipe.class_name);
  return names;
}

}  // namespace kcc
