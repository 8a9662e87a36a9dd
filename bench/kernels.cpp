// The speed of the kernels that models spend their time in, one thread: products, convolutions with both gradients,
// pools, rows and flat updates, beside the machine's own multiply-add rate and copy bandwidth. A row a kernel:
//   bench_kernels [filter]
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "compiler/ops/conv.h"
#include "compiler/ops/elementwise.h"
#include "compiler/ops/leaf.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/pool.h"
#include "compiler/ops/random.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/shape.h"
#include "tests/codegen/kernel_runner.h"

namespace kcc::testing {
namespace {

using Integers = std::vector<int64_t>;

// Time of this thread alone: neighbours on the machine take less from it than from the wall clock's.
double now() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Best of several rounds, seconds a call.
double time_of(const std::function<void()>& call) {
  call();
  double start = now();
  call();
  const double once = std::max(1e-8, now() - start);
  const int64_t calls = std::max<int64_t>(1, static_cast<int64_t>(0.01 / once));
  double best = 1e9;
  for (int round = 0; round < 10; ++round) {
    start = now();
    for (int64_t i = 0; i < calls; ++i) call();
    best = std::min(best, (now() - start) / static_cast<double>(calls));
  }
  return best;
}

struct Bench {
  std::string name;
  Family family;
  int64_t batch;
  double flops, bytes;  // of a call; 0: not shown
  std::function<std::vector<ValueId>(Graph&, Builder&, ValueId*)> build;
};

ValueId operand(Builder& b, const Shape& shape, DType dtype = DType::kF32) {
  return input(b, "a" + std::to_string(b.graph.inputs.size()), {dtype, shape});
}

void run(const Bench& bench) {
  Graph graph;
  Builder b{graph};
  ValueId anchor = -1;
  const std::vector<ValueId> outputs = bench.build(graph, b, &anchor);
  graph.name = "kernel";
  for (ValueId v : outputs) graph.outputs.push_back({"r", v});
  const LoadedKernel kernel({bench.family, graph, anchor, "kernel"}, "host", {2, std::max<int64_t>(bench.batch, 32)});
  std::vector<void*> memory;
  const auto allocate = [&](const Type& type) {
    const size_t count = static_cast<size_t>(count_of(extents_of(type.shape, bench.batch)));
    float* data = static_cast<float*>(std::aligned_alloc(64, (count * 4 + 127) / 64 * 64));
    for (size_t i = 0; i < count; ++i)
      data[i] = type.dtype == DType::kF32 ? static_cast<float>(i % 17) * 0.03f - 0.2f : 0.0f;
    memory.push_back(data);
  };
  for (const NamedType& in : graph.inputs) allocate(in.type);
  for (ValueId v : outputs) allocate(graph[v].type);
  const double seconds = time_of([&] { kernel.call(memory, bench.batch); });
  std::printf("%-34s %10.2f us", bench.name.c_str(), seconds * 1e6);
  if (bench.flops > 0) std::printf(" %7.1f GFLOP/s", bench.flops / seconds / 1e9);
  if (bench.bytes > 0) std::printf(" %7.1f GB/s", bench.bytes / seconds / 1e9);
  std::printf("   compiled in %.2f s, %zu bytes, %s\n", kernel.compile_seconds(), kernel.object_bytes(),
              kernel.schedule().c_str());
  std::fflush(stdout);
  for (void* block : memory) std::free(block);
}

std::vector<Bench> products() {
  std::vector<Bench> all;
  const int64_t sizes[][2] = {{20, 64},  {64, 64},    {64, 10},     {784, 512}, {512, 512},
                              {512, 10}, {3136, 256}, {30976, 256}, {256, 10}};
  for (const auto& size : sizes) {
    const int64_t k = size[0], n = size[1];
    for (int64_t m : {1, 32, 128}) {
      if (k > 10000 && m == 128) continue;
      const double flops = 2.0 * static_cast<double>(m * n * k);
      const std::string text = std::to_string(k) + "x" + std::to_string(n) + " M" + std::to_string(m);
      all.push_back({"NN " + text, Family::kMatMul, m, flops, 0, [=](Graph&, Builder& b, ValueId* anchor) {
                       ValueId x = operand(b, batched_shape({k})), w = operand(b, fixed_shape({k, n})),
                               bias = operand(b, fixed_shape({n}));
                       return std::vector<ValueId>{relu(b, add(b, *anchor = matmul(b, x, w), bias))};
                     }});
      all.push_back({"NT " + text, Family::kMatMul, m, flops, 0, [=](Graph&, Builder& b, ValueId* anchor) {
                       ValueId g = operand(b, batched_shape({n})), w = operand(b, fixed_shape({k, n})),
                               y = operand(b, batched_shape({k}));
                       *anchor = matmul(b, g, w, false, true);
                       return std::vector<ValueId>{select(b, greater(b, y, 0), *anchor, constant(b, 0))};
                     }});
      all.push_back({"TN " + text, Family::kMatMul, m, flops, 0, [=](Graph&, Builder& b, ValueId* anchor) {
                       ValueId x = operand(b, batched_shape({k})), g = operand(b, batched_shape({n})),
                               w = operand(b, fixed_shape({k, n}));
                       *anchor = matmul(b, x, g, true, false);
                       return std::vector<ValueId>{sub(b, w, mul(b, *anchor, 0.01))};
                     }});
    }
  }
  return all;
}

std::vector<Bench> convolutions() {
  struct Size {
    int64_t image, in, out, kernel, stride;
    bool same;
  };
  std::vector<Bench> all;
  for (Size s : {Size{100, 3, 32, 3, 1, false}, Size{98, 32, 32, 3, 1, false}, Size{47, 32, 64, 3, 1, false},
                 Size{45, 64, 64, 3, 1, false}, Size{48, 32, 64, 3, 1, true}, Size{57, 64, 128, 3, 2, false},
                 Size{28, 64, 256, 1, 1, false}, Size{8, 1, 16, 3, 1, true}, Size{8, 16, 32, 3, 1, true},
                 Size{128, 3, 3, 3, 1, true}, Size{32, 4, 3, 3, 1, true}}) {
    const int64_t m = 32;
    const Integers kernel(2, s.kernel), ones(2, 1), strides(2, s.stride), pad(2, s.same ? s.kernel / 2 : 0);
    const int64_t out = window_extent(s.image, s.kernel, s.stride, 1, pad[0], pad[0]);
    const double flops = 2.0 * static_cast<double>(m * out * out * s.in * s.out * s.kernel * s.kernel);
    const std::string text = std::to_string(s.image) + " " + std::to_string(s.in) + "->" + std::to_string(s.out) + " " +
                             std::to_string(s.kernel) + "x" + std::to_string(s.kernel) + (s.stride > 1 ? " s2" : "") +
                             (s.same ? " same" : "");
    const Shape x_shape = batched_shape({s.image, s.image, s.in}), y_shape = batched_shape({out, out, s.out});
    const Shape w_shape = fixed_shape({s.kernel, s.kernel, s.in, s.out});
    const Attrs attrs{{"strides", strides}, {"dilations", ones}, {"low", pad}, {"high", pad}, {"groups", int64_t{1}}};
    const auto with = [attrs](const Shape& shape) {
      Attrs own = attrs;
      own.set("shape", shape);
      return own;
    };
    all.push_back({"conv " + text, Family::kConv, m, flops, 0, [=](Graph&, Builder& b, ValueId* anchor) {
                     ValueId x = operand(b, x_shape), w = operand(b, w_shape), bias = operand(b, fixed_shape({s.out}));
                     return std::vector<ValueId>{relu(b, add(b, *anchor = b.node(OpKind::kConv, {x, w}, attrs), bias))};
                   }});
    all.push_back({"input grad " + text, Family::kConvInputGrad, m, flops, 0, [=](Graph&, Builder& b, ValueId* anchor) {
                     ValueId g = operand(b, y_shape), w = operand(b, w_shape);
                     return std::vector<ValueId>{*anchor = b.node(OpKind::kConvInputGrad, {g, w}, with(x_shape))};
                   }});
    all.push_back(
        {"weight grad " + text, Family::kConvWeightGrad, m, flops, 0, [=](Graph&, Builder& b, ValueId* anchor) {
           ValueId x = operand(b, x_shape), g = operand(b, y_shape), w = operand(b, w_shape);
           *anchor = b.node(OpKind::kConvWeightGrad, {x, g}, with(w_shape));
           return std::vector<ValueId>{sub(b, w, mul(b, *anchor, 0.01))};
         }});
  }
  return all;
}

ValueId over_row(Builder& b, ValueId x, const Shape& shape) {
  return broadcast_in_dims(b, x, shape, {0});
}

std::vector<Bench> memory_bound() {
  std::vector<Bench> all;
  const Window window{{2, 2}, {1, 1}, {0, 0}, {0, 0}};
  const Attrs attrs{
      {"window", Integers{2, 2}}, {"strides", Integers{2, 2}}, {"low", Integers{0, 0}}, {"high", Integers{0, 0}}};
  const Shape x_shape = batched_shape({96, 96, 32}), y_shape = batched_shape({48, 48, 32});
  const double image = 96.0 * 96 * 32 * 4;
  for (int64_t m : {1, 32}) {
    const std::string text = " M" + std::to_string(m);
    const double images = image * static_cast<double>(m);
    all.push_back(
        {"max pool 2x2" + text, Family::kMaxPool, m, 0, 1.25 * images, [=](Graph&, Builder& b, ValueId* anchor) {
           return std::vector<ValueId>{*anchor = max_pool(b, operand(b, x_shape), {2, 2}, window)};
         }});
    all.push_back(
        {"max pool grad" + text, Family::kMaxPoolGrad, m, 0, 2.25 * images, [=](Graph&, Builder& b, ValueId* anchor) {
           return std::vector<ValueId>{*anchor = b.node(OpKind::kMaxPoolGrad,
                                                        {operand(b, x_shape), operand(b, y_shape), operand(b, y_shape)},
                                                        attrs)};
         }});
    all.push_back({"bias grad 32" + text, Family::kReduction, m, 0, images, [=](Graph&, Builder& b, ValueId* anchor) {
                     return std::vector<ValueId>{*anchor = reduce_sum(b, operand(b, x_shape), {0, 1, 2})};
                   }});
    all.push_back(
        {"batch statistics 32" + text, Family::kReduction, m, 0, images, [=](Graph&, Builder& b, ValueId* anchor) {
           ValueId x = operand(b, x_shape), mean = operand(b, fixed_shape({32}));
           ValueId centered = sub(b, x, mean);
           return std::vector<ValueId>{*anchor = reduce_sum(b, square(b, centered), {0, 1, 2})};
         }});
  }
  for (int64_t classes : {10, 100, 1000}) {
    const int64_t m = 128;
    all.push_back({"softmax loss " + std::to_string(classes) + " M128", Family::kRows, m, 0,
                   8.0 * static_cast<double>(classes * m), [=](Graph&, Builder& b, ValueId* anchor) {
                     const Shape shape = batched_shape({classes});
                     ValueId z = operand(b, shape), label = operand(b, batched_shape({}), DType::kI32),
                             weight = operand(b, batched_shape({}));
                     ValueId shifted = sub(b, z, over_row(b, *anchor = reduce_max(b, z, {1}), shape));
                     ValueId e = unary(b, OpKind::kExp, shifted);
                     ValueId sum = reduce_sum(b, e, {1});
                     ValueId hit =
                         cast(b, binary(b, OpKind::kEq, over_row(b, label, shape), iota(b, shape, 1)), DType::kF32);
                     ValueId loss = sub(b, unary(b, OpKind::kLog, sum), reduce_sum(b, mul(b, hit, shifted), {1}));
                     ValueId gradient =
                         mul(b, sub(b, div(b, e, over_row(b, sum, shape)), hit), over_row(b, weight, shape));
                     ValueId right = cast(b, binary(b, OpKind::kEq, argmax(b, z, 1), label), DType::kF32);
                     return std::vector<ValueId>{mul(b, loss, weight), gradient, mul(b, right, weight)};
                   }});
  }
  all.push_back({"squared error 3", Family::kRows, 4, 0, 4 * 4 * 7.0 * 65536, [](Graph&, Builder& b, ValueId* anchor) {
                   const Shape shape = batched_shape({256, 256, 3});
                   ValueId error = sub(b, operand(b, shape), operand(b, shape));
                   return std::vector<ValueId>{*anchor = reduce_sum(b, square(b, error), {3})};
                 }});
  for (int64_t count : {4096, 262144}) {
    all.push_back({"adam " + std::to_string(count), Family::kPointwise, 1, 0, 28.0 * static_cast<double>(count),
                   [=](Graph&, Builder& b, ValueId*) {
                     const Shape shape = fixed_shape({count});
                     ValueId w = operand(b, shape), m = operand(b, shape), v = operand(b, shape), g = operand(b, shape),
                             rate = operand(b, {});
                     ValueId m2 = add(b, m, mul(b, sub(b, g, m), 0.1));
                     ValueId v2 = add(b, v, mul(b, sub(b, square(b, g), v), 0.001));
                     return std::vector<ValueId>{
                         sub(b, w, div(b, mul(b, m2, rate), add(b, unary(b, OpKind::kSqrt, v2), 1e-7))), m2, v2};
                   }});
  }
  all.push_back({"dropout M32", Family::kPointwise, 32, 0, 2 * 32 * image, [=](Graph&, Builder& b, ValueId*) {
                   ValueId x = operand(b, x_shape), key = operand(b, fixed_shape({4}), DType::kU32);
                   ValueId keep = binary(b, OpKind::kGe, random_uniform(b, key, x_shape, 3), constant(b, 0.25));
                   return std::vector<ValueId>{select(b, keep, mul(b, x, 4.0 / 3), constant(b, 0.0))};
                 }});
  all.push_back({"tanh M1", Family::kPointwise, 1, 0, 2 * image, [=](Graph&, Builder& b, ValueId*) {
                   return std::vector<ValueId>{unary(b, OpKind::kTanh, operand(b, x_shape))};
                 }});
  return all;
}

void show_machine() {
  // Independent multiply-adds on vectors of sixteen, all in registers.
  typedef float Vector __attribute__((vector_size(64)));
  Vector a{}, c{}, d{}, e{}, f{}, g{}, h{}, i{}, j{}, k{}, x, y;
  for (int lane = 0; lane < 16; ++lane) x[lane] = 1.0f, y[lane] = 1e-9f;
  const double seconds = time_of([=]() mutable {
    for (int64_t n = 0; n < 100000; ++n) {
      a = a * x + y, c = c * x + y, d = d * x + y, e = e * x + y, f = f * x + y;
      g = g * x + y, h = h * x + y, i = i * x + y, j = j * x + y, k = k * x + y;
      asm volatile("" : "+v"(a), "+v"(c), "+v"(d), "+v"(e), "+v"(f), "+v"(g), "+v"(h), "+v"(i), "+v"(j), "+v"(k));
    }
  });
  std::vector<char> from(1 << 26, 1), to(1 << 26);
  const double copy = time_of([&] { std::memcpy(to.data(), from.data(), from.size()); });
  std::printf("multiply-adds %.1f GFLOP/s, copy %.1f GB/s\n", 100000.0 * 10 * 32 / seconds / 1e9,
              2.0 * static_cast<double>(from.size()) / copy / 1e9);
}

}  // namespace
}  // namespace kcc::testing

int main(int argc, char** argv) {
  using namespace kcc::testing;
  const std::string filter = argc > 1 ? argv[1] : "";
  show_machine();
  for (const auto& list : {products(), convolutions(), memory_bound()})
    for (const Bench& bench : list)
      if (bench.name.find(filter) != std::string::npos) run(bench);
  return 0;
}
