// Arrays whose values lie one after the other in a file, as in .npy, IDX and contiguous HDF5 datasets.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/data/npy_header.h"
#include "runtime/files/mapped_file.h"

namespace kcc::runtime {

// Values of more bytes stay in the file and are read a row at a time. Pages of a map count as memory of the process
// once they were touched: a shuffled pass over a mapped file would hold all of it.
constexpr int64_t kLargestInMemory = int64_t{256} << 20;

// `layout` as the header says, checked; the values begin at byte `offset` and are there. Mapped where they are few (or
// in Fortran order, which must be changed as a whole), else read from the file as they are asked for.
Result<Array> array_in_file(const std::shared_ptr<const MappedFile>& file, int64_t offset, const NpyHeader& layout,
                            int64_t largest_in_memory = kLargestInMemory);

}  // namespace kcc::runtime
