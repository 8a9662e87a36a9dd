#include <cstdlib>
#include <map>
#include <memory>

#include "bench/kernels/work.h"
#include "compiler/ops/conv.h"
#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/pool.h"
#include "compiler/ops/random.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "tests/codegen/kernel_runner.h"

namespace kcc::bench {
namespace {

using testing::count_of;
using testing::extents_of;
using testing::LoadedKernel;

// A kernel's graph in the making: operands become inputs by position.
struct Body {
  Graph graph;
  Builder b{graph};
  Family family = Family::kPointwise;
  ValueId anchor = -1;
  int64_t batch = 1;
  std::vector<ValueId> results;

  ValueId operand(const Shape& shape, DType dtype = DType::kF32) {
    return input(b, "a" + std::to_string(graph.inputs.size()), {dtype, shape});
  }
};

void product(Body& body, const KernelShape& shape) {
  Builder& b = body.b;
  const int64_t k = shape.sizes[1], n = shape.sizes[2];
  body.family = Family::kMatMul;
  body.batch = shape.sizes[0];
  if (shape.kind == "nn") {
    ValueId x = body.operand(batched_shape({k})), w = body.operand(fixed_shape({k, n})),
            bias = body.operand(fixed_shape({n}));
    body.results = {relu(b, add(b, body.anchor = matmul(b, x, w), bias))};
  } else if (shape.kind == "nt") {
    ValueId g = body.operand(batched_shape({n})), w = body.operand(fixed_shape({k, n}));
    body.results = {body.anchor = matmul(b, g, w, false, true)};
  } else {
    ValueId x = body.operand(batched_shape({k})), g = body.operand(batched_shape({n}));
    body.results = {body.anchor = matmul(b, x, g, true, false)};
  }
}

void convolution(Body& body, const KernelShape& shape) {
  Builder& b = body.b;
  const ConvShape c = conv_of(shape);
  body.batch = c.batch;
  const Shape x_shape = batched_shape({c.height, c.width, c.channels});
  const Shape y_shape = batched_shape({c.out_height(), c.out_width(), c.filters});
  const Shape w_shape = fixed_shape({c.kernel[0], c.kernel[1], c.channels, c.filters});
  Attrs attrs{
      {"strides", c.strides}, {"dilations", c.dilations}, {"low", c.low}, {"high", c.high}, {"groups", int64_t{1}}};
  if (shape.kind == "conv") {
    body.family = Family::kConv;
    ValueId x = body.operand(x_shape), w = body.operand(w_shape), bias = body.operand(fixed_shape({c.filters}));
    body.results = {relu(b, add(b, body.anchor = b.node(OpKind::kConv, {x, w}, attrs), bias))};
  } else if (shape.kind == "conv_input_grad") {
    body.family = Family::kConvInputGrad;
    attrs.set("shape", x_shape);
    ValueId g = body.operand(y_shape), w = body.operand(w_shape);
    body.results = {body.anchor = b.node(OpKind::kConvInputGrad, {g, w}, attrs)};
  } else {
    body.family = Family::kConvWeightGrad;
    attrs.set("shape", w_shape);
    ValueId x = body.operand(x_shape), g = body.operand(y_shape);
    body.results = {body.anchor = b.node(OpKind::kConvWeightGrad, {x, g}, attrs)};
  }
}

void pool(Body& body, const KernelShape& shape) {
  const PoolShape p = pool_of(shape);
  body.batch = p.batch;
  const Shape x_shape = batched_shape({p.height, p.width, p.channels});
  const Shape y_shape = batched_shape({p.out_height(), p.out_width(), p.channels});
  if (shape.kind == "max_pool") {
    body.family = Family::kMaxPool;
    const Window window{p.strides, {1, 1}, p.low, p.high};
    body.results = {body.anchor = max_pool(body.b, body.operand(x_shape), p.window, window)};
    return;
  }
  body.family = Family::kMaxPoolGrad;
  const Attrs attrs{{"window", p.window}, {"strides", p.strides}, {"low", p.low}, {"high", p.high}};
  body.results = {body.anchor =
                      body.b.node(OpKind::kMaxPoolGrad,
                                  {body.operand(x_shape), body.operand(y_shape), body.operand(y_shape)}, attrs)};
}

void bias_grad(Body& body, const KernelShape& shape) {
  body.family = Family::kReduction;
  body.batch = shape.sizes[0];
  body.results = {body.anchor = reduce_sum(body.b, body.operand(batched_shape({shape.sizes[1]})), {0})};
}

// The loss of each sample and the gradient of the logits.
void softmax(Body& body, const KernelShape& shape) {
  Builder& b = body.b;
  body.family = Family::kRows;
  body.batch = shape.sizes[0];
  const Shape rows = batched_shape({shape.sizes[1]});
  const auto over_row = [&](ValueId x) { return broadcast_in_dims(b, x, rows, {0}); };
  ValueId z = body.operand(rows), label = body.operand(rows);
  ValueId shifted = sub(b, z, over_row(body.anchor = reduce_max(b, z, {1})));
  ValueId e = unary(b, OpKind::kExp, shifted);
  ValueId sum = reduce_sum(b, e, {1});
  ValueId loss = sub(b, unary(b, OpKind::kLog, sum), reduce_sum(b, mul(b, label, shifted), {1}));
  body.results = {loss, sub(b, div(b, e, over_row(sum)), label)};
}

void rmsprop(Body& body, const KernelShape& shape) {
  Builder& b = body.b;
  const Shape all = fixed_shape({shape.sizes[0]});
  ValueId w = body.operand(all), v = body.operand(all), g = body.operand(all), rate = body.operand({});
  ValueId next = add(b, mul(b, v, 0.9), mul(b, square(b, g), 0.1));
  ValueId root = unary(b, OpKind::kSqrt, add(b, next, 1e-7));
  body.results = {sub(b, w, div(b, mul(b, g, rate), root)), next};
}

void dropout(Body& body, const KernelShape& shape) {
  Builder& b = body.b;
  const Shape all = fixed_shape({shape.sizes[0]});
  ValueId x = body.operand(all), key = body.operand(fixed_shape({4}), DType::kU32);
  ValueId keep = binary(b, OpKind::kGe, random_uniform(b, key, all, 3), constant(b, 0.25));
  body.results = {select(b, keep, mul(b, x, 4.0 / 3), constant(b, 0.0))};
}

Body body_of(const KernelShape& shape) {
  static const std::map<std::string, void (*)(Body&, const KernelShape&)> kMakers = {
      {"bias_grad", bias_grad},
      {"conv", convolution},
      {"conv_input_grad", convolution},
      {"conv_weight_grad", convolution},
      {"dropout", dropout},
      {"max_pool", pool},
      {"max_pool_grad", pool},
      {"nn", product},
      {"nt", product},
      {"rmsprop", rmsprop},
      {"softmax", softmax},
      {"tn", product},
  };
  Body body;
  kMakers.at(shape.kind)(body, shape);
  body.graph.name = "kernel";
  for (ValueId v : body.results) body.graph.outputs.push_back({"r", v});
  return body;
}

}  // namespace

std::shared_ptr<float> filled(int64_t count) {
  const auto size = static_cast<size_t>(count);
  auto* data = static_cast<float*>(std::aligned_alloc(64, (size * 4 + 127) / 64 * 64));
  for (size_t i = 0; i < size; ++i) data[i] = static_cast<float>(i % 17) * 0.03f - 0.2f;
  return {data, std::free};
}

Work kcc_work(const KernelShape& shape) {
  static std::map<std::string, std::unique_ptr<LoadedKernel>> compiled;
  const Body body = body_of(shape);
  std::unique_ptr<LoadedKernel>& kernel = compiled[shape.name()];
  if (!kernel)
    kernel = std::make_unique<LoadedKernel>(Kernel{body.family, body.graph, body.anchor, "kernel"}, "host",
                                            ScheduleOptions{2, body.batch});
  std::vector<std::shared_ptr<float>> memory;
  std::vector<void*> arguments;
  const auto add = [&](const Type& type) {
    memory.push_back(filled(count_of(extents_of(type.shape, body.batch))));
    arguments.push_back(memory.back().get());
  };
  for (const NamedType& in : body.graph.inputs) add(in.type);
  for (ValueId v : body.results) add(body.graph[v].type);
  return {[memory, arguments, batch = body.batch, kernel = kernel.get()] { kernel->call(arguments, batch); },
          kernel->schedule()};
}

}  // namespace kcc::bench
