// Record: named values of a run that goes on later. One function, exchange(Record&), both saves and loads an object,
// so that the two cannot differ. Values lie in an HDF5 tree below a path, which checkpoint.h reads and writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/weights/hdf5_tree.h"

namespace kcc::runtime {

class Record {
 public:
  static Record save(Hdf5Tree* tree, std::string path) { return Record(tree, nullptr, std::move(path)); }
  static Record load(const Hdf5Tree* tree, std::string path) { return Record(nullptr, tree, std::move(path)); }

  bool loads() const { return source_ != nullptr; }
  // The first value that was missing or of another kind while loading; values stay as they were from there on.
  const Status& status() const { return status_; }

  void field(const char* name, bool* value);
  void field(const char* name, int64_t* value);
  void field(const char* name, uint64_t* value);
  void field(const char* name, double* value);
  void field(const char* name, std::optional<double>* value);
  void field(const char* name, std::string* value);
  void field(const char* name, std::vector<std::string>* values);
  void field(const char* name, std::vector<int64_t>* values);
  void field(const char* name, std::vector<double>* values);
  void field(const char* name, std::vector<char>* bytes);

  // An object's own fields, below a name.
  template <typename Object>
  void object(const std::string& name, Object& object) {
    Record inner(target_, source_, path_ + "/" + name);
    object.exchange(inner);
    if (status_) status_ = inner.status();
  }

 private:
  Record(Hdf5Tree* target, const Hdf5Tree* source, std::string path)
      : target_(target), source_(source), path_(std::move(path)) {}
  template <typename T>
  void numbers(const char* name, DType type, std::vector<T>* values);
  template <typename T>
  void number(const char* name, DType type, T* value);
  void fail(const char* name);

  Hdf5Tree* target_;
  const Hdf5Tree* source_;
  std::string path_;
  Status status_;
};

}  // namespace kcc::runtime
