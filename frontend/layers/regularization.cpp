// Dropout.
#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/random.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"
#include "frontend/layers/recipes.h"

namespace kcc {

// In training each element is kept with probability 1 - rate and scaled by 1 / (1 - rate).
LayerBody dropout(LayerConfig& c) {
  const double rate = c.number("rate", 0);
  if (!c.has("rate") || !(rate >= 0 && rate <= 1)) c.error("rate", "a number from 0 to 1");
  const auto noise = c.shape("noise_shape");
  const int64_t seed = c.integer("seed", -1);
  // Extents that are 1 are shared, open ones are the input's.
  const auto mask_shape = [=](const Shape& shape) {
    Shape mask = shape;
    for (size_t i = 0; noise && i < shape.size(); ++i)
      if ((*noise)[i] != -1) mask[i] = {(*noise)[i], false};
    return mask;
  };
  LayerBody body;
  body.masks = MaskRule::kPass;
  body.infer = [=, misfit = Misfit(c)](const Shapes& inputs) -> std::optional<Shape> {
    const Shape &shape = inputs[0], mask = noise && noise->size() == shape.size() ? mask_shape(shape) : Shape{};
    bool fits = !noise || mask.size() == shape.size();
    for (size_t i = 0; noise && fits && i < shape.size(); ++i) fits = mask[i].is_one() || mask[i] == shape[i];
    if (fits) return shape;
    return misfit(fmt::format("noise_shape ({}) does not broadcast to the input {}, -1 being the input's extent",
                              fmt::join(*noise, ", "), keras_shape(shape)));
  };
  body.call = [=](CallScope& scope, const std::vector<ValueId>& inputs) {
    Builder& b = scope.b;
    const Shape shape = b.shape(inputs[0]);
    if (!scope.training || rate == 0) return inputs[0];
    if (rate == 1) return broadcast_to(b, constant(b, 0.0), shape);
    ValueId kept = at_least(b, scope.random(mask_shape(shape), seed), rate);
    return select(b, kept, mul(b, inputs[0], 1 / (1 - rate)), constant(b, 0.0));
  };
  return body;
}

}  // namespace kcc
