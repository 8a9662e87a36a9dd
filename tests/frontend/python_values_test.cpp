// What expressions and functions of --define compute, on x = [[1, -2, 3], [4, 5, -6]].
#include <gtest/gtest.h>

#include "tests/frontend/python_runner.h"

namespace kcc {
namespace {

using testing::Array;
using Numbers = std::vector<double>;

struct Row {
  const char* body;  // of f(x), or an expression
  std::vector<int64_t> extents;
  Numbers values;
};

const Array kX{{2, 3}, {1, -2, 3, 4, 5, -6}};

std::string function_of(const std::string& body) {
  if (body.find("return") != std::string::npos) return "def f(x):\n" + body;
  return "f = lambda x: " + body + "\n";
}

void check(const Row& row) {
  const auto run = testing::run_python(function_of(row.body), {{DType::kF32, batched_shape({3})}}, {kX});
  ASSERT_EQ(run.errors, "") << row.body;
  ASSERT_EQ(run.results.size(), 1u) << row.body;
  EXPECT_EQ(run.results[0].extents, row.extents) << row.body;
  ASSERT_EQ(run.results[0].values.size(), row.values.size()) << row.body;
  for (size_t i = 0; i < row.values.size(); ++i)
    EXPECT_NEAR(run.results[0].values[i], row.values[i], 1e-6) << row.body << " at " << i;
}

TEST(Python, ComputesExpressions) {
  const Row rows[] = {
      {"x + 1", {2, 3}, {2, -1, 4, 5, 6, -5}},
      {"2 - x", {2, 3}, {1, 4, -1, -2, -3, 8}},
      {"-x * 2 ** 2", {2, 3}, {-4, 8, -12, -16, -20, 24}},
      {"x ** 2", {2, 3}, {1, 4, 9, 16, 25, 36}},
      {"x ** 3", {2, 3}, {1, -8, 27, 64, 125, -216}},
      {"x ** -1", {2, 3}, {1, -0.5, 1.0 / 3, 0.25, 0.2, -1.0 / 6}},
      {"K.abs(x) ** 0.5 * x ** 0", {2, 3}, {1, 1.414213562, 1.732050808, 2, 2.236067977, 2.449489743}},
      {"2.0 ** x", {2, 3}, {2, 0.25, 8, 16, 32, 0.015625}},
      {"x // 2", {2, 3}, {0, -1, 1, 2, 2, -3}},
      {"x % 4", {2, 3}, {1, 2, 3, 0, 1, 2}},
      {"x / 2 if 1 < 2 <= 2 else x", {2, 3}, {0.5, -1, 1.5, 2, 2.5, -3}},
      {"K.cast((x > 0) & (x < 4), 'float32')", {2, 3}, {1, 0, 1, 0, 0, 0}},
      {"ops.cast(~(x > 0) | (x == 5), 'float32')", {2, 3}, {0, 1, 0, 0, 1, 1}},
      {"x[:, 0]", {2}, {1, 4}},
      {"x[:, -1:]", {2, 1}, {3, -6}},
      {"x[..., ::-1]", {2, 3}, {3, -2, 1, -6, 5, 4}},
      {"x[:, ::2]", {2, 2}, {1, 3, 4, -6}},
      {"x[:, 2:0:-1]", {2, 2}, {3, -2, -6, 5}},
      {"x[:, None, 1]", {2, 1}, {-2, 5}},
      {"x[:, np.newaxis, 1:100]", {2, 1, 2}, {-2, 3, 5, -6}},
      {"sum([x, x, 1])", {2, 3}, {3, -3, 7, 9, 11, -11}},
      {"x * len(x.shape) * x.shape[-1] * K.ndim(x)", {2, 3}, {12, -24, 36, 48, 60, -72}},
      {"x / K.shape(x)[0]", {2, 3}, {0.5, -1, 1.5, 2, 2.5, -3}},
      {"x * np.pi / math.pi", {2, 3}, {1, -2, 3, 4, 5, -6}},
      {"x + [10, 20, 30]", {2, 3}, {11, 18, 33, 14, 25, 24}},
      {"x @ [[1, 0], [0, 1], [1, 1.]]", {2, 2}, {4, 1, -2, -1}},
      {"[x * i for i in range(5) if i % 2 == 1][1]", {2, 3}, {3, -6, 9, 12, 15, -18}},
      {"(lambda y, z=2: y * z)(x)", {2, 3}, {2, -4, 6, 8, 10, -12}},
      {"(x\n   + 1  # more\n ) + \\\n  2", {2, 3}, {4, 1, 6, 7, 8, -3}},
      {"x.T", {3, 2}, {1, 4, -2, 5, 3, -6}},
      {"x.sum(axis=1).reshape(-1, 1)", {2, 1}, {2, 3}},
  };
  for (const Row& row : rows) check(row);
}

TEST(Python, RunsStatements) {
  const Row rows[] = {
      {"  a, (b, c) = 1, [2, 3]\n  return x * a + b * c", {2, 3}, {7, 4, 9, 10, 11, 0}},
      {"  total = 0\n  for i in range(3):\n    total += x[:, i]\n  return total", {2}, {2, 3}},
      {"  for i, k in enumerate((1, 2, 3)):\n    if i == 1: continue\n    if k > 2: break\n    x = x + k\n  return x",
       {2, 3},
       {2, -1, 4, 5, 6, -5}},
      {"  n = 3\n  while n > 1:\n    n -= 1\n    x *= 2\n  return x", {2, 3}, {4, -8, 12, 16, 20, -24}},
      {"  '''text'''\n  assert len(x.shape) == 2, f'{x}'\n  def g(y):\n    return y + k\n  k = 5\n  return g(x)",
       {2, 3},
       {6, 3, 8, 9, 10, -1}},
      {"  shape = list(x.shape)\n  shape[-1] *= 2\n  return K.zeros(shape) + 1",
       {2, 6},
       {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
      {"  if isinstance(x, list):\n    x = x[0]\n  elif K.int_shape(x)[1] == 3 and not None:\n    x = -x\n  else:\n    "
       "x = 0\n"
       "  return x",
       {2, 3},
       {-1, 2, -3, -4, -5, 6}},
      {"  parts = []\n  for p in tf.unstack(x, axis=1): parts.append(p * 2)\n  return K.stack(parts, axis=1)",
       {2, 3},
       {2, -4, 6, 8, 10, -12}},
      {"  y = x; y += 1\n  return x", {2, 3}, {1, -2, 3, 4, 5, -6}},
  };
  for (const Row& row : rows) check(row);
}

TEST(Python, HasKerasFunctions) {
  const Row rows[] = {
      {"K.mean(x, axis=1, keepdims=True)", {2, 1}, {2.0 / 3, 1}},
      {"K.mean(x)", {}, {5.0 / 6}},
      {"tf.reduce_max(x, axis=[1])", {2}, {3, 5}},
      {"K.min(x, axis=0)", {3}, {1, -2, -6}},
      {"K.prod(x, axis=-1)", {2}, {-6, -120}},
      {"ops.var(x, axis=1)", {2}, {38.0 / 9, 74.0 / 3}},
      {"K.std(x, axis=1, keepdims=True)", {2, 1}, {2.054804668, 4.966554809}},
      {"K.cast(K.argmax(x), 'float32')", {2}, {2, 1}},
      {"ops.argmin(x, axis=1, keepdims=True)", {2, 1}, {1, 2}},
      {"ops.logsumexp(x - x, axis=1)", {2}, {1.098612289, 1.098612289}},
      {"K.any(x > 4, axis=1)", {2}, {0, 1}},
      {"K.all(x > -3, axis=1)", {2}, {1, 0}},
      {"K.cumsum(x, axis=1)", {2, 3}, {1, -1, 2, 4, 9, 3}},
      {"K.l2_normalize(x[:, :2], axis=1)", {2, 2}, {0.447213595, -0.894427191, 0.624695048, 0.780868809}},
      {"K.relu(x, alpha=0.5, max_value=4)", {2, 3}, {1, -1, 3, 4, 4, -3}},
      {"tf.nn.relu(x)", {2, 3}, {1, 0, 3, 4, 5, 0}},
      {"K.hard_sigmoid(x)", {2, 3}, {0.7, 0.1, 1, 1, 1, 0}},
      {"keras.activations.hard_sigmoid(x)", {2, 3}, {4.0 / 6, 1.0 / 6, 1, 1, 1, 0}},
      {"K.softmax(x * 0)", {2, 3}, {1. / 3, 1. / 3, 1. / 3, 1. / 3, 1. / 3, 1. / 3}},
      {"K.clip(x, -1, 4)", {2, 3}, {1, -1, 3, 4, 4, -1}},
      {"K.maximum(x, 0.) - K.minimum(x, 0)", {2, 3}, {1, 2, 3, 4, 5, 6}},
      {"ops.where(x > 0, x, 0)", {2, 3}, {1, 0, 3, 4, 5, 0}},
      {"K.switch(x[:, 0] > 2, lambda: x, lambda: -x)", {2, 3}, {-1, 2, -3, 4, 5, -6}},
      {"K.concatenate([x, x[:, :1]])", {2, 4}, {1, -2, 3, 1, 4, 5, -6, 4}},
      {"ops.stack([x[:, 0], x[:, 1]], axis=1)", {2, 2}, {1, -2, 4, 5}},
      {"tf.split(x, [1, 2], axis=1)[1]", {2, 2}, {-2, 3, 5, -6}},
      {"K.repeat_elements(x, 2, 1)", {2, 6}, {1, 1, -2, -2, 3, 3, 4, 4, 5, 5, -6, -6}},
      {"K.tile(x, [1, 2])", {2, 6}, {1, -2, 3, 1, -2, 3, 4, 5, -6, 4, 5, -6}},
      {"K.repeat(x, 2)[:, 1]", {2, 3}, {1, -2, 3, 4, 5, -6}},
      {"ops.take(x, [2, 0], axis=1)", {2, 2}, {3, 1, -6, 4}},
      {"K.reverse(x, 1)", {2, 3}, {3, -2, 1, -6, 5, 4}},
      {"K.permute_dimensions(K.expand_dims(x), (0, 2, 1))[:, 0]", {2, 3}, {1, -2, 3, 4, 5, -6}},
      {"K.flatten(x)", {6}, {1, -2, 3, 4, 5, -6}},
      {"K.reshape(x, (-1, 1, 3))[:, 0]", {2, 3}, {1, -2, 3, 4, 5, -6}},
      {"tf.reshape(x, [tf.shape(x)[0], 3, 1])[:, :, 0]", {2, 3}, {1, -2, 3, 4, 5, -6}},
      {"ops.pad(x, ((0, 0), (1, 0)))", {2, 4}, {0, 1, -2, 3, 0, 4, 5, -6}},
      {"K.one_hot(K.argmax(x), 3)", {2, 3}, {0, 0, 1, 0, 1, 0}},
      {"K.dot(x, K.constant([[1], [2], [3.]]))", {2, 1}, {6, -4}},
      {"K.batch_dot(x, x, axes=1)", {2, 1}, {14, 77}},
      {"K.batch_dot(x[:, :, None], x[:, None, :], axes=(2, 1))[:, 0]", {2, 3}, {1, -2, 3, 16, 20, -24}},
      {"ops.einsum('bi,bj->bij', x, x)[:, 1]", {2, 3}, {-2, 4, -6, 20, 25, -30}},
      {"ops.matmul(x[:, None, :], x[:, :, None])[:, 0, 0]", {2}, {14, 77}},
      {"tf.matmul(x, x, transpose_a=True)[0]", {3}, {17, 18, -21}},
      {"K.binary_crossentropy(x * 0 + 1, x * 0 + 0.5)", {2, 3}, Numbers(6, 0.693147181)},
      {"keras.losses.mean_squared_error(x, x + 2)", {2}, {4, 4}},
      {"keras.losses.categorical_crossentropy(x * 0 + [0, 1, 0], x * 0 + 1)", {2}, {1.098612289, 1.098612289}},
      {"keras.losses.sparse_categorical_crossentropy(x[:, :1] * 0, x * 0, from_logits=True)",
       {2},
       {1.098612289, 1.098612289}},
      {"x + K.random_uniform(K.shape(x), 0, 4)", {2, 3}, {2, -1, 4, 5, 6, -5}},
      {"K.random_normal(K.int_shape(x)) * 0 + K.epsilon() * 1e7", {2, 3}, Numbers(6, 1)},
      {"K.in_train_phase(lambda: x * 0, x)", {2, 3}, {1, -2, 3, 4, 5, -6}},
      {"ops.arange(3) * 2 + x * 0", {2, 3}, {0, 2, 4, 0, 2, 4}},
  };
  for (const Row& row : rows) check(row);
}

TEST(Python, KnowsModulesByAnyName) {
  const char* sources[] = {
      "import tensorflow as t\nfrom keras import backend as B\ndef f(x): return t.keras.backend.relu(B.identity(x))\n",
      "from tensorflow.keras.backend import relu\nf = lambda x: relu(x)\n",
      "import numpy, os\nimport keras.backend as KB\ndef f(x):\n  return KB.maximum(x, numpy.float32(0.))\n",
      "from keras.ops import (relu as r, exp,)\nimport "
      "tensorflow.keras.backend\n@keras.saving.register_keras_serializable()\n"
      "def f(x: 'tensor') -> 'tensor':\n\treturn r(x)\n",
      "def outer(limit=0.):\n  def inner(x):\n    return K.maximum(x, limit)\n  return inner\nf = outer()\n",
  };
  for (const char* source : sources) {
    const auto run = testing::run_python(source, {{DType::kF32, batched_shape({3})}}, {kX});
    ASSERT_EQ(run.errors, "") << source;
    EXPECT_EQ(run.results[0].values, (Numbers{1, 0, 3, 4, 5, 0})) << source;
  }
}

TEST(Python, ReturnsListsAndNumbers) {
  const auto run = testing::run_python("f = lambda x: [x[:, 0], 2]", {{DType::kF32, batched_shape({3})}}, {kX});
  ASSERT_EQ(run.errors, "");
  ASSERT_EQ(run.results.size(), 2u);
  EXPECT_EQ(run.results[1].values, (Numbers{2}));
}

}  // namespace
}  // namespace kcc
