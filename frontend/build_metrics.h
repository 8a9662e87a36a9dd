// The metrics of a model in training: their states, what evaluate and train add to them, and the report graph that
// reads them. TrainingSpec -> states and graphs of the Module.
#pragma once

#include <vector>

#include "frontend/graph_context.h"
#include "frontend/training/compile_arguments.h"

namespace kcc {

// What a batch brings to the metrics. Vectors are parallel to the model's outputs, -1 where an output has none.
struct BatchOutcome {
  ValueId total_loss = -1;
  std::vector<ValueId> losses;
  std::vector<Comparison> comparisons;
  std::vector<ValueId> weights, masks;
};

class MetricsBuilder {
 public:
  // Adds the states to the module, and the names to Module::metrics.
  MetricsBuilder(const TrainingSpec& spec, Module& module);

  void update(GraphContext& context, const BatchOutcome& outcome) const;
  void build_report() const;

 private:
  // One reported number and where it comes from.
  struct Reported {
    enum class Source { kTotalLoss, kOutputLoss, kMetric, kWeightedMetric };
    Source source = Source::kTotalLoss;
    size_t output = 0;
    Metric metric;  // of losses: a mean over samples, without its update
    std::vector<StateId> states = {};
  };

  void report(const std::string& name, Reported reported);
  std::vector<ValueId> increments(Builder& b, const Reported& reported, const BatchOutcome& outcome) const;

  Module& module_;
  int32_t origin_;
  std::vector<Reported> reported_;
};

}  // namespace kcc
