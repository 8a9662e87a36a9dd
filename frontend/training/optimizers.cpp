#include "frontend/training/optimizers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "frontend/expressions.h"

namespace kcc {
namespace {

ValueId root(Builder& b, ValueId x) {
  return unary(b, OpKind::kSqrt, x);
}

// ---- SGD: m = momentum m - rate g;  w += m, or with nesterov w += momentum m - rate g

void sgd(ConfigReader& c, Optimizer& o) {
  c.positional({"learning_rate", "momentum", "nesterov"});
  o.learning_rate = read_learning_rate(c, 0.01);
  const double momentum = c.number("momentum", 0);
  const bool nesterov = c.boolean("nesterov", false);
  if (!(momentum >= 0 && momentum <= 1)) c.error("momentum", "a number from 0 to 1");
  if (momentum == 0) {
    o.update = [](Builder& b, WeightStep& s) { return sub(b, s.weight, mul(b, s.gradient, s.rate)); };
    return;
  }
  o.slot_groups = {{"momentum"}};
  o.update = [=](Builder& b, WeightStep& s) {
    ValueId step = mul(b, s.gradient, s.rate);
    ValueId& m = s.slots[0];
    m = sub(b, mul(b, m, momentum), step);
    return add(b, s.weight, nesterov ? sub(b, mul(b, m, momentum), step) : m);
  };
}

// ---- RMSprop: v = rho v + (1 - rho) g^2;  w -= rate g / sqrt(v + epsilon), v - a^2 for v where centered

void rmsprop(ConfigReader& c, Optimizer& o) {
  c.positional({"learning_rate", "rho", "momentum", "epsilon", "centered"});
  o.learning_rate = read_learning_rate(c, 0.001);
  const double rho = c.number("rho", 0.9), momentum = c.number("momentum", 0), epsilon = c.number("epsilon", 1e-7);
  const bool centered = c.boolean("centered", false);
  o.slot_groups = {{"velocity"}};
  if (momentum > 0) o.slot_groups.push_back({"momentum"});
  if (centered) o.slot_groups.push_back({"average_gradient"});
  o.update = [=](Builder& b, WeightStep& s) {
    ValueId& v = s.slots[0];
    v = add(b, mul(b, v, rho), mul(b, square(b, s.gradient), 1 - rho));
    ValueId variance = v;
    if (centered) {
      ValueId& average = s.slots.back();
      average = add(b, mul(b, average, rho), mul(b, s.gradient, 1 - rho));
      variance = sub(b, v, square(b, average));
    }
    ValueId increment = div(b, mul(b, s.gradient, s.rate), root(b, add(b, variance, epsilon)));
    if (!(momentum > 0)) return sub(b, s.weight, increment);
    ValueId& m = s.slots[1];
    m = add(b, mul(b, m, momentum), increment);
    return sub(b, s.weight, m);
  };
}

// ---- Adam: m += (1 - beta_1) (g - m);  v += (1 - beta_2) (g^2 - v);  w -= alpha m / (sqrt(v) + epsilon)

void adam(ConfigReader& c, Optimizer& o) {
  c.positional({"learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad"});
  o.learning_rate = read_learning_rate(c, 0.001);
  const double beta_1 = c.number("beta_1", 0.9), beta_2 = c.number("beta_2", 0.999),
               epsilon = c.number("epsilon", 1e-7);
  const bool amsgrad = c.boolean("amsgrad", false);
  o.slot_groups = {{"momentum", "velocity"}};
  if (amsgrad) o.slot_groups.push_back({"velocity_hat"});
  // alpha = rate sqrt(1 - beta_2^t) / (1 - beta_1^t)
  o.rate = [=](Builder& b, ValueId learning_rate, ValueId step) {
    const auto bias = [&](double beta) { return sub(b, 1.0, binary(b, OpKind::kPow, constant(b, beta), step)); };
    return div(b, mul(b, learning_rate, root(b, bias(beta_2))), bias(beta_1));
  };
  o.update = [=](Builder& b, WeightStep& s) {
    ValueId &m = s.slots[0], &v = s.slots[1];
    m = add(b, m, mul(b, sub(b, s.gradient, m), 1 - beta_1));
    v = add(b, v, mul(b, sub(b, square(b, s.gradient), v), 1 - beta_2));
    ValueId scale = v;
    if (amsgrad) scale = s.slots[2] = binary(b, OpKind::kMax, s.slots[2], v);
    return sub(b, s.weight, div(b, mul(b, m, s.rate), add(b, root(b, scale), epsilon)));
  };
}

struct Known {
  const char* class_name;
  void (*read)(ConfigReader&, Optimizer&);
};
constexpr Known kOptimizers[] = {{"Adam", adam}, {"RMSprop", rmsprop}, {"SGD", sgd}};

std::string lower(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

GradientClipping read_clipping(ConfigReader& c) {
  using Kind = GradientClipping::Kind;
  static constexpr std::pair<const char*, Kind> kOptions[] = {
      {"clipnorm", Kind::kNorm}, {"global_clipnorm", Kind::kGlobalNorm}, {"clipvalue", Kind::kValue}};
  GradientClipping clipping;
  int given = 0;
  for (const auto& [key, kind] : kOptions) {
    const double limit = c.number(key, 0);
    given += c.has(key);
    if (limit > 0) clipping = {kind, limit};
  }
  if (given > 1)
    c.report().error(c.mark(),
                     fmt::format("{} has more than one of 'clipnorm', 'clipvalue' and 'global_clipnorm'", c.subject()));
  return clipping;
}

ValueId square_sum(Builder& b, ValueId x) {
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < b.type(x).rank(); ++i) axes.push_back(i);
  return reduce_sum(b, square(b, x), axes);
}

// g limit / max(|g|, limit)
ValueId clip_norm(Builder& b, ValueId gradient, double limit) {
  ValueId norm = root(b, square_sum(b, gradient));
  return div(b, mul(b, gradient, limit), binary(b, OpKind::kMax, norm, constant(b, limit)));
}

// limit min(1 / |all g|, 1 / limit); NaN where the norm is not finite
ValueId global_factor(Builder& b, const std::vector<ValueId>& gradients, double limit) {
  ValueId sum = -1;
  for (ValueId gradient : gradients) {
    ValueId squares = square_sum(b, gradient);
    sum = sum < 0 ? squares : add(b, sum, squares);
  }
  ValueId norm = root(b, sum);
  ValueId factor = mul(b, binary(b, OpKind::kMin, div(b, 1.0, norm), constant(b, 1 / limit)), limit);
  return add(b, factor, sub(b, norm, norm));
}

}  // namespace

std::optional<Optimizer> read_optimizer(const json::Value& value, const Report& report) {
  const auto object = named_object(value);
  if (!object) {
    report.error(value.mark,
                 fmt::format("the optimizer is {}, expected its name or configuration", json::to_text(value)));
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const Known& known : kOptimizers) {
    names.push_back(known.class_name);
    if (lower(object->name) != lower(known.class_name)) continue;
    Optimizer optimizer;
    optimizer.class_name = known.class_name;
    ConfigReader options(object->config, object->mark, known.class_name, report);
    optimizer.name = options.text("name", lower(known.class_name));
    known.read(options, optimizer);
    optimizer.clipping = read_clipping(options);
    optimizer.weight_decay = options.number("weight_decay", 0);
    for (const char* key : {"use_ema", "loss_scale_factor", "gradient_accumulation_steps"}) options.refuse(key);
    options.ignore({"ema_momentum", "ema_overwrite_frequency", "is_legacy_optimizer", "jit_compile"});
    options.finish();
    optimizer.config = options.named();
    return optimizer;
  }
  report.error(object->mark, fmt::format("unknown optimizer '{}'", object->name), did_you_mean(object->name, names));
  return std::nullopt;
}

std::vector<ValueId> clip_gradients(Builder& b, const std::vector<ValueId>& gradients,
                                    const GradientClipping& clipping) {
  using Kind = GradientClipping::Kind;
  if (clipping.kind == Kind::kNone) return gradients;
  const double limit = clipping.limit;
  ValueId factor = clipping.kind == Kind::kGlobalNorm ? global_factor(b, gradients, limit) : -1;
  std::vector<ValueId> clipped;
  for (ValueId gradient : gradients) {
    if (clipping.kind == Kind::kValue)
      clipped.push_back(clip(b, gradient, -limit, limit));
    else if (clipping.kind == Kind::kNorm)
      clipped.push_back(clip_norm(b, gradient, limit));
    else
      clipped.push_back(mul(b, gradient, factor));
  }
  return clipped;
}

}  // namespace kcc
