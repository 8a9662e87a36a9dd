#include "frontend/python/operators.h"

#include <fmt/format.h>

#include <cmath>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/shape.h"
#include "frontend/layer.h"
#include "frontend/python/tensors.h"

namespace kcc::python {
namespace {

// ---- numbers

constexpr int64_t kLargestExponent = 64;

std::optional<int64_t> floor_divide(int64_t x, int64_t y) {
  if (y == 0 || (y == -1 && x == INT64_MIN)) return std::nullopt;
  return x / y - (x % y != 0 && (x < 0) != (y < 0));
}

// Empty where the result does not fit or does not exist.
std::optional<int64_t> integer_result(const std::string& op, int64_t x, int64_t y) {
  int64_t result = 0;
  if (op == "+") return __builtin_add_overflow(x, y, &result) ? std::nullopt : std::optional(result);
  if (op == "-") return __builtin_sub_overflow(x, y, &result) ? std::nullopt : std::optional(result);
  if (op == "*") return __builtin_mul_overflow(x, y, &result) ? std::nullopt : std::optional(result);
  if (op == "//") return floor_divide(x, y);
  if (op == "%") {
    const auto whole = floor_divide(x, y);
    return whole ? std::optional(x - *whole * y) : std::nullopt;
  }
  if (op == "&") return x & y;
  if (op == "|") return x | y;
  if (op == "^") return x ^ y;
  if (op != "**" || y < 0 || y > kLargestExponent) return std::nullopt;
  result = 1;
  for (int64_t i = 0; i < y; ++i)
    if (__builtin_mul_overflow(result, x, &result)) return std::nullopt;
  return result;
}

std::optional<double> real_result(const std::string& op, double x, double y) {
  if (op == "+") return x + y;
  if (op == "-") return x - y;
  if (op == "*") return x * y;
  if (op == "**") return std::pow(x, y);
  if (y == 0) return std::nullopt;
  if (op == "/") return x / y;
  if (op == "//") return std::floor(x / y);
  if (op == "%") return x - std::floor(x / y) * y;
  return std::nullopt;
}

int64_t as_integer(const Value& value) {
  return value.is<bool>() ? *value.get<bool>() : *value.get<int64_t>();
}

Result number_operator(Context& c, Mark mark, const std::string& op, const Value& x, const Value& y) {
  const bool integers = !x.is<double>() && !y.is<double>();
  const bool stays_integer = integers && op != "/" && !(op == "**" && y.number() < 0);
  if (stays_integer) {
    if (const auto result = integer_result(op, as_integer(x), as_integer(y))) {
      if (x.is<bool>() && y.is<bool>() && (op == "&" || op == "|" || op == "^")) return *result != 0;
      return *result;
    }
  } else if (const auto result = real_result(op, x.number(), y.number())) {
    return *result;
  }
  return c.fail(mark, fmt::format("{} {} {} has no value here", x.number(), op, y.number()));
}

// ---- extents of the batch: products and quotients with whole numbers stay extents

Result extent_operator(const std::string& op, const Value& x, const Value& y) {
  const Extent *left = x.get<Extent>(), *right = y.get<Extent>();
  const int64_t* factor = left ? y.get<int64_t>() : x.get<int64_t>();
  Dim dim = left ? left->dim : right->dim;
  if (!factor || *factor < 1) return std::nullopt;
  if (op == "*" && !__builtin_mul_overflow(dim.size, *factor, &dim.size)) return Value(Extent{dim});
  if (op != "//" || !left || dim.size % *factor != 0) return std::nullopt;
  dim.size /= *factor;
  return Value(Extent{dim});
}

// ---- lists and strings

Result sequence_operator(Context& c, Mark mark, const std::string& op, const Value& x, const Value& y) {
  const Sequence *left = x.get<Sequence>(), *right = y.get<Sequence>();
  if (op == "+" && left && right && left->is_list == right->is_list) {
    std::vector<Value> all = items_of(x);
    all.insert(all.end(), items_of(y).begin(), items_of(y).end());
    return c.sequence(mark, std::move(all), left->is_list);
  }
  const Value& list = left ? x : y;
  const int64_t* times = left ? y.get<int64_t>() : x.get<int64_t>();
  if (op != "*" || !times)
    return c.fail(mark, fmt::format("'{}' does not join {} and {}", op, c.describe(x), c.describe(y)));
  std::vector<Value> all;
  for (int64_t i = 0; i < *times; ++i) {
    if (!c.spend(mark, 1 + static_cast<int64_t>(items_of(list).size()))) return std::nullopt;
    all.insert(all.end(), items_of(list).begin(), items_of(list).end());
  }
  return c.sequence(mark, std::move(all), list.get<Sequence>()->is_list);
}

// ---- tensors

// x ** n by squaring: exact, as are its derivatives, where x is 0 or negative.
ValueId whole_power(Builder& b, ValueId x, int64_t n) {
  ValueId result = -1;
  for (ValueId square_of = x; n > 0; n /= 2) {
    if (n % 2 == 1) result = result < 0 ? square_of : mul(b, result, square_of);
    if (n > 1) square_of = square(b, square_of);
  }
  return result;
}

Result tensor_power(Context& c, Mark mark, const Value& x, const Value& y) {
  const double exponent = y.is_number() ? y.number() : 0.5;
  const bool whole = exponent == std::floor(exponent) && std::abs(exponent) <= kLargestExponent;
  if (!whole) {
    const auto base = to_float(c, mark, x), power = to_float(c, mark, y);
    if (!base || !power || !broadcast_shapes(c, mark, {c.b.shape(*base), c.b.shape(*power)})) return std::nullopt;
    return Tensor{binary(c.b, OpKind::kPow, *base, *power)};
  }
  const auto base = to_tensor(c, mark, x);
  if (!base) return std::nullopt;
  const bool as_float = exponent < 0 || y.is<double>() || c.b.type(*base).dtype == DType::kBool;
  const ValueId typed = as_float ? cast(c.b, *base, DType::kF32) : *base;
  if (exponent == 0) {
    const ValueId one = constant(c.b, 1, c.b.type(typed).dtype);
    return Tensor{broadcast_to(c.b, one, Shape(c.b.shape(typed)))};
  }
  const ValueId power = whole_power(c.b, typed, static_cast<int64_t>(std::abs(exponent)));
  return Tensor{exponent < 0 ? div(c.b, 1.0, power) : power};
}

// Of f32. Whole numbers are divided as f32, which is exact below 2^24, and rounded down as in Python.
ValueId tensor_quotient(Builder& b, const std::string& op, ValueId x, ValueId y) {
  const ValueId quotient = div(b, x, y);
  if (op == "/") return quotient;
  const ValueId whole = unary(b, OpKind::kFloor, quotient);
  return op == "//" ? whole : sub(b, x, mul(b, whole, y));
}

Result logical_operator(Context& c, Mark mark, const std::string& op, ValueId x, ValueId y) {
  if (c.b.type(x).dtype != DType::kBool)
    return c.fail(mark, fmt::format("'{}' joins conditions, not numbers", op),
                  "compare first, as in (x > 0) & (x < 1)");
  return Tensor{binary(c.b, op == "&" ? OpKind::kAnd : op == "|" ? OpKind::kOr : OpKind::kNe, x, y)};
}

Result tensor_operator(Context& c, Mark mark, const std::string& op, const Value& x, const Value& y) {
  if (op == "@") return matmul_values(c, mark, x, y);
  if (op == "**") return tensor_power(c, mark, x, y);
  const auto operands = promote(c, mark, x, y);
  if (!operands) return std::nullopt;
  Builder& b = c.b;
  const auto [left, right] = *operands;
  const DType dtype = b.type(left).dtype;
  if (op == "&" || op == "|" || op == "^") return logical_operator(c, mark, op, left, right);
  if (op == "/" || op == "//" || op == "%") {
    const ValueId result = tensor_quotient(b, op, cast(b, left, DType::kF32), cast(b, right, DType::kF32));
    return Tensor{op == "/" || dtype == DType::kF32 ? result : cast(b, result, DType::kI32)};
  }
  // Of conditions, + is "or" and * is "and", as in JAX.
  if (dtype == DType::kBool && op == "-")
    return c.fail(mark, "conditions cannot be subtracted", "cast them to numbers first");
  if (dtype == DType::kBool) return logical_operator(c, mark, op == "+" ? "|" : "&", left, right);
  return Tensor{binary(b, op == "+" ? OpKind::kAdd : op == "-" ? OpKind::kSub : OpKind::kMul, left, right)};
}

bool is_data(const Value& value) {
  return value.is_number() || value.is<Tensor>() || value.is<Extent>() || value.is<Sequence>();
}

// ---- comparisons

struct Comparator {
  const char* op;
  OpKind kind;
  bool (*of_numbers)(double, double);
};
constexpr Comparator kComparators[] = {
    {"==", OpKind::kEq, [](double x, double y) { return x == y; }},
    {"!=", OpKind::kNe, [](double x, double y) { return x != y; }},
    {"<", OpKind::kLt, [](double x, double y) { return x < y; }},
    {"<=", OpKind::kLe, [](double x, double y) { return x <= y; }},
    {">", OpKind::kGt, [](double x, double y) { return x > y; }},
    {">=", OpKind::kGe, [](double x, double y) { return x >= y; }},
};

const Comparator& comparator(const std::string& op) {
  for (const Comparator& row : kComparators)
    if (op == row.op) return row;
  return kComparators[0];
}

// A dtype and its name are equal, as in NumPy.
std::optional<std::string> dtype_name(const Value& value) {
  if (const std::string* text = value.get<std::string>()) return *text;
  const TypeName* type = value.get<TypeName>();
  if (!type) return std::nullopt;
  return type->dtype == DType::kF32 ? "float32" : type->dtype == DType::kBool ? "bool" : "int32";
}

// Whether two values that are no tensors are equal; empty after reporting that nobody knows yet.
std::optional<bool> equal(Context& c, Mark mark, const Value& x, const Value& y) {
  if (x.is_number() && y.is_number()) return x.number() == y.number();
  const auto left = dtype_name(x), right = dtype_name(y);
  if (left && right) return left == right;
  if (x.is_none() || y.is_none()) return x.is_none() && y.is_none();
  const Extent *dx = x.get<Extent>(), *dy = y.get<Extent>();
  if (dx && dy && dx->dim == dy->dim) return true;
  if (dx || dy || x.is<Tensor>() || y.is<Tensor>())
    return c.fail(
        mark, fmt::format("whether {} equals {} is not known before the program runs", c.describe(x), c.describe(y)));
  if (!x.is<Sequence>() || !y.is<Sequence>()) return false;
  const std::vector<Value>&first = items_of(x), &second = items_of(y);
  if (first.size() != second.size() || x.get<Sequence>()->is_list != y.get<Sequence>()->is_list) return false;
  for (size_t i = 0; i < first.size(); ++i) {
    if (!c.spend(mark, 1)) return std::nullopt;
    const auto same = equal(c, mark, first[i], second[i]);
    if (!same || !*same) return same;
  }
  return true;
}

Result contained(Context& c, Mark mark, const Value& x, const Value& y, bool wanted) {
  if (!y.is<Sequence>()) return c.fail(mark, fmt::format("found {} after 'in', expected a list", c.describe(y)));
  for (const Value& item : items_of(y)) {
    const auto same = equal(c, mark, x, item);
    if (!same) return std::nullopt;
    if (*same) return wanted;
  }
  return !wanted;
}

}  // namespace

Result binary_operator(Context& c, Mark mark, const std::string& op, const Value& x, const Value& y) {
  const bool has_tensor = x.is<Tensor>() || y.is<Tensor>();
  if (x.is_number() && y.is_number()) return number_operator(c, mark, op, x, y);
  const std::string *left = x.get<std::string>(), *right = y.get<std::string>();
  if (left && right && op == "+" && left->size() + right->size() < 1000) return *left + *right;
  if (!is_data(x) || !is_data(y))
    return c.fail(mark, fmt::format("'{}' does not join {} and {}", op, c.describe(x), c.describe(y)));
  if (!has_tensor && (x.is<Sequence>() || y.is<Sequence>())) return sequence_operator(c, mark, op, x, y);
  if (!has_tensor)
    if (auto extent = extent_operator(op, x, y)) return extent;
  return tensor_operator(c, mark, op, x, y);
}

Result unary_operator(Context& c, Mark mark, const std::string& op, const Value& x) {
  if (op == "not") {
    const auto flag = truth(c, mark, x);
    return flag ? Result(!*flag) : std::nullopt;
  }
  if (x.is_number() && op != "~") return number_operator(c, mark, op, int64_t{0}, x);
  if (x.is<bool>()) return !*x.get<bool>();
  if (!x.is<Tensor>() && !x.is<Extent>())
    return c.fail(mark, fmt::format("'{}' does not apply to {}", op, c.describe(x)));
  const auto tensor = to_tensor(c, mark, x);
  if (!tensor) return std::nullopt;
  const bool condition = c.b.type(*tensor).dtype == DType::kBool;
  if (condition != (op == "~"))
    return c.fail(mark, fmt::format("'{}' does not apply to a tensor of {}", op, condition ? "conditions" : "numbers"));
  if (op == "+") return Tensor{*tensor};
  return Tensor{unary(c.b, condition ? OpKind::kNot : OpKind::kNeg, *tensor)};
}

Result compare(Context& c, Mark mark, const std::string& op, const Value& x, const Value& y) {
  if (op == "in" || op == "not in") return contained(c, mark, x, y, op == "in");
  const bool is_identity = op == "is" || op == "is not";
  const bool with_none = x.is_none() || y.is_none();
  if (is_identity && (with_none || (x.is<bool>() && y.is<bool>()))) {
    const bool same = with_none ? x.is_none() && y.is_none() : *x.get<bool>() == *y.get<bool>();
    return same == (op == "is");
  }
  if (is_identity) return c.fail(mark, "'is' compares with None, True and False only", "write ==");
  if (x.is_number() && y.is_number()) return comparator(op).of_numbers(x.number(), y.number());
  const bool has_tensor = x.is<Tensor>() || y.is<Tensor>();
  if (has_tensor && is_data(x) && is_data(y)) {
    const auto operands = promote(c, mark, x, y);
    if (!operands) return std::nullopt;
    return Tensor{binary(c.b, comparator(op).kind, operands->x, operands->y)};
  }
  if (op != "==" && op != "!=")
    return c.fail(
        mark, fmt::format("'{}' does not compare {} and {} before the program runs", op, c.describe(x), c.describe(y)));
  const auto same = equal(c, mark, x, y);
  return same ? Result(*same == (op == "==")) : std::nullopt;
}

std::optional<bool> truth(Context& c, Mark mark, const Value& value) {
  if (value.is_number()) return value.number() != 0;
  if (const std::string* text = value.get<std::string>()) return !text->empty();
  if (value.is<Sequence>()) return !items_of(value).empty();
  if (value.is<Tensor>())
    return c.fail(mark, "the values of a tensor are not known before the program runs",
                  "choose between tensors with K.switch or ops.where");
  return !value.is_none();
}

}  // namespace kcc::python
