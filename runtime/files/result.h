// Result: a value or an Error, for everything in the runtime that a file, a user or the machine can spoil. The runtime
// throws nothing of its own; the trainer's main prints the message and exits 1.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace kcc::runtime {

// A whole sentence for the user: which file, what was seen, what was expected; lower case, no full stop.
struct Error {
  std::string message;
};

// printf-like.
[[gnu::format(printf, 1, 2)]] Error make_error(const char* format, ...);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return content_.index() == 0; }
  const Error& error() const { return std::get<1>(content_); }
  T& operator*() { return std::get<0>(content_); }
  const T& operator*() const { return std::get<0>(content_); }
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }

 private:
  std::variant<T, Error> content_;
};

// A Result without a value: `return {};` is success.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_.has_value(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace kcc::runtime
