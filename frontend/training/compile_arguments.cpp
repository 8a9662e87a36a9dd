#include "frontend/training/compile_arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/call_syntax.h"
#include "frontend/layer.h"
#include "frontend/training/loss_weights.h"
#include "frontend/training/per_output.h"

namespace kcc {
namespace {

using json::Value;

class Resolver {
 public:
  Resolver(const CompileSpec& compile, const TrainingOverrides& overrides, const std::vector<NamedType>& outputs,
           const Environment& environment, const Report& report)
      : compile_(compile), overrides_(overrides), outputs_(outputs), environment_(environment), report_(report) {
    training_.outputs.resize(outputs.size());
    for (const NamedType& output : outputs) names_.push_back(output.name);
  }

  TrainingSpec run() {
    losses();
    loss_weights();
    temporal_weights();
    if (overrides_.metrics.empty())
      metrics(compile_.metrics, "metrics", &OutputTraining::metrics);
    else
      overriding_metrics();
    metrics(compile_.weighted_metrics, "weighted_metrics", &OutputTraining::weighted_metrics);
    optimizer();
    return std::move(training_);
  }

 private:
  Report option(const char* name) const { return {name, "", report_.diagnostics}; }

  std::optional<size_t> find_output(const std::string& name, json::Mark mark, const Report& report) const {
    return kcc::find_output(names_, name, mark, report);
  }

  // ---- losses

  void set_loss(size_t output, const Value& value, const Report& report) {
    if (value.is_array() && value.items.size() == 1) return set_loss(output, value.items[0], report);
    if (value.is_array())
      return report.error(
          value.mark, fmt::format("found {} losses for output '{}', expected one", value.items.size(), names_[output]));
    if (value.is_null()) {
      training_.outputs[output].loss.reset();
      return;
    }
    const Shape& shape = outputs_[output].type.shape;
    if (shape.size() < 2)
      return report.error(value.mark, fmt::format("output '{}' has the shape {}, and a loss needs rank 2 or more",
                                                  names_[output], keras_shape(shape)));
    training_.outputs[output].loss = read_loss(value, shape, environment_, report);
    if (training_.outputs[output].loss) training_.outputs[output].loss->config = value;
  }

  void losses() {
    const bool all_overridden = overrides_.losses.count("") != 0;
    if (!all_overridden) losses_of_file();
    for (const auto& [name, text] : overrides_.losses) {
      const Report report = option("--loss");
      const auto value = parse_call(text, report);
      if (!value) continue;
      if (!name.empty()) {
        if (const auto output = find_output(name, {}, report)) set_loss(*output, *value, report);
        continue;
      }
      for (size_t i = 0; i < outputs_.size(); ++i) set_loss(i, *value, report);
    }
  }

  void losses_of_file() {
    const Value& loss = compile_.loss;
    if (loss.is_null()) return;
    if (loss.is_array()) {
      // Of a shorter list Keras trains the first outputs.
      if (loss.items.size() > outputs_.size())
        return report_.error(loss.mark,
                             fmt::format("found {} losses for {} outputs", loss.items.size(), outputs_.size()));
      for (size_t i = 0; i < loss.items.size(); ++i) set_loss(i, loss.items[i], report_);
    } else if (is_by_name(loss)) {
      for (const json::Member& member : loss.members)
        if (const auto output = find_output(member.key, member.mark, report_)) set_loss(*output, member.value, report_);
      for (const std::string& name : names_)
        if (!loss.find(name))
          report_.error(loss.mark, fmt::format("no loss for output '{}'", name),
                        "write null for an output without loss");
    } else {
      for (size_t i = 0; i < outputs_.size(); ++i) set_loss(i, loss, report_);
    }
  }

  void loss_weights() {
    const bool losses_of_file = !compile_.loss.is_null() && overrides_.losses.count("") == 0;
    const std::vector<double> weights = read_loss_weights(compile_, losses_of_file, names_, report_);
    for (size_t i = 0; i < weights.size(); ++i) training_.outputs[i].loss_weight = weights[i];
    for (const auto& [name, weight] : overrides_.loss_weights)
      if (const auto output = find_output(name, {}, option("--loss-weight")))
        training_.outputs[*output].loss_weight = weight;
  }

  void temporal_weights() {
    const Report report = option("--sample-weight-mode");
    for (const auto& [name, temporal] : overrides_.temporal_weights) {
      const auto only = name.empty() ? std::nullopt : find_output(name, {}, report);
      if (!name.empty() && !only) continue;
      for (size_t i = only.value_or(0); i < (only ? *only + 1 : outputs_.size()); ++i) {
        if (temporal && outputs_[i].type.rank() < 3)
          report.error({},
                       fmt::format("output '{}' has no steps to weigh, expected an output of rank 3 or more, such as "
                                   "(None, steps, features)",
                                   names_[i]));
        training_.outputs[i].temporal_weights = temporal;
      }
    }
  }

  // ---- metrics

  using MetricList = std::vector<Metric> OutputTraining::*;

  void add_metrics(size_t output, const Value& value, MetricList list, const Report& report) {
    if (value.is_null()) return;
    if (!value.is_array()) return add_metric(output, value, list, report);
    for (const Value& item : value.items) add_metric(output, item, list, report);
  }

  void add_metric(size_t output, const Value& value, MetricList list, const Report& report) {
    OutputTraining& training = training_.outputs[output];
    // A loss that could not be read has been reported.
    if (!training.loss) {
      if (!report_.diagnostics.has_errors())
        report.error(value.mark, fmt::format("metric {} for output '{}', which has no loss and so no labels",
                                             json::to_text(value), names_[output]));
      return;
    }
    auto metric = read_metric(value, *training.loss, outputs_[output].type.shape, environment_, report);
    if (!metric) return;
    if (!metric->weighable && list == &OutputTraining::weighted_metrics)
      return report.error(
          value.mark,
          fmt::format("metric '{}' gives one value a batch, which no weights of samples apply to", metric->name),
          "list it under metrics, or return a value for each sample");
    metric->config = value;
    (training.*list).push_back(std::move(*metric));
  }

  void metrics(const Value& value, const char* argument, MetricList list) {
    if (value.is_null() || (!training_.has_loss() && compile_.loss.is_null())) return;
    const bool by_name = is_by_name(value);
    if (!value.is_array() && !by_name) {
      report_.error(value.mark, fmt::format("{} is {}, expected a list or an object", argument, json::to_text(value)));
    } else if (outputs_.size() == 1) {  // whatever the names: all are the output's
      for (const Value* metric : leaves_of(value)) add_metric(0, *metric, list, report_);
    } else if (by_name) {
      for (const json::Member& member : value.members)
        if (const auto output = find_output(member.key, member.mark, report_))
          add_metrics(*output, member.value, list, report_);
    } else if (value.items.size() == outputs_.size()) {
      for (size_t i = 0; i < outputs_.size(); ++i) add_metrics(i, value.items[i], list, report_);
    } else if (!value.items.empty()) {
      report_.error(
          value.mark,
          fmt::format("{} is {}, expected a list with an entry for each of the {} outputs or an object by their names",
                      argument, json::to_text(value), outputs_.size()));
    }
  }

  void overriding_metrics() {
    const Report report = option("--metric");
    for (const auto& [name, text] : overrides_.metrics) {
      const auto value = parse_call(text, report);
      const auto output = name.empty() ? std::optional<size_t>(0) : find_output(name, {}, report);
      if (!value || !output) continue;
      const size_t end = name.empty() ? outputs_.size() : *output + 1;
      for (size_t i = *output; i < end; ++i)
        if (!name.empty() || training_.outputs[i].loss || !training_.has_loss())
          add_metrics(i, *value, &OutputTraining::metrics, report);
    }
  }

  // ---- optimizer

  void optimizer() {
    if (overrides_.optimizer) {
      const Report report = option("--optimizer");
      if (const auto value = parse_call(*overrides_.optimizer, report))
        training_.optimizer = read_optimizer(*value, report);
      return;
    }
    // compile()'s default
    const Value value = compile_.optimizer.is_null() ? json::string_value("rmsprop") : compile_.optimizer;
    training_.optimizer = read_optimizer(value, report_);
  }

  const CompileSpec& compile_;
  const TrainingOverrides& overrides_;
  const std::vector<NamedType>& outputs_;
  const Environment& environment_;
  const Report& report_;
  std::vector<std::string> names_;
  TrainingSpec training_;
};

}  // namespace

bool TrainingSpec::has_loss() const {
  return std::any_of(outputs.begin(), outputs.end(), [](const OutputTraining& o) { return o.loss.has_value(); });
}

TrainingSpec resolve_compile(const CompileSpec& compile, const TrainingOverrides& overrides,
                             const std::vector<NamedType>& outputs, const Environment& environment,
                             const Report& report) {
  return Resolver(compile, overrides, outputs, environment, report).run();
}

}  // namespace kcc
