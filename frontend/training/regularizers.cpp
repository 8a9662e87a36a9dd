#include "frontend/training/regularizers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/shape.h"
#include "frontend/expressions.h"

namespace kcc {
namespace {

std::string lower(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

// "OrthogonalRegularizer", "orthogonal_regularizer", "l1_l2": as Keras's list of names has them, in any case.
std::string canonical(const std::string& name) {
  std::string plain = lower(name);
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  return plain;
}

// Keras: factor/2 times the sum of |products of two different lines of length 1|, by the number of pairs.
ValueId non_orthogonality(Builder& b, ValueId weight, const Penalty& penalty) {
  const bool rows = penalty.lines == Penalty::Lines::kRows;
  const int64_t size = b.shape(weight)[rows ? 0 : 1].size;
  ValueId lines = to_unit_length(b, weight, {rows ? 1 : 0}, 1e-7);
  ValueId products = matmul(b, lines, lines, !rows, rows);
  const Shape square = b.shape(products);
  ValueId other = binary(b, OpKind::kNe, iota(b, square, 0), iota(b, square, 1));
  ValueId sum = sum_of(b, unary(b, OpKind::kAbs, select(b, other, products, constant(b, 0.0))));
  const double pairs = static_cast<double>(size) * static_cast<double>(size - 1) / 2;
  return mul(b, sum, penalty.orthogonal * 0.5 / pairs);
}

}  // namespace

std::vector<std::string> regularizer_names() {
  return {"L1", "L1L2", "L2", "OrthogonalRegularizer"};
}

Penalty read_penalty(ConfigReader& config, const std::string& key) {
  config.note_default(key, "None");
  const json::Value* value = config.find(key);
  if (!value) return {};
  const auto object = named_object(*value);
  if (!object) {
    config.error(key, "the name or configuration of a regularizer");
    return {};
  }
  const std::string name = canonical(object->name);
  const bool both = name == "l1l2", orthogonal = name == "orthogonalregularizer";
  const std::vector<std::string> known = regularizer_names();
  if (std::none_of(known.begin(), known.end(), [&](const std::string& k) { return name == lower(k); })) {
    config.error(key, "L1, L2, L1L2 or OrthogonalRegularizer: there is no other in Keras");
    return {};
  }
  ConfigReader options(object->config, object->mark, fmt::format("regularizer {}", object->name), config.report());
  const double fallback = both ? 0.0 : 0.01;
  Penalty penalty;
  if (orthogonal) {
    penalty.orthogonal = options.number("factor", 0.01);
    const bool rows = options.choice("mode", "rows", {"columns", "rows"}) == "rows";
    penalty.lines = rows ? Penalty::Lines::kRows : Penalty::Lines::kColumns;
    options.finish();
    return penalty;
  }
  if (name != "l2") penalty.l1 = options.number("l1", fallback);
  if (name != "l1") penalty.l2 = options.number("l2", fallback);
  options.finish();
  return penalty;
}

ValueId penalty_of(Builder& b, ValueId weight, const Penalty& penalty) {
  if (penalty.orthogonal != 0) return non_orthogonality(b, weight, penalty);
  ValueId total = -1;
  if (penalty.l1 != 0) total = mul(b, sum_of(b, unary(b, OpKind::kAbs, weight)), penalty.l1);
  if (penalty.l2 == 0) return total;
  ValueId squares = mul(b, sum_of(b, square(b, weight)), penalty.l2);
  return total < 0 ? squares : add(b, total, squares);
}

}  // namespace kcc
