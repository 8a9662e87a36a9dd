#include "tests/support/training_graphs.h"

#include "compiler/ops/conv.h"
#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/pool.h"
#include "compiler/ops/random.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/rows.h"
#include "compiler/ops/shape.h"
#include "compiler/passes/differentiate.h"

namespace kcc::testing {
namespace {

class ModelBuilder {
 public:
  ModelBuilder() { module_.train.name = "train"; }

  Builder b() { return {module_.train, origin_}; }
  int32_t layer(const std::string& name) {
    origin_ = static_cast<int32_t>(module_.origins.size());
    module_.origins.push_back({name, ""});
    return origin_;
  }

  StateId declare(const std::string& name, StateRole role, const Type& type) {
    State state;
    state.name = name;
    state.role = role;
    state.type = type;
    module_.states.push_back(state);
    return static_cast<StateId>(module_.states.size()) - 1;
  }
  ValueId read(StateId id) {
    Builder builder = b();
    return state(builder, id, module_.states[static_cast<size_t>(id)].type);
  }
  ValueId weight(const std::string& name, const std::vector<int64_t>& sizes) {
    const StateId id = declare(name, StateRole::kWeight, {DType::kF32, fixed_shape(sizes)});
    weights_.push_back(id);
    reads_.push_back(read(id));
    return reads_.back();
  }
  void write(StateId id, ValueId value) { module_.train.writes.push_back({id, value}); }

  // total += value * rows, count += rows
  void metric(const std::string& name, ValueId mean_value) {
    const StateId total = declare(name + "/total", StateRole::kMetric, {DType::kF32, {}});
    const StateId count = declare(name + "/count", StateRole::kMetric, {DType::kF32, {}});
    ValueId before = read(total), rows_before = read(count);
    Builder builder = b();
    ValueId rows = extent(builder, {{1, true}});
    write(total, add(builder, before, mul(builder, mean_value, rows)));
    write(count, add(builder, rows_before, rows));
    module_.metrics.push_back(name);
  }

  std::vector<ValueId> gradients(ValueId loss) { return differentiate(module_.train, loss, reads_); }
  const std::vector<StateId>& weights() const { return weights_; }
  ValueId weight_value(size_t i) const { return reads_[i]; }
  Module take() { return std::move(module_); }

 private:
  Module module_;
  int32_t origin_ = -1;
  std::vector<StateId> weights_;
  std::vector<ValueId> reads_;
};

void adam(ModelBuilder& m, ValueId loss) {
  const std::vector<ValueId> gradients = m.gradients(loss);
  m.layer("optimizer");
  const StateId iteration = m.declare("iteration", StateRole::kOptimizer, {DType::kI32, {}});
  const StateId rate = m.declare("learning_rate", StateRole::kOptimizer, {DType::kF32, {}});
  ValueId steps = m.read(iteration), lr = m.read(rate);
  Builder b = m.b();
  ValueId t = add(b, cast(b, steps, DType::kF32), 1.0);
  ValueId correction1 = sub(b, 1.0, binary(b, OpKind::kPow, constant(b, 0.9), t));
  ValueId correction2 = sub(b, 1.0, binary(b, OpKind::kPow, constant(b, 0.999), t));
  ValueId alpha = div(b, mul(b, lr, unary(b, OpKind::kSqrt, correction2)), correction1);
  for (size_t i = 0; i < gradients.size(); ++i) {
    const Type type = b.type(m.weight_value(i));
    const StateId momentum = m.declare("momentum", StateRole::kSlot, type),
                  velocity = m.declare("velocity", StateRole::kSlot, type);
    ValueId old_m = m.read(momentum), old_v = m.read(velocity), g = gradients[i];
    ValueId new_m = add(b, old_m, mul(b, sub(b, g, old_m), 0.1));
    ValueId new_v = add(b, old_v, mul(b, sub(b, square(b, g), old_v), 0.001));
    m.write(momentum, new_m);
    m.write(velocity, new_v);
    ValueId step = div(b, mul(b, new_m, alpha), add(b, unary(b, OpKind::kSqrt, new_v), 1e-7));
    m.write(m.weights()[i], sub(b, m.weight_value(i), step));
  }
  m.write(iteration, add(b, steps, constant(b, 1, DType::kI32)));
}

void sgd(ModelBuilder& m, ValueId loss) {
  const std::vector<ValueId> gradients = m.gradients(loss);
  m.layer("optimizer");
  Builder b = m.b();
  for (size_t i = 0; i < gradients.size(); ++i) {
    const StateId momentum = m.declare("momentum", StateRole::kSlot, b.type(m.weight_value(i)));
    ValueId velocity = sub(b, mul(b, m.read(momentum), 0.9), mul(b, gradients[i], 0.01));
    m.write(momentum, velocity);
    m.write(m.weights()[i], add(b, m.weight_value(i), velocity));
  }
}

}  // namespace

Module mlp_module() {
  ModelBuilder m;
  m.layer("dense");
  Builder b = m.b();
  ValueId x = input(b, "x", {DType::kF32, batched_shape({20})});
  ValueId y = input(b, "y", {DType::kF32, batched_shape({10})});
  ValueId kernel = m.weight("dense/kernel", {20, 16}), bias = m.weight("dense/bias", {16});
  ValueId hidden = relu(b, add(b, matmul(b, x, kernel), bias));
  b.origin = m.layer("dropout");
  const StateId key = m.declare("random/key", StateRole::kRandom, {DType::kU32, fixed_shape({4})});
  ValueId kept = binary(b, OpKind::kGe, random_uniform(b, m.read(key), b.shape(hidden), 0), constant(b, 0.5));
  ValueId dropped = select(b, kept, mul(b, hidden, 2.0), constant(b, 0.0));
  b.origin = m.layer("dense_1");
  ValueId kernel1 = m.weight("dense_1/kernel", {16, 10}), bias1 = m.weight("dense_1/bias", {10});
  ValueId z = add(b, matmul(b, dropped, kernel1), bias1);
  b.origin = m.layer("loss");
  ValueId loss = mean(b, neg(b, reduce_sum(b, mul(b, y, log_softmax(b, z)), {-1})));
  ValueId hits = binary(b, OpKind::kEq, argmax(b, z, -1), argmax(b, y, -1));
  m.metric("loss", loss);
  m.metric("accuracy", mean(b, cast(b, hits, DType::kF32)));
  adam(m, loss);
  return m.take();
}

Module convnet_module() {
  ModelBuilder m;
  m.layer("conv");
  Builder b = m.b();
  ValueId x = input(b, "x", {DType::kF32, batched_shape({8, 8, 3})});
  ValueId y = input(b, "y", {DType::kF32, batched_shape({2})});
  const Window same{{1, 1}, {1, 1}, {1, 1}, {1, 1}};
  ValueId c1 = conv(b, x, m.weight("conv/kernel", {3, 3, 3, 4}), same);
  b.origin = m.layer("norm");
  const StateId moving = m.declare("norm/moving_mean", StateRole::kStatistic, {DType::kF32, fixed_shape({4})});
  ValueId gamma = m.weight("norm/gamma", {4}), beta = m.weight("norm/beta", {4});
  ValueId normal = add(b, mul(b, normalize(b, c1, {0, 1, 2}, 1e-3), gamma), beta);
  m.write(moving, add(b, mul(b, m.read(moving), 0.9), mul(b, mean(b, c1, {0, 1, 2}), 0.1)));
  ValueId a1 = relu(b, normal);
  b.origin = m.layer("pool");
  ValueId pooled = max_pool(b, a1, {2, 2}, {{2, 2}, {1, 1}, {0, 0}, {0, 0}});  // (B, 4, 4, 4)
  b.origin = m.layer("residual");
  ValueId c2 = conv(b, pooled, m.weight("residual/kernel", {3, 3, 4, 4}), same);
  ValueId sum = add(b, add(b, c2, m.weight("residual/bias", {4})), pooled);
  ValueId c3 =
      conv(b, sum, m.weight("strided/kernel", {3, 3, 4, 6}), {{2, 2}, {1, 1}, {0, 0}, {1, 1}});  // (B, 2, 2, 6)
  ValueId every_second = slice(b, sum, {0, 0, 0, 0}, {1, 2, 2, 4}, {1, 2, 2, 1});
  ValueId joined = concat(b, {c3, every_second}, -1);                                // (B, 2, 2, 10)
  ValueId averaged = avg_pool(b, joined, {2, 2}, {{1, 1}, {1, 1}, {0, 0}, {1, 1}});  // (B, 2, 2, 10)
  ValueId flat = reshape(b, transpose(b, averaged, {0, 3, 1, 2}), batched_shape({40}));
  b.origin = m.layer("dense");
  ValueId z =
      unary(b, OpKind::kTanh, add(b, matmul(b, flat, m.weight("dense/kernel", {40, 2})), m.weight("dense/bias", {2})));
  b.origin = m.layer("loss");
  ValueId loss = mean(b, square(b, sub(b, z, y)));
  m.metric("loss", loss);
  sgd(m, loss);
  return m.take();
}

}  // namespace kcc::testing
