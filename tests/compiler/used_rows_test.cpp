// Which updates of a table touch the rows alone that a batch uses.
#include "compiler/passes/used_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "compiler/ops/elementwise.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/leaf.h"

namespace kcc::testing {
namespace {

const Type kTable{DType::kF32, fixed_shape({10, 4})};

struct Row {
  const char* name;
  // A new table, and maybe a new second state, from the old ones and the table's gradient.
  std::vector<ValueId> (*update)(Builder& b, ValueId w, ValueId g, ValueId m);
  bool used_alone;
};

using Values = std::vector<ValueId>;

const Row kRows[] = {
    {"SGD", [](Builder& b, ValueId w, ValueId g, ValueId) { return Values{sub(b, w, mul(b, g, 0.1))}; }, true},
    {"SGD on two losses",
     [](Builder& b, ValueId w, ValueId g, ValueId) { return Values{add(b, neg(b, add(b, g, mul(b, g, 2.0))), w)}; },
     true},
    {"Adagrad",
     [](Builder& b, ValueId w, ValueId g, ValueId m) {
       const ValueId sum = add(b, m, square(b, g));
       return Values{sub(b, w, div(b, g, unary(b, OpKind::kSqrt, add(b, sum, 1e-7)))), sum};
     },
     true},
    {"RMSprop",
     [](Builder& b, ValueId w, ValueId g, ValueId m) {
       const ValueId mean = add(b, mul(b, m, 0.9), square(b, g));
       return Values{sub(b, w, div(b, g, unary(b, OpKind::kSqrt, add(b, mean, 1e-7)))), mean};
     },
     false},
    {"weight decay",
     [](Builder& b, ValueId w, ValueId g, ValueId) { return Values{sub(b, mul(b, w, 0.99), mul(b, g, 0.1))}; }, false},
    {"a penalty",
     [](Builder& b, ValueId w, ValueId g, ValueId) { return Values{sub(b, w, add(b, g, mul(b, w, 0.01)))}; }, false},
    {"momentum",
     [](Builder& b, ValueId w, ValueId g, ValueId m) { return Values{add(b, w, sub(b, mul(b, m, 0.9), g))}; }, false},
    {"another table", [](Builder& b, ValueId, ValueId g, ValueId m) { return Values{sub(b, m, g)}; }, false},
};

TEST(UsedRows, AreAllThatAnUpdateTouchesWhichOnlyAddsTheGradient) {
  for (const Row& row : kRows) {
    Graph graph;
    Builder b{graph};
    const ValueId at = input(b, "at", {DType::kI32, batched_shape({})});
    const ValueId rows = input(b, "rows", {DType::kF32, batched_shape({4})});
    const ValueId w = state(b, 0, kTable), m = state(b, 1, kTable);
    const Values updates = row.update(b, w, scatter_add(b, at, rows, kTable.shape), m);
    for (size_t i = 0; i < updates.size(); ++i) graph.writes.push_back({static_cast<StateId>(i), updates[i]});
    const KernelGraph kernels = fuse(graph);
    const bool used_alone = std::any_of(kernels.groups.begin(), kernels.groups.end(),
                                        [&](const Group& group) { return updates_used_rows_alone(kernels, group); });
    EXPECT_EQ(used_alone, row.used_alone) << row.name;
  }
}

}  // namespace
}  // namespace kcc::testing
