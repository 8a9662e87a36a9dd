// The index of a chunked HDF5 dataset: where in the file each chunk lies. Between the dataset's layout message and the
// reader of its rows (hdf5_chunks.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/weights/hdf5_dataset.h"

namespace kcc::runtime {

struct Hdf5Chunk {
  uint64_t number;        // in C order of the grid of chunks
  uint64_t address;       // of its stored bytes, which are all in the file
  uint64_t stored_bytes;  // after the filters
  uint64_t skipped;       // bit i: filter i was not applied
};

struct Hdf5ChunkIndex {
  std::vector<int64_t> extents;   // of a chunk
  std::vector<int64_t> grid;      // chunks along each axis
  int64_t bytes = 0;              // of an unpacked chunk
  bool whole_edges_only = false;  // chunks that reach beyond the dataset's shape are stored without filters
  std::vector<Hdf5Chunk> chunks;  // by number; those without a place hold the fill value
};

// `dataset` is stored in chunks, of a checked shape without a zero.
Result<Hdf5ChunkIndex> read_hdf5_chunk_index(Hdf5Image& image, const std::string& path, uint64_t address,
                                             const Hdf5Dataset& dataset);

}  // namespace kcc::runtime
