#include "codegen/cpp/index.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "compiler/support/check.h"

namespace kcc::cpp {
namespace {

bool is_name(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; });
}

int64_t floor_divide(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

}  // namespace

Size size_of(const Dim& dim) {
  return dim.batched ? Size{0, dim.size} : Size{dim.size, 0};
}

Size operator+(const Size& a, const Size& b) {
  return {a.fixed + b.fixed, a.batched + b.batched};
}

Size operator-(const Size& a, const Size& b) {
  return {a.fixed - b.fixed, a.batched - b.batched};
}

Size operator*(const Size& a, const Size& b) {
  KCC_CHECK(a.batched == 0 || b.batched == 0, "a number linear in the batch");
  return {a.fixed * b.fixed, a.fixed * b.batched + a.batched * b.fixed};
}

// B is at least 1.
bool is_less(const Size& a, const Size& b) {
  const Size gap = b - a;
  return gap.batched >= 0 && gap.fixed + gap.batched > 0;
}

std::string to_string(const Size& size) {
  if (size.batched == 0) return fmt::format("{}", size.fixed);
  const std::string grows = size.batched == 1 ? "B" : fmt::format("{} * B", size.batched);
  if (size.fixed == 0) return grows;
  return fmt::format("{} {} {}", grows, size.fixed < 0 ? "-" : "+", std::abs(size.fixed));
}

Index Index::operator+(const Index& other) const {
  Index sum = *this;
  for (const Term& term : other.terms_) {
    const auto found =
        std::find_if(sum.terms_.begin(), sum.terms_.end(), [&](const Term& t) { return t.atom == term.atom; });
    if (found == sum.terms_.end())
      sum.terms_.push_back(term);
    else
      found->factor = found->factor + term.factor;
  }
  std::erase_if(sum.terms_, [](const Term& t) { return t.factor.is_zero(); });
  sum.constant_ = sum.constant_ + other.constant_;
  return sum;
}

Index Index::operator-(const Index& other) const {
  return *this + other * int64_t{-1};
}

Index Index::operator*(const Size& factor) const {
  Index product;
  if (factor.is_zero()) return product;
  product.constant_ = constant_ * factor;
  for (const Term& term : terms_) product.terms_.push_back({term.atom, term.factor * factor});
  return product;
}

Size Index::least() const {
  Size sum = constant_;
  for (const Term& term : terms_)
    if (is_less(term.factor, {})) sum = sum + term.factor * term.atom.last;
  return sum;
}

Size Index::largest() const {
  Size sum = constant_;
  for (const Term& term : terms_)
    if (is_less({}, term.factor)) sum = sum + term.factor * term.atom.last;
  return sum;
}

struct Index::Split {
  Index quotient, rest;
};

// this = quotient * divisor + rest
Index::Split Index::split(const Size& divisor) const {
  Split parts;
  const auto divide = [&](const Size& number, Size* quotient) {
    if (divisor.batched == 0) {
      *quotient = {floor_divide(number.fixed, divisor.fixed), floor_divide(number.batched, divisor.fixed)};
      return number.fixed % divisor.fixed == 0 && number.batched % divisor.fixed == 0;
    }
    *quotient = {floor_divide(number.batched, divisor.batched), 0};
    return number.fixed == 0 && number.batched % divisor.batched == 0;
  };
  for (const Term& term : terms_) {
    Size quotient;
    if (divide(term.factor, &quotient))
      parts.quotient.terms_.push_back({term.atom, quotient});
    else
      parts.rest.terms_.push_back(term);
  }
  divide(constant_, &parts.quotient.constant_);
  if (divisor.batched != 0 && constant_.batched == 0) parts.quotient.constant_ = {};
  parts.rest.constant_ = constant_ - parts.quotient.constant_ * divisor;
  return parts;
}

Index Index::opaque(const Index& of, const std::string& text, const Size& last) {
  return Index(Atom{text, last, of.depth(), of.lane()});
}

Index Index::operator/(const Size& divisor) const {
  if (divisor == Size{1, 0}) return *this;
  const Split parts = split(divisor);
  const bool whole = !is_less(parts.rest.least(), {});
  if (whole && is_less(parts.rest.largest(), divisor)) return parts.quotient;
  const Index& rest = whole ? parts.rest : *this;
  // At most the largest of the rest over a divisor that is at least itself at B = 1.
  const Size top = rest.largest();
  Size last = divisor.batched == 0 ? Size{top.fixed / divisor.fixed, (top.batched + divisor.fixed - 1) / divisor.fixed}
                                   : Size{(std::max<int64_t>(0, top.fixed) + top.batched) / divisor.batched, 0};
  if (divisor.batched == 0 && top.batched != 0) last.fixed += 1;
  const Index quotient = opaque(rest, fmt::format("{} / {}", rest.factor(), Index(divisor).factor()), last);
  return whole ? parts.quotient + quotient : quotient;
}

Index Index::operator%(const Size& divisor) const {
  if (divisor == Size{1, 0}) return Index(0);
  const Split parts = split(divisor);
  const bool whole = !is_less(parts.rest.least(), {});
  if (whole && is_less(parts.rest.largest(), divisor)) return parts.rest;
  const Index& rest = whole ? parts.rest : *this;
  return opaque(rest, fmt::format("{} % {}", rest.factor(), Index(divisor).factor()), divisor - Size{1, 0});
}

int Index::depth() const {
  int deepest = 0;
  for (const Term& term : terms_) deepest = std::max(deepest, term.atom.depth);
  return deepest;
}

int64_t Index::lane_step() const {
  int64_t step = 0;
  for (const Term& term : terms_) {
    if (term.atom.lane.empty()) continue;
    if (term.atom.text != term.atom.lane || term.factor != Size{1, 0}) return kOther;
    step = 1;
  }
  return step;
}

std::string Index::lane() const {
  for (const Term& term : terms_)
    if (!term.atom.lane.empty()) return term.atom.lane;
  return "";
}

Index Index::lane_by_lane(int depth) const {
  Index index = *this;
  for (Term& term : index.terms_)
    if (!term.atom.lane.empty()) term.atom.lane.clear(), term.atom.depth = depth;
  return index;
}

Size Index::factor_of(const std::string& atom) const {
  for (const Term& term : terms_)
    if (term.atom.text == atom) return term.factor;
  return {};
}

Index Index::without(const std::vector<std::string>& atoms) const {
  Index rest = *this;
  std::erase_if(rest.terms_,
                [&](const Term& term) { return std::find(atoms.begin(), atoms.end(), term.atom.text) != atoms.end(); });
  return rest;
}

bool Index::is_sum_of_names() const {
  return std::all_of(terms_.begin(), terms_.end(), [](const Term& term) { return is_name(term.atom.text); });
}

std::string Index::text() const {
  std::string sum;
  const auto add = [&](bool negative, const std::string& text) {
    if (sum.empty())
      sum = fmt::format("{}{}", negative ? "-" : "", text);
    else
      sum += fmt::format(" {} {}", negative ? "-" : "+", text);
  };
  for (const Term& term : terms_) {
    const bool simple = term.factor.fixed == 0 || term.factor.batched == 0;
    const bool negative = simple && (term.factor.fixed < 0 || term.factor.batched < 0);
    const Size factor = negative ? Size{} - term.factor : term.factor;
    const bool is_call = term.atom.text.back() == ')' && term.atom.text.rfind("at_", 0) == 0;
    const bool is_quotient = !is_call && term.atom.text.find(' ') != std::string::npos;
    const std::string atom = is_quotient ? fmt::format("({})", term.atom.text) : term.atom.text;
    if (factor == Size{1, 0})
      add(negative, is_quotient ? atom : term.atom.text);
    else
      add(negative, fmt::format("{} * {}", atom, simple ? to_string(factor) : fmt::format("({})", to_string(factor))));
  }
  const bool simple = constant_.fixed == 0 || constant_.batched == 0;
  const bool negative = simple && (constant_.fixed < 0 || constant_.batched < 0);
  if (!constant_.is_zero())
    add(negative && !sum.empty(), to_string(negative && !sum.empty() ? Size{} - constant_ : constant_));
  return sum.empty() ? "0" : sum;
}

std::string Index::factor() const {
  const std::string plain = text();
  return plain.find(' ') == std::string::npos ? plain : fmt::format("({})", plain);
}

Index clamped(const Index& index, const Size& last) {
  const bool low = is_less(index.least(), {}), high = is_less(last, index.largest());
  if (!low && !high) return index;
  std::string text = index.text();
  if (low) text = fmt::format("at_least_0({})", text);
  if (high) text = fmt::format("at_most({}, {})", text, to_string(last));
  return Index(Atom{text, last, index.depth(), index.lane()});
}

}  // namespace kcc::cpp
