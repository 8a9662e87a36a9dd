// What Python itself has, over values known at compile time; and what asks for Keras's settings.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "frontend/python/library.h"
#include "frontend/python/operators.h"

namespace kcc::python {
namespace {

Result length(Call& a) {
  if (a[0].is<Sequence>()) return static_cast<int64_t>(items_of(a[0]).size());
  if (const Tensor* tensor = a[0].get<Tensor>(); tensor && !a.b.shape(tensor->id).empty())
    return items_of(shape_value(a.b.shape(tensor->id)))[0];
  return a.fail(fmt::format("{} has no length", a.c.describe(a[0])));
}

Result range(Call& a) {
  const bool only_stop = a.none(1);
  const auto start = only_stop ? std::optional<int64_t>(0) : a.integer(0);
  const auto stop = start ? a.integer(only_stop ? 0 : 1) : std::nullopt;
  const auto step = stop ? a.integer(2) : std::nullopt;
  if (!step) return std::nullopt;
  if (*step == 0) return a.fail("needs a step other than 0");
  std::vector<Value> numbers;
  for (int64_t i = *start; *step > 0 ? i < *stop : i > *stop;) {
    if (!a.c.spend(a.mark, 1)) return std::nullopt;
    numbers.push_back(i);
    if (__builtin_add_overflow(i, *step, &i)) break;
  }
  return a.c.sequence(a.mark, std::move(numbers), false);
}

Result enumerate(Call& a) {
  const auto items = a.sequence(0);
  const auto start = items ? a.integer(1) : std::nullopt;
  if (!start) return std::nullopt;
  std::vector<Value> pairs;
  for (size_t i = 0; i < items->size(); ++i)
    pairs.push_back(make_tuple({*start + static_cast<int64_t>(i), (*items)[i]}));
  return a.c.sequence(a.mark, std::move(pairs), true);
}

Result zip(Call& a) {
  const std::vector<Value>& lists = items_of(a[0]);
  size_t shortest = lists.empty() ? 0 : SIZE_MAX;
  for (const Value& list : lists) {
    if (!list.is<Sequence>()) return a.fail(fmt::format("{} is no list", a.c.describe(list)));
    shortest = std::min(shortest, items_of(list).size());
  }
  std::vector<Value> rows;
  for (size_t i = 0; i < shortest; ++i) {
    std::vector<Value> row;
    for (const Value& list : lists) row.push_back(items_of(list)[i]);
    const auto joined = a.c.sequence(a.mark, std::move(row), false);
    if (!joined) return std::nullopt;
    rows.push_back(*joined);
  }
  return a.c.sequence(a.mark, std::move(rows), true);
}

Result reversed(Call& a) {
  auto items = a.sequence(0);
  if (!items) return std::nullopt;
  std::reverse(items->begin(), items->end());
  return a.c.sequence(a.mark, std::move(*items), true);
}

template <bool is_list>
Result sequence_of(Call& a) {
  if (a.none(0)) return a.c.sequence(a.mark, {}, is_list);
  auto items = a.sequence(0);
  return items ? a.c.sequence(a.mark, std::move(*items), is_list) : std::nullopt;
}

Result to_integer(Call& a) {
  const auto number = a.number(0);
  if (!number) return std::nullopt;
  if (!(std::abs(*number) < 9e18)) return a.fail("the number is too large");
  return a[0].is<int64_t>() ? a[0] : Value(static_cast<int64_t>(*number));
}
Result to_real(Call& a) {
  const std::string* text = a[0].get<std::string>();
  if (text && (*text == "inf" || *text == "-inf"))
    return *text == "inf" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  const auto number = a.number(0);
  return number ? Result(*number) : std::nullopt;
}
Result to_flag(Call& a) {
  const auto flag = truth(a.c, a.mark, a[0]);
  return flag ? Result(*flag) : std::nullopt;
}

// min(x, y, ...) and min([x, y, ...]) of numbers.
Result extreme(Call& a, const char* op) {
  const std::vector<Value>& given = items_of(a[0]);
  const std::vector<Value> items = given.size() == 1 && given[0].is<Sequence>() ? items_of(given[0]) : given;
  const Value* best = nullptr;
  for (const Value& item : items) {
    if (!a.c.spend(a.mark, 1)) return std::nullopt;
    if (!item.is_number())
      return a.fail(fmt::format("{} is no number", a.c.describe(item)), "for tensors write ops.max or ops.maximum");
    const auto better = best ? compare(a.c, a.mark, op, item, *best) : Result(true);
    if (!better) return std::nullopt;
    if (*better->get<bool>()) best = &item;
  }
  return best ? Result(*best) : a.fail("of nothing");
}
Result smallest(Call& a) {
  return extreme(a, "<");
}
Result largest(Call& a) {
  return extreme(a, ">");
}

// Of tensors too.
Result sum(Call& a) {
  const auto items = a.sequence(0);
  if (!items) return std::nullopt;
  Result total = a[1];
  for (const Value& item : *items) {
    total = binary_operator(a.c, a.mark, "+", *total, item);
    if (!total) return std::nullopt;
  }
  return total;
}

template <bool wanted>
Result some(Call& a) {
  const auto items = a.sequence(0);
  if (!items) return std::nullopt;
  for (const Value& item : *items) {
    const auto flag = truth(a.c, a.mark, item);
    if (!flag) return std::nullopt;
    if (*flag == wanted) return wanted;
  }
  return !wanted;
}

// The types are the functions of their names.
bool is_instance(const Value& value, const std::string& type) {
  const Sequence* sequence = value.get<Sequence>();
  if (type == "list") return sequence && sequence->is_list;
  if (type == "tuple") return sequence && !sequence->is_list;
  if (type == "int") return value.is<int64_t>() || value.is<bool>();
  if (type == "float") return value.is<double>();
  if (type == "bool") return value.is<bool>();
  return type == "str" && value.is<std::string>();
}

Result isinstance(Call& a) {
  const std::vector<Value> types = a[1].is<Sequence>() ? items_of(a[1]) : std::vector<Value>{a[1]};
  for (const Value& type : types) {
    const Native* function = type.get<Native>();
    if (!function) return a.fail(fmt::format("{} is no type that is known here", a.c.describe(type)));
    if (is_instance(a[0], function->function->name)) return true;
  }
  return false;
}

Result nothing(Call&) {
  return Value(None{});
}

Result text_of(Call& a) {
  return a[0].is<std::string>() ? a[0] : Value(a.c.describe(a[0]));
}

// ---- methods of lists

bool can_change(Call& a) {
  const Sequence* list = a[0].get<Sequence>();
  if (list->is_list && !list->items->inside) return true;
  a.fail("this list cannot be changed here", "build a new one");
  return false;
}

void put_back(Call& a, const Value& changed) {
  *a[0].get<Sequence>()->items = *changed.get<Sequence>()->items;
}

Result append(Call& a) {
  if (!can_change(a)) return std::nullopt;
  Items& items = *a[0].get<Sequence>()->items;
  const Sequence* inner = a[1].get<Sequence>();
  if (inner) inner->items->inside = true;
  if (items.inside) return a.fail("a list cannot hold itself");
  items.depth = std::max(items.depth, inner ? inner->items->depth + 1 : 1);
  items.leaves += inner ? inner->items->leaves : 1;
  if (items.depth > 8 || items.leaves > 100000) return a.fail("the list is too large");
  items.values.push_back(a[1]);
  return Value(None{});
}

Result extend(Call& a) {
  const auto more = a.sequence(1);
  if (!more || !can_change(a)) return std::nullopt;
  std::vector<Value> all = items_of(a[0]);
  all.insert(all.end(), more->begin(), more->end());
  const auto changed = a.c.sequence(a.mark, std::move(all), true);
  if (!changed) return std::nullopt;
  put_back(a, *changed);
  return Value(None{});
}

// ---- Keras's settings

Result epsilon(Call&) {
  return 1e-7;
}
Result floatx(Call&) {
  return std::string("float32");
}
Result image_data_format(Call&) {
  return std::string("channels_last");
}
Result learning_phase(Call& a) {
  return static_cast<int64_t>(a.c.run.training);
}

// x and alt may be functions.
Result by_phase(Call& a, bool first) {
  const auto given = a.none(2) ? std::optional(a.c.run.training) : a.flag(2);
  if (!given) return std::nullopt;
  const Value& chosen = *given == first ? a[0] : a[1];
  return chosen.is_callable() ? a.c.call(a.mark, chosen, {}) : Result(chosen);
}
Result in_train_phase(Call& a) {
  return by_phase(a, true);
}
Result in_test_phase(Call& a) {
  return by_phase(a, false);
}

}  // namespace

std::vector<Builtin> python_functions() {
  return {
      {kPython, "len", "x", length},
      {kPython, "range", "start, stop=None, step=1", range},
      {kPython, "enumerate", "x, start=0", enumerate},
      {kPython, "zip", "*lists", zip},
      {kPython, "reversed", "x", reversed},
      {kPython, "list", "x=None", sequence_of<true>},
      {kPython, "tuple", "x=None", sequence_of<false>},
      {kPython, "int", "x", to_integer},
      {kPython, "float", "x", to_real},
      {kPython, "bool", "x", to_flag},
      {kPython, "str", "x", text_of},
      {kPython, "min", "*numbers", smallest},
      {kPython, "max", "*numbers", largest},
      {kPython, "sum", "x, start=0", sum},
      {kPython, "any", "x", some<true>},
      {kPython, "all", "x", some<false>},
      {kPython, "isinstance", "x, types", isinstance},
      {kPython, "print", "*anything", nothing},
      {kSequence, "append", "self, item", append},
      {kSequence, "extend", "self, items", extend},
      {kBackend, "epsilon", "", epsilon},
      {kBackend, "floatx", "", floatx},
      {kBackend, "image_data_format", "", image_data_format},
      {kBackend, "learning_phase", "", learning_phase},
      {kBackend, "in_train_phase", "x, alt, training=None", in_train_phase},
      {kBackend, "in_test_phase", "x, alt, training=None", in_test_phase},
  };
}

}  // namespace kcc::python
