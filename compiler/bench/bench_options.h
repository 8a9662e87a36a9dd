// BenchOptions: what `kcc bench` takes beside what every compilation does.
#pragma once

#include <string>
#include <vector>

namespace kcc {

struct BenchOptions {
  int threads = 0;                   // 0: all cores
  double seconds = 1;                // for each measurement
  std::string json;                  // file for the report; "": none
  double tune = 0;                   // seconds to search for schedules; 0: none
  std::vector<std::string> compare;  // two reports instead of a model
};

}  // namespace kcc
