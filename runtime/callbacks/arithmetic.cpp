#include "runtime/callbacks/arithmetic.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "runtime/format.h"

namespace kcc::runtime {
namespace {

constexpr const char* kDivisionByZero = "division by zero";

bool are_integers(const PythonNumber& a, const PythonNumber& b) {
  return std::holds_alternative<int64_t>(a) && std::holds_alternative<int64_t>(b);
}

PythonNumber truth(bool value) {
  return static_cast<int64_t>(value);
}

// Python's integers have no end; ours go on as floats.
PythonNumber power(int64_t base, int64_t exponent) {
  if (base == 0 || base == 1) return exponent == 0 ? int64_t{1} : base;
  if (base == -1) return exponent % 2 == 0 ? int64_t{1} : int64_t{-1};
  int64_t result = 1;
  for (int64_t i = 0; i < exponent; ++i) {
    if (!__builtin_mul_overflow(result, base, &result)) continue;
    return std::pow(static_cast<double>(base), static_cast<double>(exponent));
  }
  return result;
}

// Python raises where finite numbers give an infinite one.
Result<PythonNumber> in_range(double value, bool from_finite) {
  if (std::isinf(value) && from_finite) return make_error("the result is out of range");
  return PythonNumber(value);
}

Result<PythonNumber> power(double base, double exponent) {
  if (base == 0 && exponent < 0) return make_error("0.0 cannot be raised to a negative power");
  if (base < 0 && exponent != std::floor(exponent)) return make_error("a fractional power of a negative number");
  return in_range(std::pow(base, exponent), std::isfinite(base) && std::isfinite(exponent));
}

// Rounded down, with the remainder's sign that of the divisor (CPython's Objects/floatobject.c).
void divide_down(double a, double b, double* quotient, double* remainder) {
  *remainder = std::fmod(a, b);
  double exact = (a - *remainder) / b;
  if (*remainder != 0 && (b < 0) != (*remainder < 0)) {
    *remainder += b;
    exact -= 1;
  }
  if (*remainder == 0) *remainder = std::copysign(0.0, b);
  *quotient = exact == 0 ? std::copysign(0.0, a / b) : std::floor(exact);
  if (exact - *quotient > 0.5) *quotient += 1;
}

void divide_down(int64_t a, int64_t b, int64_t* quotient, int64_t* remainder) {
  *quotient = a / b;
  *remainder = a % b;
  if (*remainder != 0 && (b < 0) != (*remainder < 0)) {
    *remainder += b;
    *quotient -= 1;
  }
}

template <typename T>
Result<PythonNumber> divide(const std::string& symbol, T a, T b) {
  if (b == 0) return make_error("%s", kDivisionByZero);
  T quotient, remainder;
  divide_down(a, b, &quotient, &remainder);
  return PythonNumber(symbol == "%" ? remainder : quotient);
}

template <typename T>
std::optional<PythonNumber> compare(const std::string& symbol, T a, T b) {
  if (symbol == "<") return truth(a < b);
  if (symbol == "<=") return truth(a <= b);
  if (symbol == ">") return truth(a > b);
  if (symbol == ">=") return truth(a >= b);
  if (symbol == "==") return truth(a == b);
  if (symbol == "!=") return truth(a != b);
  return std::nullopt;
}

std::optional<PythonNumber> apply_to_integers(const std::string& symbol, int64_t a, int64_t b) {
  int64_t result = 0;
  if (symbol == "+" && !__builtin_add_overflow(a, b, &result)) return result;
  if (symbol == "-" && !__builtin_sub_overflow(a, b, &result)) return result;
  if (symbol == "*" && !__builtin_mul_overflow(a, b, &result)) return result;
  if (symbol == "**" && b >= 0) return power(a, b);
  return compare(symbol, a, b);
}

template <double (*function)(double)>
Result<PythonNumber> real(const Numbers& x) {
  const double value = to_double(x[0]);
  return in_range(function(value), std::isfinite(value));
}

// math.floor and the like give integers.
template <double (*function)(double)>
Result<PythonNumber> rounded(const Numbers& x) {
  if (std::holds_alternative<int64_t>(x[0])) return x[0];
  const double value = function(std::get<double>(x[0]));
  if (!(std::fabs(value) < 9e18)) return make_error("cannot convert %s to an integer", python_repr(value).c_str());
  return PythonNumber(static_cast<int64_t>(value));
}

Result<PythonNumber> absolute(const Numbers& x) {
  if (const int64_t* integer = std::get_if<int64_t>(&x[0])) return PythonNumber(std::abs(*integer));
  return PythonNumber(std::fabs(std::get<double>(x[0])));
}

Result<PythonNumber> convert_to_float(const Numbers& x) {
  return PythonNumber(to_double(x[0]));
}

template <typename Better>
Result<PythonNumber> extreme(const Numbers& x) {
  const PythonNumber* best = &x[0];
  for (const PythonNumber& value : x) {
    if (Better()(to_double(value), to_double(*best))) best = &value;
  }
  return *best;
}

Result<PythonNumber> logarithm(const Numbers& x) {
  const double value = to_double(x[0]);
  if (value <= 0) return make_error("the logarithm of %s", python_repr(value).c_str());
  return PythonNumber(x.size() == 1 ? std::log(value) : std::log(value) / std::log(to_double(x[1])));
}

Result<PythonNumber> square_root(const Numbers& x) {
  const double value = to_double(x[0]);
  if (value < 0) return make_error("the square root of %s", python_repr(value).c_str());
  return PythonNumber(std::sqrt(value));
}

// To so many digits by way of decimals, as Python does.
Result<PythonNumber> round_number(const Numbers& x) {
  if (x.size() == 1) return rounded<std::nearbyint>(x);
  const int64_t* digits = std::get_if<int64_t>(&x[1]);
  if (digits == nullptr || *digits < 0 || *digits > 300) return make_error("round: expected a number of digits");
  return PythonNumber(std::strtod(format("%.*f", static_cast<int>(*digits), to_double(x[0])).c_str(), nullptr));
}

// Sorted by name.
constexpr MathFunction kFunctions[] = {
    {"abs", 1, 1, absolute},
    {"ceil", 1, 1, rounded<std::ceil>},
    {"cos", 1, 1, real<std::cos>},
    {"exp", 1, 1, real<std::exp>},
    {"float", 1, 1, convert_to_float},
    {"floor", 1, 1, rounded<std::floor>},
    {"int", 1, 1, rounded<std::trunc>},
    {"log", 1, 2, logarithm},
    {"log10", 1, 1, real<std::log10>},
    {"log2", 1, 1, real<std::log2>},
    {"max", 2, 64, extreme<std::greater<double>>},
    {"maximum", 2, 2, extreme<std::greater<double>>},
    {"min", 2, 64, extreme<std::less<double>>},
    {"minimum", 2, 2, extreme<std::less<double>>},
    {"pow", 2, 2, [](const Numbers& x) { return apply_operator("**", x[0], x[1]); }},
    {"round", 1, 2, round_number},
    {"sin", 1, 1, real<std::sin>},
    {"sqrt", 1, 1, square_root},
    {"tan", 1, 1, real<std::tan>},
    {"tanh", 1, 1, real<std::tanh>},
};

}  // namespace

double to_double(const PythonNumber& number) {
  const int64_t* integer = std::get_if<int64_t>(&number);
  return integer ? static_cast<double>(*integer) : std::get<double>(number);
}

bool is_true(const PythonNumber& number) {
  return to_double(number) != 0;
}

Result<PythonNumber> apply_operator(const std::string& symbol, const PythonNumber& a, const PythonNumber& b) {
  const bool whole = symbol == "//" || symbol == "%";
  if (are_integers(a, b)) {
    if (whole) return divide(symbol, std::get<int64_t>(a), std::get<int64_t>(b));
    if (const auto result = apply_to_integers(symbol, std::get<int64_t>(a), std::get<int64_t>(b))) return *result;
  }
  const double x = to_double(a), y = to_double(b);
  if (whole) return divide(symbol, x, y);
  if (symbol == "+") return PythonNumber(x + y);
  if (symbol == "-") return PythonNumber(x - y);
  if (symbol == "*") return PythonNumber(x * y);
  if (symbol == "**") return power(x, y);
  if (symbol != "/") return *compare(symbol, x, y);
  if (y == 0) return make_error("%s", kDivisionByZero);
  return PythonNumber(x / y);
}

const MathFunction* find_function(const std::string& name) {
  for (const MathFunction& function : kFunctions) {
    if (name == function.name) return &function;
  }
  return nullptr;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const MathFunction& function : kFunctions) names.push_back(function.name);
  return names;
}

}  // namespace kcc::runtime
