#include "frontend/build_metrics.h"

#include <fmt/format.h>

#include <map>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "frontend/training/metrics/mean_metric.h"

namespace kcc {
namespace {

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

Metric loss_mean() {
  Metric metric;
  metric.states = mean_states();
  metric.result = mean_result;
  return metric;
}

// The comparison as the metric wants it: with one output a class number is that output's label.
Comparison suited(Builder& b, const Metric& metric, Comparison c) {
  if (metric.labels == Labels::kRows && b.shape(c.target).size() < b.shape(c.prediction).size())
    c.target = reshape(b, cast(b, c.target, DType::kF32), b.shape(c.prediction));
  return c;
}

}  // namespace

MetricsBuilder::MetricsBuilder(const TrainingSpec& spec, Module& module)
    : module_(module), origin_(add_origin(module, "metrics", "Metrics")) {
  using Source = Reported::Source;
  report("loss", {Source::kTotalLoss, 0, loss_mean()});
  ReportedNames names;
  std::vector<size_t> trained;
  for (size_t i = 0; i < spec.outputs.size(); ++i)
    if (spec.outputs[i].loss) trained.push_back(i);
  const auto prefix = [&](size_t i) { return spec.outputs.size() > 1 ? module.outputs[i].name + "_" : ""; };
  for (size_t i : trained)
    for (const Metric& metric : spec.outputs[i].metrics)
      report(names.next(prefix(i), metric.name), {Source::kMetric, i, metric});
  for (size_t i : trained)
    for (const Metric& metric : spec.outputs[i].weighted_metrics)
      report(names.next_weighted(prefix(i), metric.name), {Source::kWeightedMetric, i, metric});
  if (trained.size() < 2) return;
  for (size_t i : trained) report(module.outputs[i].name + "_loss", {Source::kOutputLoss, i, loss_mean()});
}

void MetricsBuilder::report(const std::string& name, Reported reported) {
  for (const MetricState& state : reported.metric.states)
    reported.states.push_back(
        add_state(module_, {name + "/" + state.name, "", StateRole::kMetric, state.type, {}, origin_}));
  module_.metrics.push_back(name);
  reported_.push_back(std::move(reported));
}

std::vector<ValueId> MetricsBuilder::increments(Builder& b, const Reported& reported,
                                                const BatchOutcome& outcome) const {
  using Source = Reported::Source;
  const size_t i = reported.output;
  if (reported.source == Source::kTotalLoss || reported.source == Source::kOutputLoss) {
    // A batch's mean loss counts as often as the batch has samples.
    const ValueId samples = extent(b, batched_shape({}));
    return {mul(b, reported.source == Source::kTotalLoss ? outcome.total_loss : outcome.losses[i], samples), samples};
  }
  const bool weighted = reported.source == Source::kWeightedMetric;
  return reported.metric.update(
      b, {suited(b, reported.metric, outcome.comparisons[i]), weighted ? outcome.weights[i] : -1, outcome.masks[i]});
}

void MetricsBuilder::update(GraphContext& context, const BatchOutcome& outcome) const {
  Builder b{context.graph(), origin_};
  for (const Reported& reported : reported_) {
    const std::vector<ValueId> more = increments(b, reported, outcome);
    for (size_t s = 0; s < more.size(); ++s)
      context.update(reported.states[s], binary(b, OpKind::kAdd, context.read(reported.states[s]), more[s]));
  }
}

void MetricsBuilder::build_report() const {
  module_.report.name = "report";
  GraphContext context(module_, module_.report);
  Builder b{context.graph(), origin_};
  for (size_t i = 0; i < reported_.size(); ++i) {
    std::vector<ValueId> states;
    for (StateId state : reported_[i].states) states.push_back(context.read(state));
    module_.report.outputs.push_back({module_.metrics[i], reported_[i].metric.result(b, states)});
  }
}

}  // namespace kcc
