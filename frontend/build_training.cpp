#include "frontend/build_training.h"

#include <fmt/format.h>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/build_graph.h"
#include "frontend/build_update.h"
#include "frontend/training/compile_arguments.h"
#include "frontend/training/saved_compile.h"

namespace kcc {
namespace {

std::vector<int64_t> all_axes(const Builder& b, ValueId x, int64_t first = 0) {
  std::vector<int64_t> axes;
  for (int64_t axis = first; axis < b.type(x).rank(); ++axis) axes.push_back(axis);
  return axes;
}

// (B) -> (B, 1, ...), to weigh values of any rank.
ValueId align_weights(Builder& b, ValueId weights, ValueId values) {
  Shape shape = b.shape(weights);
  shape.resize(b.shape(values).size());
  return reshape(b, weights, shape);
}

ValueId sum_of(Builder& b, ValueId x) {
  return reduce_sum(b, x, all_axes(b, x));
}

// The weights of an output's values: those of the samples, 0 where the output's mask says so.
// samples: (B); mask: bool (B, ...), or -1; the others weigh `scale`.
ValueId merge_mask(Builder& b, ValueId samples, ValueId mask, ValueId scale) {
  if (mask < 0) return samples;
  ValueId counted = cast(b, mask, DType::kF32);
  if (scale >= 0) counted = mul(b, counted, scale);
  return mul(b, counted, align_weights(b, samples, counted));
}

// The class numbers' or rows' type for an output.
Type target_type(const Type& output, const Loss& loss) {
  if (!loss.class_indices) return output;
  Type type{DType::kI32, output.shape};
  type.shape.pop_back();
  return type;
}

// ---- reported names, as CompileMetrics.result and CompileLoss make them

class ReportedNames {
 public:
  std::string next(const std::string& prefix, const std::string& metric) {
    const std::string name = prefix + metric;
    const int count = used_[name]++;
    return count == 0 ? name : fmt::format("{}_{}", name, count);
  }
  // A weighted metric whose name is taken says that it is weighted.
  std::string next_weighted(const std::string& prefix, const std::string& metric) {
    if (used_.count(prefix + metric) == 0) return next(prefix, metric);
    return next(prefix, "weighted_" + metric);
  }

 private:
  std::map<std::string, int> used_;
};

// One reported mean and where its values come from.
struct Reported {
  enum class Source { kTotalLoss, kOutputLoss, kMetric, kWeightedMetric };
  Source source = Source::kTotalLoss;
  size_t output = 0;
  const MetricFunction* function = nullptr;
  StateId total = -1, count = -1;
};

// Everything that evaluate and train share: the resolved arguments and the states behind them.
class TrainingBuilder {
 public:
  TrainingBuilder(BoundModel& model, const TrainingSpec& spec, Module& module)
      : model_(model),
        spec_(spec),
        module_(module),
        loss_origin_(add_origin("loss", "Loss")),
        metric_origin_(add_origin("metrics", "Metrics")),
        optimizer_origin_(add_origin("optimizer", spec.optimizer->class_name)) {
    for (size_t i = 0; i < spec.outputs.size(); ++i)
      if (spec.outputs[i].loss) trained_.push_back(i);
  }

  void run() {
    add_targets();
    optimizer_ = declare_optimizer(model_, *spec_.optimizer, optimizer_origin_, module_);
    add_metrics();
    module_.evaluate.name = "evaluate";
    module_.train.name = "train";
    GraphContext evaluate(module_, module_.evaluate);
    build(evaluate, false);
    evaluate.finish();
    GraphContext train(module_, module_.train);
    const ValueId loss = build(train, true);
    build_update(train, loss, *spec_.optimizer, optimizer_, optimizer_origin_);
    train.finish();
  }

 private:
  int32_t add_origin(std::string layer, std::string class_name) {
    module_.origins.push_back({std::move(layer), std::move(class_name)});
    return static_cast<int32_t>(module_.origins.size()) - 1;
  }

  // ---- states

  StateId add_scalar(const std::string& name) {
    return add_state(module_, {name, "", StateRole::kMetric, {DType::kF32, {}}, {}, metric_origin_});
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

  void add_metrics() {
    report("loss", {Reported::Source::kTotalLoss, 0, nullptr});
    ReportedNames names;
    const auto prefix = [&](size_t i) { return spec_.outputs.size() > 1 ? module_.outputs[i].name + "_" : ""; };
    for (size_t i : trained_)
      for (const MetricFunction& metric : spec_.outputs[i].metrics)
        report(names.next(prefix(i), metric.name), {Reported::Source::kMetric, i, &metric});
    for (size_t i : trained_)
      for (const MetricFunction& metric : spec_.outputs[i].weighted_metrics)
        report(names.next_weighted(prefix(i), metric.name), {Reported::Source::kWeightedMetric, i, &metric});
    if (trained_.size() < 2) return;
    for (size_t i : trained_) report(module_.outputs[i].name + "_loss", {Reported::Source::kOutputLoss, i, nullptr});
  }

  void report(const std::string& name, Reported reported) {
    reported.total = add_scalar(name + "/total");
    reported.count = add_scalar(name + "/count");
    module_.metrics.push_back({name, reported.total, reported.count});
    reported_.push_back(reported);
  }

  // ---- graphs

  // The forward pass, losses and metrics; gives the total loss.
  ValueId build(GraphContext& context, bool training) {
    const Forward forward = build_forward(model_, context, training);
    const Tensors& predictions = forward.outputs;
    Builder b{context.graph(), loss_origin_};
    std::vector<Comparison> comparisons(predictions.size());
    std::vector<ValueId> weights(predictions.size(), -1);
    for (size_t k = 0; k < trained_.size(); ++k)
      comparisons[trained_[k]] = {input(b, module_.targets[k].name, module_.targets[k].type),
                                  predictions[trained_[k]].value};
    for (size_t k = 0; k < trained_.size(); ++k)
      weights[trained_[k]] = input(b, module_.targets[k].name + "/sample_weight", module_.targets[k].sample_weight);
    std::vector<ValueId> losses(predictions.size(), -1);
    ValueId total = -1;
    for (size_t i : trained_) {
      const OutputTraining& output = spec_.outputs[i];
      losses[i] = reduce_loss(b, output.loss->values(b, comparisons[i]), weights[i], predictions[i].mask,
                              output.loss->reduction);
      ValueId weighted = output.loss_weight == 1 ? losses[i] : mul(b, losses[i], output.loss_weight);
      total = total < 0 ? weighted : add(b, total, weighted);
    }
    for (ValueId loss : forward.losses) total = add(b, total, loss);
    total = add_penalties(context, total);
    for (const Reported& reported : reported_) {
      const size_t i = reported.output;
      b.origin = metric_origin_;
      if (reported.source == Reported::Source::kTotalLoss)
        accumulate_loss(context, reported, total);
      else if (reported.source == Reported::Source::kOutputLoss)
        accumulate_loss(context, reported, losses[i]);
      else
        accumulate(context, reported, reported.function->values(b, comparisons[i]), weights[i], predictions[i].mask);
    }
    return total;
  }

  // values: (B, ...), samples: (B), mask as in merge_mask. Keras divides by the number of values, whatever their
  // weights, but counts those that are masked out as absent.
  static ValueId reduce_loss(Builder& b, ValueId values, ValueId samples, ValueId mask, Reduction reduction) {
    ValueId scale = -1;
    if (mask >= 0 && reduction == Reduction::kMeanOverBatch)
      scale = or_zero(b, extent(b, b.shape(mask)), sum_of(b, cast(b, mask, DType::kF32)));
    ValueId weights = merge_mask(b, samples, mask, scale);
    ValueId sum = sum_of(b, mul(b, values, align_weights(b, weights, values)));
    if (reduction == Reduction::kSum) return sum;
    if (reduction == Reduction::kMeanOverBatch) return div(b, sum, extent(b, b.shape(values)));
    return or_zero(b, sum, sum_of(b, weights));
  }

  // a / b, 0 where b is 0.
  static ValueId or_zero(Builder& b, ValueId dividend, ValueId divisor) {
    ValueId is_zero = binary(b, OpKind::kEq, divisor, constant(b, 0.0));
    return select(b, is_zero, constant(b, 0.0), div(b, dividend, select(b, is_zero, constant(b, 1.0), divisor)));
  }

  ValueId add_penalties(GraphContext& context, ValueId total) {
    for (const BoundWeight& weight : model_.weights) {
      if (!weight.trained || weight.penalty.is_none()) continue;
      Builder b{context.graph(), module_.states[static_cast<size_t>(weight.state)].origin};
      total = add(b, total, penalty_of(b, context.read(weight.state), weight.penalty));
    }
    return total;
  }

  void add_to(GraphContext& context, StateId state, ValueId value) {
    Builder b{context.graph(), metric_origin_};
    context.update(state, add(b, context.read(state), value));
  }

  // A batch's mean loss counts as often as the batch has samples.
  void accumulate_loss(GraphContext& context, const Reported& reported, ValueId loss) {
    Builder b{context.graph(), metric_origin_};
    ValueId samples = extent(b, batched_shape({}));
    add_to(context, reported.total, mul(b, loss, samples));
    add_to(context, reported.count, samples);
  }

  // values: (B, ...); each sample's mean over the rest is one value of the metric. What is masked out counts as 0, with
  // the weight 0. What is given for a batch, not for samples, counts as it stands.
  void accumulate(GraphContext& context, const Reported& reported, ValueId values, ValueId samples, ValueId mask) {
    Builder b{context.graph(), metric_origin_};
    const auto sample_means = [&](ValueId x) { return b.type(x).rank() > 1 ? mean(b, x, all_axes(b, x, 1)) : x; };
    const bool weighted = reported.source == Reported::Source::kWeightedMetric;
    if (!reported.function->per_sample) {
      add_to(context, reported.total, sum_of(b, sample_means(values)));
      const Shape shape = b.shape(values);
      return add_to(context, reported.count, extent(b, shape.empty() ? Shape{} : Shape{shape[0]}));
    }
    if (!weighted && mask < 0) {
      add_to(context, reported.total, reduce_sum(b, sample_means(values), {0}));
      return add_to(context, reported.count, extent(b, batched_shape({})));
    }
    ValueId weights = weighted ? merge_mask(b, samples, mask, -1) : cast(b, mask, DType::kF32);
    if (b.type(values).rank() > b.type(weights).rank())
      values = mean(b, values, all_axes(b, values, b.type(weights).rank()));
    values = mul(b, values, align_weights(b, weights, values));
    add_to(context, reported.total, reduce_sum(b, sample_means(values), {0}));
    add_to(context, reported.count, reduce_sum(b, sample_means(weights), {0}));
  }

  BoundModel& model_;
  const TrainingSpec& spec_;
  Module& module_;
  int32_t loss_origin_, metric_origin_, optimizer_origin_;
  std::vector<size_t> trained_;  // outputs with a loss
  std::vector<Reported> reported_;
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
