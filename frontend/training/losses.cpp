#include "frontend/training/losses.h"

#include <fmt/format.h>

#include "frontend/names.h"
#include "frontend/training/custom_training.h"
#include "frontend/training/losses/registry.h"

namespace kcc {
namespace {

Reduction read_reduction(ConfigReader& options, bool summable) {
  options.note_limit("reduction", summable ? "a mean or 'sum', not 'none'" : "a mean, not 'sum' or 'none'");
  const bool none = options.written("reduction") && !options.has("reduction");
  const std::string name = options.text("reduction", none ? "none" : "sum_over_batch_size");
  if (name == "sum_over_batch_size" || name == "mean") return Reduction::kMeanOverBatch;
  if (name == "mean_with_sample_weight") return Reduction::kMeanOverWeight;
  if (name == "sum" && summable) return Reduction::kSum;
  if (name == "sum")
    options.error("reduction", "a mean: this loss has fewer values than there are samples and positions");
  else
    options.error("reduction", "'sum_over_batch_size', 'mean', 'mean_with_sample_weight' or 'sum'");
  return Reduction::kMeanOverBatch;
}

// "crossentropy" is whichever fits: with one output binary, else it would need the labels to decide.
std::string resolve(const NamedObject& object, const Shape& prediction, const Report& report) {
  if (object.name != "crossentropy" && object.name != "ce") return canonical_loss(object.name);
  if (prediction.back().size != 1)
    report.error(object.mark, fmt::format("loss '{}' depends on the labels, expected 'sparse_categorical_crossentropy' "
                                          "for class numbers or 'categorical_crossentropy' for one-hot rows",
                                          object.name));
  return "binary_crossentropy";
}

void report_unknown(const NamedObject& object, const std::string& name, const Environment& environment,
                    const Report& report) {
  if (const std::string why = why_no_loss(name); !why.empty())
    return report.error(object.mark, fmt::format("loss '{}' is not supported: it {}", object.name, why));
  const std::string near = did_you_mean(name, loss_names());
  report.error(object.mark, fmt::format("unknown loss '{}'", object.name),
               near.empty() ? define_hint(object.name, "y_true, y_pred", environment) : near);
}

}  // namespace

std::vector<std::string> loss_names() {
  std::vector<std::string> names;
  for (const LossRecipe& recipe : loss_recipes()) names.push_back(recipe.name);
  return names;
}

std::string canonical_loss(const std::string& name) {
  const std::string snake = to_snake_case(name);
  for (const auto& [alias, meaning] : loss_aliases())
    if (snake == alias) return meaning;
  return snake;
}

std::optional<Loss> make_loss(const std::string& name, ConfigReader& options, const Shape& prediction) {
  for (const LossRecipe& recipe : loss_recipes()) {
    if (recipe.name != name) continue;
    LossConfig config{options, prediction};
    Loss loss = recipe.read(config);
    loss.name = name;
    return loss;
  }
  return std::nullopt;
}

std::optional<Loss> read_loss(const json::Value& value, const Shape& prediction, const Environment& environment,
                              const Report& report) {
  auto object = named_object(value);
  // A function given as loss=f is written as a wrapper with the function inside.
  const bool wrapped = object && object->name == "LossFunctionWrapper" && object->config && object->config->find("fn");
  if (wrapped)
    if (const auto inner = named_object(*object->config->find("fn"))) object->name = inner->name;
  if (!object) {
    report.error(value.mark, fmt::format("the loss is {}, expected its name or configuration", json::to_text(value)));
    return std::nullopt;
  }
  ConfigReader options(object->config, object->mark, fmt::format("loss '{}'", object->name), report);
  const auto custom = find_function(object->name, wrapped ? nullptr : object->config, environment, report);
  if (custom && !wrapped) return custom_loss(*custom, prediction);
  const std::string name = custom ? object->name : resolve(*object, prediction, report);
  auto loss = custom ? custom_loss(*custom, prediction) : make_loss(name, options, prediction);
  if (custom && !loss) return std::nullopt;
  if (!loss) {
    report_unknown(*object, name, environment, report);
    return std::nullopt;
  }
  loss->reduction = read_reduction(options, loss->summable);
  options.ignore({"name", "fn"});
  if (options.text("dtype", "float32") != "float32") options.error("dtype", "'float32'");
  options.note_limit("dtype", "'float32' alone");
  options.finish();
  return loss;
}

}  // namespace kcc
