// What the recipes of operations (operations.h) share: their arguments, and a body around shapes and values.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "frontend/layer_config.h"

namespace kcc {

// A tensor, by its place among the call's inputs, or a number.
struct Argument {
  int64_t input = -1;
  double number = 0;
  DType dtype = DType::kF32;
};

bool is_tensor_argument(const json::Value& value);
// The call's arguments by position; null after reporting others.
const json::Value* raw_arguments(LayerConfig& config);
// Exactly `count` tensors or numbers, a tensor among them.
std::vector<Argument> read_arguments(LayerConfig& config, size_t count);
size_t count_tensors(const std::vector<Argument>& arguments);

// All floating point where one of them is; else integers, also for truth values.
std::vector<ValueId> promoted(Builder& b, std::vector<ValueId> values);

// The operation on `count` tensors. Where `infer` gives nothing, or a shape that does not begin with the batch, the
// inputs do not fit: layers rely on it.
LayerBody operation(LayerConfig& config, size_t count, std::function<std::optional<Shape>(const Shapes&)> infer,
                    std::function<ValueId(Builder&, const std::vector<ValueId>&)> apply);

// movement_operations.cpp
LayerBody concatenate_operation(LayerConfig& c);
LayerBody expand_dims_operation(LayerConfig& c);
LayerBody flip_operation(LayerConfig& c);
LayerBody get_item_operation(LayerConfig& c);
LayerBody reshape_operation(LayerConfig& c);
LayerBody squeeze_operation(LayerConfig& c);
LayerBody stack_operation(LayerConfig& c);
LayerBody transpose_operation(LayerConfig& c);

}  // namespace kcc
