#include "compiler/ir/attrs.h"

#include "compiler/support/check.h"

namespace kcc {
namespace {

template <typename T>
const T& get(const std::map<std::string, Attr>& items, const std::string& key) {
  auto found = items.find(key);
  KCC_CHECK(found != items.end(), key.c_str());
  const T* value = std::get_if<T>(&found->second);
  KCC_CHECK(value != nullptr, key.c_str());
  return *value;
}

}  // namespace

int64_t Attrs::integer(const std::string& key) const {
  return get<int64_t>(items_, key);
}
double Attrs::number(const std::string& key) const {
  return get<double>(items_, key);
}
const std::string& Attrs::text(const std::string& key) const {
  return get<std::string>(items_, key);
}
const std::vector<int64_t>& Attrs::integers(const std::string& key) const {
  return get<std::vector<int64_t>>(items_, key);
}
const Shape& Attrs::shape(const std::string& key) const {
  return get<Shape>(items_, key);
}

}  // namespace kcc
