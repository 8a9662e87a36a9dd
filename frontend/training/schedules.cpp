// Formulas are those of keras/src/optimizers/schedules/learning_rate_schedule.py, in their order of operations.
#include "frontend/training/schedules.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "compiler/ops/elementwise.h"
#include "frontend/expressions.h"

namespace kcc {
namespace {

ValueId power(Builder& b, ValueId base, ValueId exponent) {
  return binary(b, OpKind::kPow, base, exponent);
}

ValueId least(Builder& b, ValueId x, double y) {
  return binary(b, OpKind::kMin, x, constant(b, y));
}

// ---- options

double required(ConfigReader& c, const char* key) {
  if (!c.has(key)) c.error(key, "a number");
  return c.number(key, 0);
}

double read_steps(ConfigReader& c, const char* key) {
  const double steps = required(c, key);
  if (c.has(key) && !(steps > 0)) c.error(key, "a positive number");
  return steps;
}

std::vector<double> read_numbers(ConfigReader& c, const char* key) {
  std::vector<double> numbers;
  const json::Value* value = c.find(key);
  bool good = value && value->is_array() && !value->items.empty();
  if (good)
    for (const json::Value& item : value->items) {
      good &= item.is_number();
      numbers.push_back(item.number);
    }
  if (!good) c.error(key, "a list of numbers");
  return numbers;
}

// ---- the schedules

// Step / decay_steps, whole numbers for a staircase.
std::function<ValueId(Builder&, ValueId)> read_progress(ConfigReader& c) {
  const double steps = read_steps(c, "decay_steps");
  const bool staircase = c.boolean("staircase", false);
  return [=](Builder& b, ValueId step) {
    ValueId p = div(b, step, steps);
    return staircase ? unary(b, OpKind::kFloor, p) : p;
  };
}

Schedule exponential_decay(ConfigReader& c) {
  c.positional({"initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name"});
  const double initial = required(c, "initial_learning_rate"), rate = required(c, "decay_rate");
  return [=, progress = read_progress(c)](Builder& b, ValueId step) {
    return mul(b, power(b, constant(b, rate), progress(b, step)), initial);
  };
}

Schedule inverse_time_decay(ConfigReader& c) {
  c.positional({"initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name"});
  const double initial = required(c, "initial_learning_rate"), rate = required(c, "decay_rate");
  return [=, progress = read_progress(c)](Builder& b, ValueId step) {
    return div(b, initial, add(b, mul(b, progress(b, step), rate), 1.0));
  };
}

// A sum of ranges, as Keras makes it: where boundaries do not ascend, ranges overlap and their values add up.
Schedule piecewise_constant_decay(ConfigReader& c) {
  c.positional({"boundaries", "values", "name"});
  std::vector<double> boundaries = read_numbers(c, "boundaries"), values = read_numbers(c, "values");
  if (!boundaries.empty() && !values.empty() && values.size() != boundaries.size() + 1)
    c.error("values", fmt::format("{} numbers, one more than there are boundaries", boundaries.size() + 1));
  for (double& boundary : boundaries) boundary = std::trunc(boundary);  // steps are whole, and Keras casts to them
  return [=](Builder& b, ValueId step) {
    const auto counted = [&](ValueId inside, double value) { return mul(b, cast(b, inside, DType::kF32), value); };
    ValueId rate = counted(at_most(b, step, boundaries.front()), values.front());
    rate = add(b, rate, counted(greater(b, step, boundaries.back()), values.back()));
    for (size_t i = 0; i + 1 < boundaries.size(); ++i) {
      ValueId above = greater(b, step, boundaries[i]), below = at_most(b, step, boundaries[i + 1]);
      rate = add(b, rate, counted(binary(b, OpKind::kAnd, above, below), values[i + 1]));
    }
    return rate;
  };
}

Schedule polynomial_decay(ConfigReader& c) {
  c.positional({"initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "name"});
  const double initial = required(c, "initial_learning_rate"), steps = read_steps(c, "decay_steps");
  const double end = c.number("end_learning_rate", 0.0001), exponent = c.number("power", 1);
  const bool cycle = c.boolean("cycle", false);
  return [=](Builder& b, ValueId step) {
    ValueId length = constant(b, steps);
    if (cycle) {  // the first multiple of decay_steps that is not below the step
      ValueId times = neg(b, unary(b, OpKind::kFloor, neg(b, div(b, step, steps))));
      ValueId is_start = binary(b, OpKind::kEq, step, constant(b, 0));
      length = mul(b, select(b, is_start, constant(b, 1), times), steps);
    } else {
      step = least(b, step, steps);
    }
    ValueId left = sub(b, 1.0, div(b, step, length));
    const double distance = static_cast<double>(static_cast<float>(initial) - static_cast<float>(end));
    return add(b, mul(b, power(b, left, constant(b, exponent)), distance), end);
  };
}

// (1 + cos(pi fraction)) / 2
ValueId cosine(Builder& b, ValueId fraction) {
  return mul(b, add(b, unary(b, OpKind::kCos, mul(b, fraction, std::numbers::pi)), 1.0), 0.5);
}

Schedule cosine_decay(ConfigReader& c) {
  c.positional({"initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps"});
  const double initial = required(c, "initial_learning_rate"), steps = read_steps(c, "decay_steps");
  const double alpha = c.number("alpha", 0), target = c.number("warmup_target", initial);
  const bool warms_up = c.has("warmup_target");
  c.note_default("warmup_target", "None");
  const double warmup = c.number("warmup_steps", 0);  // without a target Keras leaves it unread
  const auto decayed = [=](Builder& b, ValueId step) {
    return mul(b, add(b, mul(b, cosine(b, div(b, step, steps)), 1 - alpha), alpha), target);
  };
  if (!warms_up || warmup <= 0) return [=](Builder& b, ValueId step) { return decayed(b, least(b, step, steps)); };
  return [=](Builder& b, ValueId step) {
    step = least(b, step, steps + warmup);
    ValueId rising = add(b, mul(b, div(b, step, warmup), target - initial), initial);
    return select(b, less(b, step, warmup), rising, decayed(b, sub(b, step, warmup)));
  };
}

Schedule cosine_decay_restarts(ConfigReader& c) {
  c.positional({"initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name"});
  const double initial = required(c, "initial_learning_rate"), first = read_steps(c, "first_decay_steps");
  const double longer = c.number("t_mul", 2), lower = c.number("m_mul", 1), alpha = c.number("alpha", 0);
  return [=](Builder& b, ValueId step) {
    ValueId fraction = div(b, step, first), restarts = -1;
    if (longer == 1) {
      restarts = unary(b, OpKind::kFloor, fraction);
      fraction = sub(b, fraction, restarts);
    } else {
      ValueId grown = unary(b, OpKind::kLog, sub(b, 1.0, mul(b, fraction, 1 - longer)));
      restarts = unary(b, OpKind::kFloor, div(b, grown, unary(b, OpKind::kLog, constant(b, longer))));
      ValueId scale = power(b, constant(b, longer), restarts);
      fraction = div(b, sub(b, fraction, div(b, sub(b, 1.0, scale), 1 - longer)), scale);
    }
    ValueId wave = mul(b, cosine(b, fraction), power(b, constant(b, lower), restarts));
    return mul(b, add(b, mul(b, wave, 1 - alpha), alpha), initial);
  };
}

struct Known {
  const char* class_name;
  Schedule (*read)(ConfigReader&);
};
constexpr Known kSchedules[] = {
    {"CosineDecay", cosine_decay},
    {"CosineDecayRestarts", cosine_decay_restarts},
    {"ExponentialDecay", exponential_decay},
    {"InverseTimeDecay", inverse_time_decay},
    {"PiecewiseConstantDecay", piecewise_constant_decay},
    {"PolynomialDecay", polynomial_decay},
};

}  // namespace

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (const Known& known : kSchedules) names.push_back(known.class_name);
  return names;
}

namespace {

Schedule read_schedule(const NamedObject& object, const Report& report, json::Value& config) {
  for (const Known& known : kSchedules) {
    if (object.name != known.class_name) continue;
    ConfigReader options(object.config, object.mark, object.name, report);
    Schedule schedule = known.read(options);
    options.ignore({"name"});
    options.finish();
    config = json::object_value({}, object.mark);
    config.set("class_name", json::string_value(object.name, object.mark));
    config.set("config", options.named());
    return schedule;
  }
  report.error(object.mark, fmt::format("unknown learning rate schedule '{}'", object.name),
               did_you_mean(object.name, schedule_names()));
  return nullptr;
}

}  // namespace

LearningRate read_learning_rate(ConfigReader& optimizer, double fallback) {
  LearningRate rate;
  const std::string key = !optimizer.has("learning_rate") && optimizer.has("lr") ? "lr" : "learning_rate";
  optimizer.ignore({"lr"});
  rate.value = fallback;
  rate.decay = optimizer.number("decay", 0);
  if (const json::Value* value = optimizer.find(key)) {
    const auto object = value->is_object() ? named_object(*value) : std::nullopt;
    if (object)
      rate.schedule = read_schedule(*object, optimizer.report(), rate.config);
    else
      rate.value = optimizer.number(key, fallback);
  }
  if (rate.schedule && rate.decay != 0) optimizer.error("decay", "0 where a schedule computes the learning rate");
  return rate;
}

}  // namespace kcc
