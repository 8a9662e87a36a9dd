#include "runtime/callbacks/record.h"

#include <cstring>

namespace kcc::runtime {

void Record::fail(const char* name) {
  if (status_) status_ = make_error("'%s/%s' is missing", path_.c_str(), name);
}

// Nothing is written of an empty list, which HDF5 could not hold in a contiguous dataset.
template <typename T>
void Record::numbers(const char* name, DType type, std::vector<T>* values) {
  const std::string path = path_ + "/" + name;
  if (!loads()) {
    if (values->empty()) return;
    Result<OwnedArray> array = make_array(path, type, {static_cast<int64_t>(values->size())});
    if (!array) {
      if (status_) status_ = array.error();
      return;
    }
    std::memcpy(array->data, values->data(), values->size() * sizeof(T));
    (*target_)[path].dataset = array->array;
    return;
  }
  const auto found = source_->find(path);
  if (!status_) return;
  values->clear();
  if (found == source_->end()) return;
  const std::optional<Array>& array = found->second.dataset;
  if (!array || array->type != type || array->shape.size() != 1) return fail(name);
  values->resize(static_cast<size_t>(array->elements()));
  std::memcpy(values->data(), array->data, values->size() * sizeof(T));
}

template <typename T>
void Record::number(const char* name, DType type, T* value) {
  std::vector<T> values = {*value};
  numbers(name, type, &values);
  if (!status_) return;
  if (values.size() != 1) return fail(name);
  *value = values[0];
}

void Record::field(const char* name, bool* value) {
  int64_t number = *value;
  field(name, &number);
  *value = number != 0;
}

void Record::field(const char* name, int64_t* value) {
  number(name, DType::kI64, value);
}

void Record::field(const char* name, uint64_t* value) {
  number(name, DType::kU64, value);
}

void Record::field(const char* name, double* value) {
  number(name, DType::kF64, value);
}

void Record::field(const char* name, std::optional<double>* value) {
  std::vector<double> values;
  if (*value) values.push_back(**value);
  field(name, &values);
  *value = values.empty() ? std::nullopt : std::optional<double>(values[0]);
}

void Record::field(const char* name, std::string* value) {
  std::vector<char> bytes(value->begin(), value->end());
  field(name, &bytes);
  value->assign(bytes.begin(), bytes.end());
}

// Each ends with a zero.
void Record::field(const char* name, std::vector<std::string>* values) {
  std::string text;
  for (const std::string& value : *values) text += value + '\0';
  field(name, &text);
  values->clear();
  for (size_t at = 0; at < text.size(); at += values->back().size() + 1) values->emplace_back(text.c_str() + at);
}

void Record::field(const char* name, std::vector<int64_t>* values) {
  numbers(name, DType::kI64, values);
}

void Record::field(const char* name, std::vector<double>* values) {
  numbers(name, DType::kF64, values);
}

void Record::field(const char* name, std::vector<char>* bytes) {
  numbers(name, DType::kU8, bytes);
}

}  // namespace kcc::runtime
