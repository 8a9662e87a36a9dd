// NumPy's .npy format, versions 1 to 3: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/data/array.h"

namespace kcc::runtime {

// Mapped; a large one stays in the file (file_rows.h).
Result<Array> read_npy(const std::string& path);

// The same from memory that `owner` keeps alive; `source` begins the error messages.
Result<Array> parse_npy(const std::string& source, const std::byte* data, int64_t size,
                        std::shared_ptr<const void> owner);

// Atomic; the dtype is the array's.
Status write_npy(const std::string& path, const Array& array);

// What stands before the elements in the file.
Result<std::string> npy_header(const Array& array);

}  // namespace kcc::runtime
