#include "frontend/training/optimizers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "frontend/names.h"
#include "frontend/training/optimizers/registry.h"

namespace kcc {
namespace {

std::string lower(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

void read_averages(ConfigReader& c, UpdateOptions& o) {
  o.averages = c.boolean("use_ema", false);
  c.ignore({"ema_momentum", "ema_overwrite_frequency"});
  if (!o.averages) return;
  o.average_momentum = c.number("ema_momentum", 0.99);
  if (!(o.average_momentum >= 0 && o.average_momentum <= 1)) c.error("ema_momentum", "a number from 0 to 1");
  o.overwrite_frequency = c.has("ema_overwrite_frequency") ? c.positive("ema_overwrite_frequency") : 0;
}

int64_t read_accumulated_steps(ConfigReader& c) {
  const int64_t steps = c.integer("gradient_accumulation_steps", 0);
  c.note_default("gradient_accumulation_steps", "None");
  if (steps == 0) return 1;
  if (steps < 2 || steps > int64_t{1} << 30) c.error("gradient_accumulation_steps", "an integer of 2 or more, or null");
  return steps;
}

double read_loss_scale(ConfigReader& c) {
  const double scale = c.number("loss_scale_factor", 1);
  c.note_default("loss_scale_factor", "None");
  if (scale == 0) c.error("loss_scale_factor", "a number other than 0");
  return scale;
}

// After the optimizer's own options, whose defaults may have been set: AdamW decays weights unless told otherwise.
void read_update_options(ConfigReader& c, UpdateOptions& o) {
  o.clipping = read_clipping(c);
  const bool decays = o.weight_decay != 0;
  o.weight_decay = c.number("weight_decay", o.weight_decay);
  if (!decays) c.note_default("weight_decay", "None");
  read_averages(c, o);
  o.accumulated_steps = read_accumulated_steps(c);
  o.loss_scale = read_loss_scale(c);
  c.ignore({"is_legacy_optimizer", "jit_compile"});
}

}  // namespace

std::optional<Optimizer> read_optimizer(const json::Value& value, const Report& report) {
  const auto object = named_object(value);
  if (!object) {
    report.error(value.mark,
                 fmt::format("the optimizer is {}, expected its name or configuration", json::to_text(value)));
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const OptimizerKind& kind : optimizer_kinds()) {
    if (!kind.refusal) names.push_back(kind.class_name);
    if (lower(object->name) != lower(kind.class_name)) continue;
    if (kind.refusal) {
      report.error(object->mark, fmt::format("optimizer '{}' {}", kind.class_name, kind.refusal), kind.hint);
      return std::nullopt;
    }
    Optimizer optimizer;
    optimizer.class_name = kind.class_name;
    ConfigReader options(object->config, object->mark, kind.class_name, report);
    optimizer.name = options.text("name", to_snake_case(kind.class_name));
    kind.read(options, optimizer);
    read_update_options(options, optimizer.options);
    options.finish();
    optimizer.config = options.named();
    return optimizer;
  }
  report.error(object->mark, fmt::format("unknown optimizer '{}'", object->name), did_you_mean(object->name, names));
  return std::nullopt;
}

}  // namespace kcc
