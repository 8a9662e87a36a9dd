#include "frontend/training/loss_weights.h"

#include <fmt/format.h>

#include "frontend/training/per_output.h"

namespace kcc {
namespace {

using json::Value;

class WeightReader {
 public:
  WeightReader(const std::vector<std::string>& outputs, const Report& report)
      : outputs_(outputs), report_(report), weights_(outputs.size(), 1.0) {}

  std::vector<double> take() { return std::move(weights_); }

  void of_outputs(const Value& weights) {
    if (weights.is_array()) {
      if (weights.items.size() != outputs_.size())
        return report_.error(
            weights.mark, fmt::format("found {} loss weights for {} outputs", weights.items.size(), outputs_.size()));
      for (size_t i = 0; i < outputs_.size(); ++i) set(i, weights.items[i]);
    } else if (weights.is_object()) {
      for (const json::Member& member : weights.members)
        if (const auto output = find_output(outputs_, member.key, member.mark, report_)) set(*output, member.value);
    } else if (!weights.is_null()) {
      if (outputs_.size() != 1)
        return report_.error(weights.mark,
                             fmt::format("one loss weight for {} outputs, expected one each", outputs_.size()));
      set(0, weights);
    }
  }

  // One loss has one weight, for all outputs. Weights by name for losses in a list are taken by their sorted names,
  // whatever they are: so does Keras.
  void of_losses(const Value& loss, const Value& weights) {
    if (weights.is_null()) return;
    if (is_by_name(loss) && weights.is_object()) return by_name(weights);
    const size_t losses = loss.is_array() ? loss.items.size() : is_by_name(loss) ? loss.members.size() : 1;
    const std::vector<const Value*> leaves = leaves_of(weights);
    if (leaves.size() != losses)
      return report_.error(weights.mark, fmt::format("found {} loss weights for {} losses", leaves.size(), losses));
    const bool one_for_all = !loss.is_array() && !is_by_name(loss);
    for (size_t i = 0; i < outputs_.size(); ++i) {
      if (one_for_all)
        set(i, *leaves[0]);
      else if (i < losses)
        set(i, *leaves[i]);
    }
  }

 private:
  void set(size_t output, const Value& value) {
    if (value.is_null()) return;
    if (!value.is_number())
      return report_.error(value.mark, fmt::format("a loss weight is {}, expected a number", json::to_text(value)));
    weights_[output] = value.number;
  }

  // Names that are no output's are left alone, as in Keras.
  void by_name(const Value& weights) {
    for (size_t i = 0; i < outputs_.size(); ++i) {
      if (const Value* weight = weights.find(outputs_[i]))
        set(i, *weight);
      else
        report_.error(weights.mark, fmt::format("no loss weight for output '{}'", outputs_[i]));
    }
  }

  const std::vector<std::string>& outputs_;
  const Report& report_;
  std::vector<double> weights_;
};

}  // namespace

std::vector<double> read_loss_weights(const CompileSpec& compile, bool losses_of_file,
                                      const std::vector<std::string>& outputs, const Report& report) {
  WeightReader reader(outputs, report);
  const Value& weights = compile.loss_weights;
  if (const Value* by_output = weights.find("keras2_by_output"))
    reader.of_outputs(*by_output);
  else if (losses_of_file)
    reader.of_losses(compile.loss, weights);
  else
    reader.of_outputs(weights);
  return reader.take();
}

}  // namespace kcc
