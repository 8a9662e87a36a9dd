#include "frontend/build_training.h"

#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/differentiate.h"
#include "frontend/build_graph.h"
#include "frontend/build_metrics.h"
#include "frontend/expressions.h"
#include "frontend/training/compile_arguments.h"
#include "frontend/training/sample_weights.h"

namespace kcc {
namespace {

// The class numbers' or rows' type for an output.
Type target_type(const Type& output, const Loss& loss) {
  if (!loss.class_indices) return output;
  Type type{DType::kI32, output.shape};
  type.shape.pop_back();
  return type;
}

// Everything that evaluate and train share: the resolved arguments and the states behind them.
class TrainingBuilder {
 public:
  TrainingBuilder(BoundModel& model, const TrainingSpec& spec, Module& module)
      : model_(model),
        spec_(spec),
        module_(module),
        loss_origin_(add_origin(module, "loss", "Loss")),
        optimizer_origin_(add_origin(module, "optimizer", spec.optimizer->class_name)) {
    for (size_t i = 0; i < spec.outputs.size(); ++i)
      if (spec.outputs[i].loss) trained_.push_back(i);
  }

  void run() {
    add_targets();
    add_optimizer_states();
    const MetricsBuilder metrics(spec_, module_);
    module_.evaluate.name = "evaluate";
    module_.train.name = "train";
    GraphContext evaluate(module_, module_.evaluate);
    build(evaluate, metrics, false);
    evaluate.finish();
    GraphContext train(module_, module_.train);
    const ValueId loss = build(train, metrics, true);
    optimize(train, loss);
    train.finish();
    metrics.build_report();
  }

 private:
  // ---- states

  StateId add_scalar(const std::string& name, StateRole role, DType dtype, double value,
                     const std::string& file_path = "") {
    State state{name, file_path, role, {dtype, {}}, {}, optimizer_origin_};
    state.initializer.a = value;
    return add_state(module_, std::move(state));
  }

  void add_targets() {
    for (size_t i : trained_) {
      const Loss& loss = *spec_.outputs[i].loss;
      const Type& output = module_.outputs[i].type;
      Shape weight = batched_shape({});
      if (spec_.outputs[i].temporal_weights) weight.push_back(output.shape[1]);
      module_.targets.push_back({module_.outputs[i].name,
                                 target_type(output, loss),
                                 loss.one_hot_labels,
                                 loss.class_indices,
                                 {DType::kF32, weight}});
    }
  }

  // Slots lie kind by kind in memory, like the weights; file paths number them as Keras does.
  void add_optimizer_states() {
    const Optimizer& o = *spec_.optimizer;
    int64_t next_path = 0;
    const auto path = [](int64_t i) { return fmt::format("optimizer/vars/{}", i); };
    module_.iterations = add_scalar(o.name + "/iteration", StateRole::kOptimizer, DType::kI32, 0, path(next_path++));
    if (!o.learning_rate.schedule)
      module_.learning_rate = add_scalar(o.name + "/learning_rate", StateRole::kOptimizer, DType::kF32,
                                         o.learning_rate.value, path(next_path++));
    for (const BoundWeight& weight : model_.weights)
      if (weight.trained) weights_.push_back(&weight);
    slots_.resize(weights_.size());
    for (const std::vector<std::string>& group : o.slot_groups) {
      const int64_t group_size = static_cast<int64_t>(group.size());
      for (int64_t k = 0; k < group_size; ++k)
        for (size_t w = 0; w < weights_.size(); ++w)
          slots_[w].push_back(add_slot(*weights_[w], group[static_cast<size_t>(k)],
                                       path(next_path + static_cast<int64_t>(w) * group_size + k)));
      next_path += group_size * static_cast<int64_t>(weights_.size());
    }
  }

  StateId add_slot(const BoundWeight& weight, const std::string& slot, const std::string& file_path) {
    const State& of = module_.states[static_cast<size_t>(weight.state)];
    std::string name = of.name;
    for (char& c : name)
      if (c == '/') c = '_';
    return add_state(module_, {fmt::format("{}/{}_{}", spec_.optimizer->name, name, slot),
                               file_path,
                               StateRole::kSlot,
                               of.type,
                               {},
                               of.origin});
  }

  // ---- graphs

  // The forward pass, losses and metrics; gives the total loss.
  ValueId build(GraphContext& context, const MetricsBuilder& metrics, bool training) {
    const Forward forward = build_forward(model_, context, training);
    const Tensors& predictions = forward.outputs;
    Builder b{context.graph(), loss_origin_};
    BatchOutcome outcome{-1,
                         std::vector<ValueId>(predictions.size(), -1),
                         std::vector<Comparison>(predictions.size()),
                         std::vector<ValueId>(predictions.size(), -1),
                         {}};
    for (const Tensor& prediction : predictions) outcome.masks.push_back(prediction.mask);
    for (size_t k = 0; k < trained_.size(); ++k)
      outcome.comparisons[trained_[k]] = {input(b, module_.targets[k].name, module_.targets[k].type),
                                          predictions[trained_[k]].value};
    for (size_t k = 0; k < trained_.size(); ++k)
      outcome.weights[trained_[k]] =
          input(b, module_.targets[k].name + "/sample_weight", module_.targets[k].sample_weight);
    ValueId total = -1;
    for (size_t i : trained_) {
      const OutputTraining& output = spec_.outputs[i];
      const ValueId loss = loss_of(b, *output.loss, outcome.comparisons[i], outcome.weights[i], outcome.masks[i]);
      ValueId weighted = output.loss_weight == 1 ? loss : mul(b, loss, output.loss_weight);
      total = total < 0 ? weighted : add(b, total, weighted);
      outcome.losses[i] = loss;
    }
    for (ValueId loss : forward.losses) total = add(b, total, loss);
    total = add_penalties(context, total);
    outcome.total_loss = total;
    metrics.update(context, outcome);
    return total;
  }

  // Keras divides by the number of values, whatever their weights, but counts those that are masked out as absent.
  static ValueId loss_of(Builder& b, const Loss& loss, const Comparison& c, ValueId samples, ValueId mask) {
    const ValueId values = loss.values(b, c);
    if (loss.counted) {
      const ValueId counted = loss.counted(b, c);
      mask = mask < 0 ? counted : binary(b, OpKind::kAnd, align_weights(b, mask, counted), counted);
    }
    ValueId scale = -1;
    if (mask >= 0 && loss.reduction == Reduction::kMeanOverBatch)
      scale = divide_or_zero(b, extent(b, b.shape(mask)), sum_of(b, cast(b, mask, DType::kF32)));
    const ValueId weights = merge_mask(b, samples, mask, scale);
    const ValueId sum = sum_of(b, mul(b, values, align_weights(b, weights, values)));
    if (loss.reduction == Reduction::kSum) return sum;
    if (loss.reduction == Reduction::kMeanOverBatch) return div(b, sum, extent(b, b.shape(values)));
    return divide_or_zero(b, sum, sum_of(b, weights));
  }

  ValueId add_penalties(GraphContext& context, ValueId total) {
    for (const BoundWeight* weight : weights_) {
      if (weight->penalty.is_none()) continue;
      Builder b{context.graph(), module_.states[static_cast<size_t>(weight->state)].origin};
      total = add(b, total, penalty_of(b, context.read(weight->state), weight->penalty));
    }
    return total;
  }

  // ---- updates

  ValueId learning_rate(GraphContext& context, Builder& b, ValueId iterations) {
    const LearningRate& rate = spec_.optimizer->learning_rate;
    ValueId step = cast(b, iterations, DType::kF32);
    if (rate.schedule) return rate.schedule(b, step);
    ValueId value = context.read(module_.learning_rate);
    return rate.decay == 0 ? value : div(b, value, add(b, mul(b, step, rate.decay), 1.0));
  }

  void optimize(GraphContext& context, ValueId loss) {
    if (weights_.empty()) return;  // Keras's optimizer does not even count such steps
    const Optimizer& o = *spec_.optimizer;
    std::vector<ValueId> values;
    for (const BoundWeight* weight : weights_) values.push_back(context.read(weight->state));
    std::vector<ValueId> gradients = differentiate(context.graph(), loss, values);
    Builder b{context.graph(), optimizer_origin_};
    gradients = clip_gradients(b, gradients, o.clipping);
    ValueId iterations = context.read(module_.iterations);
    ValueId rate = learning_rate(context, b, iterations);
    ValueId next = binary(b, OpKind::kAdd, iterations, constant(b, 1, DType::kI32));
    ValueId shared = o.rate ? o.rate(b, rate, cast(b, next, DType::kF32)) : rate;
    ValueId shrink = o.weight_decay == 0 ? -1 : mul(b, rate, o.weight_decay);
    for (size_t w = 0; w < weights_.size(); ++w) {
      WeightStep step{values[w], gradients[w], shared, {}};
      if (shrink >= 0) step.weight = sub(b, step.weight, mul(b, step.weight, shrink));
      for (StateId slot : slots_[w]) step.slots.push_back(context.read(slot));
      ValueId next = o.update(b, step);
      context.update(weights_[w]->state, weights_[w]->constraint ? weights_[w]->constraint(b, next) : next);
      for (size_t s = 0; s < step.slots.size(); ++s) context.update(slots_[w][s], step.slots[s]);
    }
    context.update(module_.iterations, next);
  }

  BoundModel& model_;
  const TrainingSpec& spec_;
  Module& module_;
  int32_t loss_origin_, optimizer_origin_;
  std::vector<size_t> trained_;              // outputs with a loss
  std::vector<const BoundWeight*> weights_;  // that the optimizer updates, in Keras's order
  std::vector<std::vector<StateId>> slots_;  // parallel to weights_
};

}  // namespace

void build_training(BoundModel& model, const FrontendOptions& options, const Report& report, Module& module) {
  const TrainingSpec spec =
      resolve_compile(model.spec.compile, options.training, module.outputs, options.environment, report);
  if (report.diagnostics.has_errors() || !spec.has_loss()) return;
  TrainingBuilder(model, spec, module).run();
}

}  // namespace kcc
