// Muon: matrices move by their momentum made orthogonal, m = momentum m + g;  w -= rate rms_rate sqrt(max(rows,
// columns)) orthogonal(g + momentum m). Everything else, and embeddings, are Adam's.
#include <cmath>
#include <regex>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/training/optimizers/readers.h"

namespace kcc {
namespace {

struct Options {
  AdamOptions adam;
  double adam_rate_ratio, adam_decay;
  double a, b, c;  // of the polynomial whose iterates make a matrix orthogonal
  double momentum;
  int64_t iterations;
  bool nesterov, exclude_embeddings;
  double rms_rate;  // 0: the step is not scaled by the matrix's size
  std::vector<std::regex> excluded;
};

// Newton and Schulz's iteration, x <- a x + (b x x' + c (x x')^2) x, on the orientation with fewer rows.
ValueId orthogonal(Builder& b, const Options& o, ValueId x) {
  const Shape shape = b.shape(x);
  const bool transposed = shape[0].size > shape[1].size;
  if (transposed) x = transpose(b, x, {1, 0});
  x = div(b, x, add(b, root(b, square_sum(b, x)), 1e-7));
  for (int64_t i = 0; i < o.iterations; ++i) {
    ValueId squares = matmul(b, x, x, false, true);
    ValueId polynomial = add(b, mul(b, squares, o.b), matmul(b, mul(b, squares, o.c), squares));
    x = add(b, mul(b, x, o.a), matmul(b, polynomial, x));
  }
  return transposed ? transpose(b, x, {1, 0}) : x;
}

ValueId update(Builder& b, const Options& o, const OptimizerStep& step, WeightStep& w) {
  ValueId& m = w.slots[0];
  m = add(b, m, add(b, w.gradient, mul(b, m, o.momentum - 1)));
  ValueId way = o.nesterov ? add(b, w.gradient, mul(b, m, o.momentum)) : m;
  way = mul(b, orthogonal(b, o, way), step.rate);
  const Shape shape = b.shape(w.weight);
  if (o.rms_rate != 0)
    way = mul(b, mul(b, way, std::sqrt(static_cast<double>(std::max(shape[0].size, shape[1].size)))), o.rms_rate);
  return sub(b, w.weight, way);
}

bool is_adams(const Options& o, const TrainedWeight& weight) {
  static const std::regex kEmbedding("embedding", std::regex::icase);
  if (weight.shape.size() != 2) return true;
  if (o.exclude_embeddings && std::regex_search(weight.path, kEmbedding)) return true;
  return std::any_of(o.excluded.begin(), o.excluded.end(),
                     [&](const std::regex& pattern) { return std::regex_search(weight.path, pattern); });
}

std::vector<std::regex> read_excluded(ConfigReader& c) {
  std::vector<std::regex> patterns;
  const json::Value* value = c.find("exclude_layers");
  if (!value) return patterns;
  try {
    if (!value->is_array()) throw std::regex_error(std::regex_constants::error_paren);
    for (const json::Value& item : value->items) patterns.emplace_back(item.is_string() ? item.text : "(");
  } catch (const std::regex_error&) {
    c.error("exclude_layers", "a list of regular expressions");
  }
  return patterns;
}

}  // namespace

void muon(ConfigReader& c, Optimizer& o) {
  name_arguments(c, {"learning_rate", "adam_beta_1", "adam_beta_2", "adam_weight_decay", "epsilon"});
  o.learning_rate = read_learning_rate(c, 0.001);
  o.options.weight_decay = c.written("weight_decay") ? 0 : 0.004;
  Options options;
  options.adam = read_adam_options(c, "adam_");
  options.adam_rate_ratio = c.number("adam_lr_ratio", 1);
  options.adam_decay = c.number("adam_weight_decay", c.written("adam_weight_decay") ? 0 : 0.004);
  options.a = c.number("muon_a", 3.4445);
  options.b = c.number("muon_b", -4.7750);
  options.c = c.number("muon_c", 2.0315);
  options.momentum = c.number("momentum", 0.95);
  options.iterations = c.integer("ns_steps", 5);
  options.nesterov = c.boolean("nesterov", true);
  options.exclude_embeddings = c.boolean("exclude_embeddings", true);
  options.rms_rate = c.number("rms_rate", c.written("rms_rate") ? 0 : 0.2);
  options.excluded = read_excluded(c);
  if (options.iterations < 0 || options.iterations > 100) c.error("ns_steps", "an integer from 0 to 100");
  o.rule = [=](const TrainedWeight& weight) {
    const Type type{DType::kF32, weight.shape};
    if (!is_adams(options, weight))
      return WeightRule{
          {{{"momentum", type}}},
          [=](Builder& b, const OptimizerStep& step, WeightStep& w) { return update(b, options, step, w); },
          {}};
    return WeightRule{{{{"momentum", type}, {"velocity", type}}},
                      [=](Builder& b, const OptimizerStep& step, WeightStep& w) {
                        return adam_update(b, options.adam, mul(b, step.rate, options.adam_rate_ratio), step, w);
                      },
                      options.adam_decay};
  };
}

}  // namespace kcc
