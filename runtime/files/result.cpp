#include "runtime/files/result.h"

#include <cstdarg>
#include <cstdio>

namespace kcc::runtime {

Error make_error(const char* format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, arguments);
  std::string message(length > 0 ? static_cast<size_t>(length) : 0, '\0');
  std::vsnprintf(message.data(), message.size() + 1, format, again);
  va_end(again);
  va_end(arguments);
  return Error{std::move(message)};
}

}  // namespace kcc::runtime
