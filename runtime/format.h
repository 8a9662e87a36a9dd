// Text of numbers and sentences, as Python and Keras write them. printf into std::string: the trainer stays small and
// starts without the standard streams.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kcc::runtime {

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

// Python's repr(float): the shortest digits that read back equal; "nan" and "inf" for those.
std::string python_repr(double value);

// The same, but NaN, Infinity and -Infinity, as Python's json module writes them.
std::string json_number(double value);

// In double quotes, escaped.
std::string json_string(const std::string& text);

std::string with_thousands(int64_t value);  // "1,234,567"
std::string memory_size(int64_t bytes);     // "4.82 KB"

std::string join(const std::vector<std::string>& parts, const char* separator);

}  // namespace kcc::runtime
