#include "frontend/training/regularizers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/reduce.h"

namespace kcc {
namespace {

ValueId sum_of(Builder& b, ValueId x) {
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < b.type(x).rank(); ++i) axes.push_back(i);
  return reduce_sum(b, x, axes);
}

std::string lower(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

}  // namespace

Penalty read_penalty(ConfigReader& config, const std::string& key) {
  const json::Value* value = config.find(key);
  if (!value) return {};
  const auto object = named_object(*value);
  if (!object) {
    config.error(key, "the name or configuration of a regularizer");
    return {};
  }
  const std::string name = lower(object->name);
  const bool both = name == "l1l2" || name == "l1_l2";
  if (name != "l1" && name != "l2" && !both) {
    config.error(key, "L1, L2 or L1L2: no other regularizer is supported yet");
    return {};
  }
  ConfigReader options(object->config, object->mark, fmt::format("regularizer {}", object->name), config.report());
  const double fallback = both ? 0.0 : 0.01;
  Penalty penalty;
  if (name != "l2") penalty.l1 = options.number("l1", fallback);
  if (name != "l1") penalty.l2 = options.number("l2", fallback);
  options.finish();
  return penalty;
}

ValueId penalty_of(Builder& b, ValueId weight, const Penalty& penalty) {
  ValueId total = -1;
  if (penalty.l1 != 0) total = mul(b, sum_of(b, unary(b, OpKind::kAbs, weight)), penalty.l1);
  if (penalty.l2 == 0) return total;
  ValueId squares = mul(b, sum_of(b, square(b, weight)), penalty.l2);
  return total < 0 ? squares : add(b, total, squares);
}

}  // namespace kcc
