// What -x, -y and --sample-weight name on the command line, as arrays: FILE.npy, FILE.npz:MEMBER, FILE.csv (float64 of
// shape (rows, columns), also for one column), FILE.h5:/DATASET, IDX files by any name.
#pragma once

#include <string>

#include "runtime/data/array.h"

namespace kcc::runtime {

Result<Array> load_array(const std::string& spec);

// --csv-label: one CSV file holds inputs and labels. `label` is a column's name in the header line or its index
// from 0, negative from the end. y has the shape (rows, 1).
struct LabelledArrays {
  Array x, y;
};
Result<LabelledArrays> load_labelled_csv(const std::string& path, const std::string& label);

}  // namespace kcc::runtime
