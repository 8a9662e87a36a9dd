// The rows that each family adds to the table of operations (registry.cpp).
#pragma once

#include <vector>

#include "compiler/ops/op.h"

namespace kcc {

std::vector<OpInfo> conv_ops();
std::vector<OpInfo> elementwise_ops();
std::vector<OpInfo> gather_ops();
std::vector<OpInfo> leaf_ops();
std::vector<OpInfo> matmul_ops();
std::vector<OpInfo> pool_ops();
std::vector<OpInfo> random_ops();
std::vector<OpInfo> rank_ops();
std::vector<OpInfo> reduce_ops();
std::vector<OpInfo> row_ops();
std::vector<OpInfo> scan_ops();
std::vector<OpInfo> shape_ops();

}  // namespace kcc
