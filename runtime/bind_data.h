// bind_data: which array feeds which input and target of the program, with names, shapes, types and counts checked.
// Between the files of the command line and the batches that fit, evaluate and predict run on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/data/array.h"
#include "runtime/files/result.h"
#include "runtime/program.h"

namespace kcc::runtime {

// One input or target: rows of numbers that a batch converts to tensor.type.
struct Column {
  TensorInfo tensor;
  Array array;
  bool one_hot = false;     // class indices that become rows of tensor.elements zeros and ones
  int64_t index_limit = 0;  // the values are whole and in [0, index_limit); 0: any
  std::string label = {};   // how messages call the array: "x 'train.npy'"
};

struct Dataset {
  std::vector<Column> inputs, targets;  // in the program's order
  std::vector<Column> weights;          // of the samples, one a target; without data: all are 1
  int64_t samples = 0;
};

// What the command line says of one set of data. `prefix` names its options in messages: "", "validation ".
struct DataFiles {
  const std::vector<std::string>& x;
  const std::vector<std::string>& y;
  const std::string& csv_label;
  std::string prefix;
  // Set: the samples of folders of pictures are shuffled by it before they are split (data/image_folder.h).
  std::optional<uint64_t> folder_seed = std::nullopt;
};

Result<Dataset> bind_data(const Program& program, const DataFiles& files, bool with_targets);

// The first `split_at` samples stay in `data`, the rest are returned.
Dataset split_off(Dataset& data, int64_t split_at);

}  // namespace kcc::runtime
