// BatchNormalization.
#include <fmt/format.h>

#include <cmath>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/rows.h"
#include "compiler/ops/shape.h"
#include "frontend/layers/options.h"
#include "frontend/layers/recipes.h"

namespace kcc {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.config.epsilon()

struct BatchNorm {
  int64_t axis = -1;
  double momentum = 0.99, epsilon = 1e-3;
  bool center = true, scale = true;
  InitializerSpec beta, gamma, mean, variance;
  Penalty beta_penalty, gamma_penalty;
  Constraint beta_constraint, gamma_constraint;
};

BatchNorm read_batch_norm(ConfigReader& c) {
  BatchNorm o;
  const std::vector<int64_t> axes = read_axes(c, "axis", {-1});
  if (axes.size() == 1)
    o.axis = axes[0];
  else
    c.error("axis", "one axis");
  o.momentum = c.number("momentum", o.momentum);
  o.epsilon = c.number("epsilon", o.epsilon);
  o.center = c.boolean("center", true);
  o.scale = c.boolean("scale", true);
  o.beta = read_initializer(c, "beta_initializer", "zeros");
  o.gamma = read_initializer(c, "gamma_initializer", "ones");
  o.mean = read_initializer(c, "moving_mean_initializer", "zeros");
  o.variance = read_initializer(c, "moving_variance_initializer", "ones");
  o.beta_penalty = read_penalty(c, "beta_regularizer");
  o.gamma_penalty = read_penalty(c, "gamma_regularizer");
  o.beta_constraint = read_constraint(c, "beta_constraint");
  o.gamma_constraint = read_constraint(c, "gamma_constraint");
  for (const char* key : {"synchronized", "renorm"}) c.refuse(key);
  c.ignore({"renorm_clipping", "renorm_momentum"});
  return o;
}

// One application: the layer's options at a certain input.
class Application {
 public:
  Application(CallScope& scope, const BatchNorm& options, const Tensor& input)
      : scope_(scope),
        b_(scope.b),
        o_(options),
        x_(input.value),
        mask_(input.mask),
        shape_(b_.shape(input.value)),
        axis_(*positive_axis(options.axis, shape_.size())) {}

  // gamma (x - mean) / sqrt(variance + epsilon) + beta with the moving statistics, as one multiplication and one
  // addition an element.
  ValueId infer() const {
    ValueId factor = unary(b_, OpKind::kRsqrt, add(b_, scope_.weight("moving_variance"), o_.epsilon));
    if (o_.scale) factor = mul(b_, factor, scope_.weight("gamma"));
    ValueId offset = neg(b_, mul(b_, scope_.weight("moving_mean"), factor));
    if (o_.center) offset = add(b_, offset, scope_.weight("beta"));
    return add(b_, mul(b_, x_, along_axis(factor)), along_axis(offset));
  }

  // Statistics of the batch, of each step by itself; the moving ones follow them.
  ValueId train() {
    by_step();
    ValueId y = mask_ < 0 ? whole() : counted();
    y = reshape(b_, y, shape_);
    if (o_.scale) y = mul(b_, y, along_axis(scope_.weight("gamma")));
    return o_.center ? add(b_, y, along_axis(scope_.weight("beta"))) : y;
  }

 private:
  ValueId along_axis(ValueId channels) const { return broadcast_in_dims(b_, channels, shape_, {axis_}); }

  // (B T, ...) becomes (B, T, ...) where the batch holds steps. Statistics keep T and the channels, (T, C).
  void by_step() {
    const int64_t steps = scope_.steps();
    kept_ = {axis_};
    if (steps > 1) {
      const auto split = [&](ValueId x) {
        Shape shape = b_.shape(x);
        shape[0].size /= steps;
        shape.insert(shape.begin() + 1, Dim{steps});
        return reshape(b_, x, shape);
      };
      x_ = split(x_);
      if (mask_ >= 0) mask_ = split(mask_);
      kept_ = {1, axis_ + 1};
    }
    for (int64_t i = 0; i < b_.type(x_).rank(); ++i)
      if (i != kept_.front() && i != kept_.back()) reduced_.push_back(i);
  }

  ValueId stretched(ValueId statistics) const { return broadcast_in_dims(b_, statistics, b_.shape(x_), kept_); }

  ValueId whole() const {
    ValueId batch_mean = mean(b_, x_, reduced_);
    ValueId variance = mean(b_, square(b_, sub(b_, x_, stretched(batch_mean))), reduced_);
    follow("moving_mean", batch_mean);
    follow("moving_variance", variance);
    return normalize(b_, x_, reduced_, o_.epsilon);
  }

  // Over what the mask counts, as Keras adds it up: batch_normalization.py, _moments.
  ValueId counted() const {
    const Shape shape = b_.shape(x_);
    Shape column = b_.shape(mask_);
    column.push_back(Dim{});
    ValueId mask = broadcast_to(b_, reshape(b_, mask_, column), shape);
    ValueId count = add(b_, reduce_sum(b_, cast(b_, mask, DType::kF32), reduced_), kEpsilon);
    const auto masked_mean = [&](ValueId x) {
      return div(b_, reduce_sum(b_, select(b_, mask, x, constant(b_, 0.0)), reduced_), count);
    };
    ValueId batch_mean = masked_mean(x_);
    ValueId centered = sub(b_, x_, stretched(batch_mean));
    ValueId variance = masked_mean(square(b_, centered));
    follow("moving_mean", batch_mean);
    follow("moving_variance", variance);
    return mul(b_, centered, stretched(unary(b_, OpKind::kRsqrt, add(b_, variance, o_.epsilon))));
  }

  // moving = moving momentum + now (1 - momentum), once a step in their order: the last of T counts 1 - momentum, the
  // one before momentum times that, and so on.
  void follow(const char* name, ValueId now) const {
    const int64_t steps = scope_.steps();
    double kept = o_.momentum;
    ValueId followed = -1;
    if (steps == 1) {
      followed = mul(b_, now, 1 - o_.momentum);
    } else {
      kept = std::pow(o_.momentum, static_cast<double>(steps));
      ValueId age = sub(b_, static_cast<double>(steps - 1), cast(b_, iota(b_, b_.shape(now), 0), DType::kF32));
      ValueId share = o_.momentum > 0 ? binary(b_, OpKind::kPow, constant(b_, o_.momentum), age)
                                      : cast(b_, binary(b_, OpKind::kEq, age, constant(b_, 0.0)), DType::kF32);
      followed = reduce_sum(b_, mul(b_, now, mul(b_, share, 1 - o_.momentum)), {0});
    }
    scope_.update(name, add(b_, mul(b_, scope_.weight(name), kept), followed));
  }

  CallScope& scope_;
  Builder& b_;
  const BatchNorm& o_;
  ValueId x_, mask_;
  const Shape shape_;
  const int64_t axis_;
  std::vector<int64_t> kept_, reduced_;  // in x_
};

}  // namespace

LayerBody batch_normalization(LayerConfig& c) {
  const BatchNorm o = read_batch_norm(c);
  LayerBody body;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    const auto axis = positive_axis(o.axis, inputs[0].size());
    if (axis && *axis > 0) return inputs[0];
    return misfit(
        fmt::format("axis {} of BatchNormalization does not fit the input {}", o.axis, keras_shape(inputs[0])));
  };
  body.weights = [=](const Shapes& inputs) {
    const std::vector<int64_t> shape{inputs[0][static_cast<size_t>(*positive_axis(o.axis, inputs[0].size()))].size};
    std::vector<Weight> weights;
    if (o.scale) weights.push_back({"gamma", shape, o.gamma, true, o.gamma_penalty, o.gamma_constraint});
    if (o.center) weights.push_back({"beta", shape, o.beta, true, o.beta_penalty, o.beta_constraint});
    weights.push_back({"moving_mean", shape, o.mean, false});
    weights.push_back({"moving_variance", shape, o.variance, false});
    return weights;
  };
  body.call_all = [=, misfit = Misfit(c)](CallScope& scope, const Tensors& inputs) {
    Tensor input = inputs[0];
    const Shape shape = scope.b.shape(input.value);
    if (input.mask >= 0 && scope.b.shape(input.mask).size() + 1 != shape.size()) {
      misfit(fmt::format("BatchNormalization has an input {} with a mask {}, which must have one dimension less",
                         keras_shape(shape), keras_shape(scope.b.shape(input.mask))));
      input.mask = -1;
    }
    // A frozen layer keeps to its moving statistics in training too.
    Application application(scope, o, input);
    const bool by_batch = scope.training && scope.trainable();
    return Tensors{{by_batch ? application.train() : application.infer(), inputs[0].mask}};
  };
  return body;
}

}  // namespace kcc
