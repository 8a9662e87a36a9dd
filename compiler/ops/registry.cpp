#include <array>

#include "compiler/ops/families.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

constexpr size_t kKinds = static_cast<size_t>(OpKind::kCount);

std::array<OpInfo, kKinds> make_table() {
  std::array<OpInfo, kKinds> table{};
  for (auto family : {conv_ops, elementwise_ops, gather_ops, leaf_ops, matmul_ops, pool_ops, random_ops, rank_ops,
                      reduce_ops, row_ops, scan_ops, shape_ops})
    for (OpInfo& row : family()) table[static_cast<size_t>(row.kind)] = row;
  for (const OpInfo& row : table) KCC_CHECK(!row.name.empty() && row.infer, "an operation without a row");
  return table;
}

const std::array<OpInfo, kKinds>& table() {
  static const std::array<OpInfo, kKinds> rows = make_table();
  return rows;
}

}  // namespace

const OpInfo& info(OpKind kind) {
  return table()[static_cast<size_t>(kind)];
}

const OpInfo* find_op(const std::string& name) {
  for (const OpInfo& row : table())
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace kcc
