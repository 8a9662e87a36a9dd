#include "frontend/training/gradient_clipping.h"

#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "frontend/expressions.h"

namespace kcc {
namespace {

// g limit / max(|g|, limit)
ValueId clip_norm(Builder& b, ValueId gradient, double limit) {
  ValueId norm = unary(b, OpKind::kSqrt, square_sum(b, gradient));
  return div(b, mul(b, gradient, limit), binary(b, OpKind::kMax, norm, constant(b, limit)));
}

// limit min(1 / |all g|, 1 / limit); NaN where the norm is not finite
ValueId global_factor(Builder& b, const std::vector<ValueId>& gradients, double limit) {
  ValueId sum = -1;
  for (ValueId gradient : gradients) {
    ValueId squares = square_sum(b, gradient);
    sum = sum < 0 ? squares : add(b, sum, squares);
  }
  ValueId norm = unary(b, OpKind::kSqrt, sum);
  ValueId factor = mul(b, binary(b, OpKind::kMin, div(b, 1.0, norm), constant(b, 1 / limit)), limit);
  return add(b, factor, sub(b, norm, norm));
}

}  // namespace

GradientClipping read_clipping(ConfigReader& c) {
  using Kind = GradientClipping::Kind;
  static constexpr std::pair<const char*, Kind> kOptions[] = {
      {"clipnorm", Kind::kNorm}, {"global_clipnorm", Kind::kGlobalNorm}, {"clipvalue", Kind::kValue}};
  GradientClipping clipping;
  int given = 0;
  for (const auto& [key, kind] : kOptions) {
    if (!c.has(key)) continue;
    const double limit = c.number(key, 0);
    ++given;
    if (limit > 0) clipping = {kind, limit};
  }
  if (given > 1)
    c.report().error(c.mark(),
                     fmt::format("{} has more than one of 'clipnorm', 'clipvalue' and 'global_clipnorm'", c.subject()));
  return clipping;
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
