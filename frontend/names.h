// How Keras makes names: of layers that have none, and of the groups in a weights file.
#pragma once

#include <map>
#include <set>
#include <string>

namespace kcc {

// "GlobalAveragePooling2D" -> "global_average_pooling2d"
std::string to_snake_case(const std::string& class_name);

// Numbers repeated names: "dense", "dense_1", "dense_2".
class NameCounter {
 public:
  std::string next(const std::string& name);

 private:
  std::map<std::string, int> used_;
};

}  // namespace kcc
