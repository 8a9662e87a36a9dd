#include "frontend/keras_version.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

namespace kcc {
namespace {

using json::Value;

// Whether any object inside has one of these keys.
bool has_key(const Value& value, const std::set<std::string>& keys) {
  for (const json::Member& member : value.members)
    if (keys.count(member.key) || has_key(member.value, keys)) return true;
  for (const Value& item : value.items)
    if (has_key(item, keys)) return true;
  return false;
}

int generation_by_spelling(const Value& model) {
  static const std::set<std::string> kFirst = {"W_regularizer", "b_regularizer", "border_mode",      "concat_axis",
                                               "dim_ordering",  "inner_init",    "inner_activation", "nb_filter"};
  static const std::set<std::string> kThird = {"batch_shape", "keras_history", "registered_name"};
  if (has_key(model, kThird)) return 3;
  if (has_key(model, kFirst)) return 1;
  // Short hand-written files leave out what Keras writes of every layer: they are Keras 3's.
  return has_key(model, {"batch_input_shape"}) && has_key(model, {"trainable"}) ? 2 : 3;
}

}  // namespace

KerasVersion keras_version_of(const std::string& text, const Value& model) {
  KerasVersion version;
  int major = -1, minor = 0;
  const char* end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, major);
  if (error == std::errc() && after < end && *after == '.') std::from_chars(after + 1, end, minor);
  const bool says = error == std::errc() && major >= 0;
  version.generation = !says ? generation_by_spelling(model) : major <= 1 ? 1 : major == 2 ? 2 : 3;
  version.text = says ? text : fmt::format("{}", version.generation);
  // TensorFlow's own Keras says "2.1.6-tf", "2.2.4-tf", and plain numbers from 2.4 on.
  const bool is_tf = text.find("-tf") != std::string::npos || (says && major == 2 && minor >= 4);
  version.multi_backend = !is_tf && (says || version.generation == 1);
  return version;
}

}  // namespace kcc
