#include "frontend/training/initializers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "frontend/names.h"

namespace kcc {
namespace {

using Kind = Initializer::Kind;
using Shape1D = std::vector<int64_t>;

struct Fans {
  double in = 1, out = 1;
};

double product(Shape1D::const_iterator begin, Shape1D::const_iterator end) {
  double value = 1;
  for (; begin != end; ++begin) value *= static_cast<double>(*begin);
  return value;
}

// Kernels are (spatial..., inputs, outputs).
Fans fans_of(const Shape1D& shape) {
  if (shape.empty()) return {};
  if (shape.size() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  const double field = product(shape.begin(), shape.end() - 2);
  return {field * static_cast<double>(shape[shape.size() - 2]), field * static_cast<double>(shape.back())};
}

struct Scaling {
  double scale = 1;
  std::string mode = "fan_in";
  std::string distribution = "truncated_normal";
  std::optional<Shape1D> input_axes, output_axes;
  int64_t seed = -1;
};

// Empty where the axes do not exist.
std::optional<Fans> fans_of(const Shape1D& shape, const Scaling& s) {
  if (!s.input_axes || !s.output_axes) return fans_of(shape);
  const auto over = [&](const Shape1D& axes) -> std::optional<double> {
    double value = 1;
    const int64_t rank = static_cast<int64_t>(shape.size());
    for (int64_t axis : axes) {
      if (axis < -rank || axis >= rank) return std::nullopt;
      value *= static_cast<double>(shape[static_cast<size_t>(axis < 0 ? axis + rank : axis)]);
    }
    return value;
  };
  const auto in = over(*s.input_axes), out = over(*s.output_axes);
  return in && out ? std::optional<Fans>({*in, *out}) : std::nullopt;
}

Initializer scaled(const Scaling& s, const Fans& fans) {
  const double n = s.mode == "fan_in" ? fans.in : s.mode == "fan_out" ? fans.out : (fans.in + fans.out) / 2;
  const double variance = s.scale / std::max(1.0, n);
  if (s.distribution == "uniform") {
    const double limit = std::sqrt(3 * variance);
    return {Kind::kUniform, -limit, limit, s.seed};
  }
  if (s.distribution == "untruncated_normal") return {Kind::kNormal, 0, std::sqrt(variance), s.seed};
  // the deviation of a normal distribution cut at two deviations
  return {Kind::kTruncatedNormal, 0, std::sqrt(variance) / 0.87962566103423978, s.seed};
}

// null, a number, or a SeedGenerator with one.
int64_t read_seed(ConfigReader& c) {
  const json::Value* value = c.find("seed");
  if (!value) return -1;
  if (const auto object = named_object(*value); object && object->name == "SeedGenerator" && object->config) {
    const json::Value* seed = object->config->find("seed");
    if (!seed || seed->is_null()) return -1;
    value = seed;
  }
  if (value->kind == json::Kind::kInteger && value->integer >= 0) return value->integer;
  c.error("seed", "a non-negative integer");
  return -1;
}

InitializerSpec fixed(Initializer initializer) {
  return [=](const Shape1D&) { return initializer; };
}

struct Family {
  const char* name;
  double scale;
  const char* mode;
  const char* distribution;
};
constexpr Family kFamilies[] = {
    {"glorot_normal", 1, "fan_avg", "truncated_normal"}, {"glorot_uniform", 1, "fan_avg", "uniform"},
    {"he_normal", 2, "fan_in", "truncated_normal"},      {"he_uniform", 2, "fan_in", "uniform"},
    {"lecun_normal", 1, "fan_in", "truncated_normal"},   {"lecun_uniform", 1, "fan_in", "uniform"},
};

InitializerSpec scaling(ConfigReader& c, Scaling s) {
  s.seed = read_seed(c);
  s.input_axes = c.shape("input_axes");
  s.output_axes = c.shape("output_axes");
  const Report report = c.report();
  const json::Mark mark = c.mark();
  return [=](const Shape1D& shape) -> std::optional<Initializer> {
    if (const auto fans = fans_of(shape, s)) return scaled(s, *fans);
    report.error(mark, fmt::format("'input_axes' or 'output_axes' name no axis of a weight of rank {}", shape.size()));
    return std::nullopt;
  };
}

InitializerSpec variance_scaling(ConfigReader& c) {
  Scaling s;
  s.scale = c.number("scale", 1);
  if (!(s.scale > 0)) c.error("scale", "a positive number");
  s.mode = c.choice("mode", s.mode, {"fan_in", "fan_out", "fan_avg"});
  s.distribution =
      c.choice("distribution", s.distribution, {"normal", "truncated_normal", "uniform", "untruncated_normal"});
  return scaling(c, s);
}

// Refuses shapes that an initializer has no meaning for.
InitializerSpec of_rank(ConfigReader& c, Initializer initializer, size_t low, size_t high, const char* wanted) {
  const Report report = c.report();
  const json::Mark mark = c.mark();
  const std::string subject = c.subject();
  return [=](const Shape1D& shape) -> std::optional<Initializer> {
    if (shape.size() >= low && shape.size() <= high) return initializer;
    report.error(mark, fmt::format("{} fills {}, not a weight of rank {}", subject, wanted, shape.size()));
    return std::nullopt;
  };
}

// Keras's aliases and class names -> the names above.
constexpr std::pair<const char*, const char*> kAliases[] = {
    {"identity_initializer", "identity"},     {"normal", "random_normal"},   {"one", "ones"},
    {"orthogonal_initializer", "orthogonal"}, {"uniform", "random_uniform"}, {"zero", "zeros"}};

std::string canonical(const std::string& name) {
  const std::string snake = to_snake_case(name);
  for (const auto& [alias, meaning] : kAliases)
    if (snake == alias) return meaning;
  return snake;
}

InitializerSpec make(const std::string& name, ConfigReader& c) {
  for (const Family& f : kFamilies)
    if (name == f.name) return scaling(c, {f.scale, f.mode, f.distribution, {}, {}, -1});
  if (name == "zeros") return fixed({Kind::kConstant, 0, 0, -1});
  if (name == "ones") return fixed({Kind::kConstant, 1, 0, -1});
  if (name == "constant") return fixed({Kind::kConstant, c.number("value", 0), 0, -1});
  if (name == "identity") return of_rank(c, {Kind::kIdentity, c.number("gain", 1), 0, -1}, 2, 2, "matrices");
  if (name == "orthogonal") {
    const double gain = c.number("gain", 1);
    return of_rank(c, {Kind::kOrthogonal, gain, 0, read_seed(c)}, 2, 99, "weights of rank 2 and more");
  }
  if (name == "random_uniform") {
    const double low = c.number("minval", -0.05), high = c.number("maxval", 0.05);
    return fixed({Kind::kUniform, low, high, read_seed(c)});
  }
  if (name == "variance_scaling") return variance_scaling(c);
  const Kind kind = name == "random_normal" ? Kind::kNormal : Kind::kTruncatedNormal;
  const double mean = c.number("mean", 0), deviation = c.number("stddev", 0.05);
  return fixed({kind, mean, deviation, read_seed(c)});
}

}  // namespace

const std::vector<std::string>& initializer_names() {
  static const std::vector<std::string> kNames = {
      "constant",         "glorot_normal",    "glorot_uniform", "he_normal",  "he_uniform",    "identity",
      "lecun_normal",     "lecun_uniform",    "ones",           "orthogonal", "random_normal", "random_uniform",
      "truncated_normal", "variance_scaling", "zeros"};
  return kNames;
}

std::vector<std::pair<std::string, std::string>> initializer_aliases() {
  return {std::begin(kAliases), std::end(kAliases)};
}

InitializerSpec read_initializer(ConfigReader& config, const std::string& key, const std::string& fallback) {
  config.note_default(key, "'" + fallback + "'");
  const json::Value* value = config.find(key);
  // Keras gives float weights without an initializer glorot_uniform.
  const bool none = !value && config.written(key);
  const json::Value given = value ? *value : json::string_value(none ? "glorot_uniform" : fallback);
  const auto object = named_object(given);
  if (!object) {
    config.error(key, "the name or configuration of an initializer");
    return fixed({});
  }
  const std::string name = canonical(object->name);
  const std::vector<std::string>& names = initializer_names();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    config.report().error(given.mark,
                          fmt::format("unknown initializer '{}' for '{}' of {}", object->name, key, config.subject()),
                          did_you_mean(name, names));
    return fixed({});
  }
  ConfigReader options(object->config, object->mark, fmt::format("initializer {}", object->name), config.report());
  InitializerSpec spec = make(name, options);
  options.finish();
  return spec;
}

}  // namespace kcc
