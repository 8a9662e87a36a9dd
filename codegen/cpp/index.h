// Index arithmetic of generated C++: positions as sums of loop variables times constants, so that divisions and
// remainders vanish where they can and addresses read well. Every number may grow with the batch, B.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/ir/type.h"

namespace kcc::cpp {

// fixed + batched * B
struct Size {
  int64_t fixed = 0, batched = 0;

  bool operator==(const Size&) const = default;
  bool is_zero() const { return fixed == 0 && batched == 0; }
};
Size size_of(const Dim& dim);
Size operator+(const Size& a, const Size& b);
Size operator-(const Size& a, const Size& b);
// At most one of them grows with the batch.
Size operator*(const Size& a, const Size& b);
// Whether a < b for every batch.
bool is_less(const Size& a, const Size& b);
std::string to_string(const Size& size);  // "12", "B", "12 * B"

// A name or text that stands for a number from 0 to `last`.
struct Atom {
  std::string text;
  Size last;
  int depth = 0;          // of the scope in which it is known
  std::string lane = {};  // the number of the first lane that it is or is computed from; "": none

  bool operator==(const Atom& other) const { return text == other.text; }
};

// A sum of atoms times constants, plus a constant.
class Index {
 public:
  Index() = default;
  Index(int64_t constant) : constant_{constant, 0} {}
  explicit Index(const Size& constant) : constant_(constant) {}
  explicit Index(const Atom& atom) : terms_{{atom, {1, 0}}} {}

  Index operator+(const Index& other) const;
  Index operator-(const Index& other) const;
  Index operator*(const Size& factor) const;
  Index operator*(int64_t factor) const { return *this * Size{factor, 0}; }
  // Of an index that is never negative, by a positive size.
  Index operator/(const Size& divisor) const;
  Index operator%(const Size& divisor) const;

  Size least() const;
  Size largest() const;
  bool is_constant() const { return terms_.empty(); }
  int depth() const;
  // How it moves from lane to lane: 0 or 1 elements, or any other way (kOther).
  static constexpr int64_t kOther = INT64_MAX;
  int64_t lane_step() const;
  std::string lane() const;  // the variable that does; "": none
  // The factor of the atom with this text.
  Size factor_of(const std::string& atom) const;
  // Without the terms of these atoms.
  Index without(const std::vector<std::string>& atoms) const;
  // Whether no division or other function is in it.
  bool is_sum_of_names() const;
  // The same where lanes are walked one by one, in a scope of this depth.
  Index lane_by_lane(int depth) const;
  std::string text() const;    // "i * 12 + j", "0"
  std::string factor() const;  // the same, in parentheses where it has to be to stand in a product

 private:
  struct Term {
    Atom atom;
    Size factor;
  };
  struct Split;
  Split split(const Size& divisor) const;
  static Index opaque(const Index& of, const std::string& text, const Size& last);
  std::vector<Term> terms_;
  Size constant_;
};

// `index` kept inside 0 ... last.
Index clamped(const Index& index, const Size& last);

}  // namespace kcc::cpp
