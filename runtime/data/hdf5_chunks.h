// HDF5 datasets in chunks: the values lie in boxes of one shape, each stored and packed on its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/data/array.h"
#include "runtime/weights/hdf5_dataset.h"

namespace kcc::runtime {

// Finds the chunks of a dataset of numbers that has values; their bytes are read and unpacked with its rows.
Result<std::shared_ptr<RowSource>> open_hdf5_chunks(Hdf5Image& image, const std::string& path, uint64_t address,
                                                    const std::vector<Hdf5Message>& messages,
                                                    const Hdf5Dataset& dataset);

}  // namespace kcc::runtime
