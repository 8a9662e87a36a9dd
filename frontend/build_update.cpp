#include "frontend/build_update.h"

#include "compiler/ops/elementwise.h"
#include "compiler/passes/differentiate.h"
#include "frontend/training/gradient_clipping.h"

namespace kcc {
namespace {

// As BaseOptimizer.apply and, for steps that only accumulate, Keras's JaxOptimizer.
class Updater {
 public:
  Updater(GraphContext& context, const Optimizer& optimizer, const OptimizerStates& states, int32_t origin)
      : context_(context),
        optimizer_(optimizer),
        options_(optimizer.options),
        states_(states),
        b_{context.graph(), origin} {
    iterations_ = context_.read(context_.module().iterations);
    step_.rate = learning_rate();
    next_ = after(iterations_);
    const int64_t steps = options_.accumulated_steps;
    updates_ = steps > 1 ? binary(b_, OpKind::kDiv, iterations_, whole(steps)) : iterations_;
    if (steps > 1) is_update_ = divides(steps, next_);
    step_.number = cast(b_, after(updates_), DType::kF32);
  }

  // gradients: parallel to the weights, of the scaled loss.
  void run(std::vector<ValueId> gradients) {
    if (options_.loss_scale != 1)
      for (ValueId& gradient : gradients) gradient = div(b_, gradient, options_.loss_scale);
    if (is_update_ >= 0) gradients = accumulate(gradients);
    gradients = clip_gradients(b_, gradients, options_.clipping);
    begin();
    for (size_t w = 0; w < gradients.size(); ++w) update(states_.weights[w], gradients[w]);
    context_.update(context_.module().iterations, next_);
  }

 private:
  // ---- of i32 scalars

  ValueId whole(int64_t value) { return constant(b_, static_cast<double>(value), DType::kI32); }
  ValueId after(ValueId count) { return binary(b_, OpKind::kAdd, count, whole(1)); }
  ValueId divides(int64_t divisor, ValueId count) {
    ValueId multiple = binary(b_, OpKind::kMul, binary(b_, OpKind::kDiv, count, whole(divisor)), whole(divisor));
    return binary(b_, OpKind::kEq, multiple, count);
  }

  // Schedules count every step, those that only accumulate too.
  ValueId learning_rate() {
    const LearningRate& rate = optimizer_.learning_rate;
    ValueId step = cast(b_, iterations_, DType::kF32);
    if (rate.schedule) return rate.schedule(b_, step);
    ValueId value = context_.read(context_.module().learning_rate);
    return rate.decay == 0 ? value : div(b_, value, add(b_, mul(b_, step, rate.decay), 1.0));
  }

  // ---- steps that accumulate gradients and change nothing else

  // The mean of the gradients since the last update, which means something only where this step is one.
  std::vector<ValueId> accumulate(const std::vector<ValueId>& gradients) {
    std::vector<ValueId> means;
    for (size_t w = 0; w < gradients.size(); ++w) {
      const StateId accumulator = states_.weights[w].accumulator;
      ValueId sum = add(b_, gradients[w], context_.read(accumulator));
      context_.update(accumulator, select(b_, is_update_, constant(b_, 0.0), sum));
      means.push_back(div(b_, sum, static_cast<double>(options_.accumulated_steps)));
    }
    return means;
  }

  ValueId in_updates(ValueId value, ValueId otherwise) {
    return is_update_ < 0 || value == otherwise ? value : select(b_, is_update_, value, otherwise);
  }

  void keep(StateId state, ValueId value) {
    ValueId old = context_.read(state);
    if (value != old) context_.update(state, in_updates(value, old));
  }

  // ---- the update

  void begin() {
    for (StateId scalar : states_.scalars) step_.scalars.push_back(context_.read(scalar));
    if (optimizer_.begin) optimizer_.begin(b_, step_);
    for (size_t i = 0; i < states_.scalars.size(); ++i) keep(states_.scalars[i], step_.scalars[i]);
  }

  void update(const UpdatedWeight& w, ValueId gradient) {
    const ValueId before = context_.read(w.weight->state);
    WeightStep step{before, before, gradient, {}};
    if (const double decay = w.rule.decay.value_or(options_.weight_decay); decay != 0)
      step.weight = sub(b_, before, mul(b_, before, mul(b_, step_.rate, decay)));
    for (StateId slot : w.slots) step.slots.push_back(context_.read(slot));
    ValueId weight = in_updates(w.rule.update(b_, step_, step), before);
    for (size_t s = 0; s < step.slots.size(); ++s) keep(w.slots[s], step.slots[s]);
    if (w.average >= 0) weight = average(w.average, weight);
    context_.update(w.weight->state, w.weight->constraint ? w.weight->constraint(b_, weight) : weight);
  }

  // a = momentum a + (1 - momentum) w, at first w. Gives the weight, or in its turn the average.
  ValueId average(StateId state, ValueId weight) {
    ValueId has_one = cast(b_, binary(b_, OpKind::kNe, updates_, whole(0)), DType::kF32);
    ValueId momentum = mul(b_, has_one, options_.average_momentum);
    ValueId value = add(b_, mul(b_, context_.read(state), momentum), mul(b_, weight, sub(b_, 1.0, momentum)));
    context_.update(state, value);
    if (options_.overwrite_frequency == 0) return weight;
    return select(b_, divides(options_.overwrite_frequency, after(updates_)), value, weight);
  }

  GraphContext& context_;
  const Optimizer& optimizer_;
  const UpdateOptions& options_;
  const OptimizerStates& states_;
  Builder b_;
  ValueId iterations_, next_;  // steps done before and after this one
  ValueId updates_;            // done before it
  ValueId is_update_ = -1;     // bool: this step is one; -1: all are
  OptimizerStep step_;
};

}  // namespace

void build_update(GraphContext& context, ValueId loss, const Optimizer& optimizer, const OptimizerStates& states,
                  int32_t origin) {
  if (states.weights.empty()) return;  // Keras's optimizer does not even count such steps
  Builder b{context.graph(), origin};
  std::vector<ValueId> weights;
  for (const UpdatedWeight& w : states.weights) weights.push_back(context.read(w.weight->state));
  if (optimizer.options.loss_scale != 1) loss = mul(b, loss, optimizer.options.loss_scale);
  std::vector<ValueId> gradients = differentiate(context.graph(), loss, weights);
  Updater(context, optimizer, states, origin).run(std::move(gradients));
}

}  // namespace kcc
