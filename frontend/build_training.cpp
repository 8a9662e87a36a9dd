#include "frontend/build_training.h"

#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/build_graph.h"
#include "frontend/build_metrics.h"
#include "frontend/build_update.h"
#include "frontend/expressions.h"
#include "frontend/training/compile_arguments.h"
#include "frontend/training/sample_weights.h"
#include "frontend/training/saved_compile.h"

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
    optimizer_ = declare_optimizer(model_, *spec_.optimizer, optimizer_origin_, module_);
    const MetricsBuilder metrics(spec_, module_);
    module_.evaluate.name = "evaluate";
    module_.train.name = "train";
    GraphContext evaluate(module_, module_.evaluate);
    build(evaluate, metrics, false);
    evaluate.finish();
    GraphContext train(module_, module_.train);
    const ValueId loss = build(train, metrics, true);
    build_update(train, loss, *spec_.optimizer, optimizer_, optimizer_origin_);
    train.finish();
    metrics.build_report();
  }

 private:
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
    for (const BoundWeight& weight : model_.weights) {
      if (!weight.trained || weight.penalty.is_none()) continue;
      Builder b{context.graph(), module_.states[static_cast<size_t>(weight.state)].origin};
      total = add(b, total, penalty_of(b, context.read(weight.state), weight.penalty));
    }
    return total;
  }

  BoundModel& model_;
  const TrainingSpec& spec_;
  Module& module_;
  int32_t loss_origin_, optimizer_origin_;
  std::vector<size_t> trained_;  // outputs with a loss
  OptimizerStates optimizer_;
};

}  // namespace

void build_training(BoundModel& model, const FrontendOptions& options, const Report& report, Module& module) {
  const TrainingSpec spec =
      resolve_compile(model.spec.compile, options.training, module.outputs, options.environment, report);
  if (report.diagnostics.has_errors() || !spec.has_loss()) return;
  describe_training(spec, module);
  TrainingBuilder(model, spec, module).run();
}

}  // namespace kcc
