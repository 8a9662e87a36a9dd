// What --define says about files that it does not take, with places; and that no file, however broken, brings it down.
#include <gtest/gtest.h>

#include "tests/frontend/python_runner.h"

namespace kcc {
namespace {

using testing::Array;

const Array kX{{2, 3}, {1, -2, 3, 4, 5, -6}};

std::string errors_of(const std::string& source) {
  return testing::run_python(source, {{DType::kF32, batched_shape({3})}}, {kX}).errors;
}

struct Row {
  const char* source;
  const char* error;  // how its message begins
};

TEST(Python, TellsWhatIsWrong) {
  const Row rows[] = {
      {"def f(x)\n  return x\n", "f.py:1:9: error: found the end of the line, expected ':'"},
      {"def f(x):\nreturn x\n", "f.py:2:1: error: found 'return', expected an indented block"},
      {"def f(x):\n  return (x\n", "f.py:3:1: error: found the end of the line, expected ')'"},
      {"def f(x):\n    y = 1\n  return x\n", "f.py:3:3: error: the line's indentation is that of no block"},
      {"f = lambda x: 'abc\n", "f.py:1:19: error: a string without its closing quote"},
      {"f = lambda x: x $ 2\n", "f.py:1:17: error: '$' has no meaning in Python"},
      {"class A:\n  pass\n", "f.py:1:1: error: 'class' is not supported in functions over arrays"},
      {"f = lambda x: {1: x}\n", "f.py:1:15: error: dictionaries and sets are not supported"},
      {"def f(*args): return args\n", "f.py:1:8: error: functions cannot take any number of arguments"},
      {"def f(x, x): return x\n", "f.py:1:10: error: the parameter 'x' is there twice"},
      {"from .other import g\n", "f.py:1:6: error: modules beside the file cannot be imported"},
      {"@cache\ndef f(x): return x\n", "f.py:1:1: error: the decorator 'cache' is not supported"},
      {"f(1) = 2\n", "f.py:1:1: error: what is assigned to must be a name"},
      {"def f(x):\n  return y\n", "f.py:2:10: error: the name 'y' is not defined"},
      {"f = lambda input: inptu\n", "f.py:1:19: error: the name 'inptu' is not defined; did you mean 'input'?"},
      {"f = lambda x: K.men(x)\n", "f.py:1:17: error: keras.backend has no 'men' that kcc knows; did you mean 'mean'?"},
      {"f = lambda x: K.matmul(x, x)\n",
       "f.py:1:17: error: keras.backend has no 'matmul' that kcc knows; did you mean 'keras.ops.matmul'?"},
      {"import scipy\nf = lambda x: scipy.special(x)\n", "f.py:2:21: error: scipy has no 'special' that kcc knows"},
      {"f = lambda x: keras.layers.Dense(3)(x)\n", "f.py:1:21: error: keras has no 'layers' that kcc knows"},
      {"f = lambda x: x.foo\n", "f.py:1:17: error: a tensor (None, 3) has no 'foo' that kcc knows"},
      {"f = lambda x: x + [1, 2]\n", "f.py:1:17: error: the shapes (None, 3) and (2,) do not broadcast"},
      {"f = lambda x: x - K.mean(x, -1)\n", "f.py:1:17: error: the shapes (None, 3) and (None,) do not broadcast"},
      {"f = lambda x: x[:, :1] - K.mean(x, -1)\n",
       "f.py:1:24: error: the result would have the shape (None, None): only one dimension may depend on the batch"},
      {"f = lambda x: x[0]\n", "f.py:1:16: error: one sample of the batch is taken of (None, 3)"},
      {"f = lambda x: x[1:]\n", "f.py:1:16: error: a part of the batch is taken"},
      {"f = lambda x: x[:, 7]\n", "f.py:1:16: error: the index 7 lies outside the extent 3"},
      {"f = lambda x: x[:, 2:1]\n", "f.py:1:16: error: the result would have the shape (None, 0)"},
      {"f = lambda x: x[:, 1, 2]\n", "f.py:1:16: error: 3 indices for a tensor of rank 2"},
      {"def f(x):\n  if x > 0:\n    return x\n",
       "f.py:2:8: error: the values of a tensor are not known before the program runs; choose between tensors with"},
      {"f = lambda x: x and 1\n", "f.py:1:17: error: 'and' between tensors is not known"},
      {"f = lambda x: x.shape[0] == 2\n", "f.py:1:26: error: whether the size of the batch equals the number 2 is not"},
      {"def f(x):\n  for row in x:\n    pass\n", "f.py:2:14: error: the samples of a batch cannot be walked over"},
      {"def f(x):\n  assert x.shape[1] == 4\n", "f.py:2:3: error: the assertion does not hold"},
      {"def f(x):\n  raise ValueError('no')\n", "f.py:2:3: error: the function raises an error here"},
      {"def f(x):\n  pass\n", "f.py:1:5: error: the function 'f' returns nothing; end it with return"},
      {"f = lambda x, y: x\n", "f.py:1:5: error: lambda: no argument 'y'"},
      {"f = lambda x: K.mean(x, axis=2)\n", "f.py:1:17: error: mean: 'axis' has 2, which a tensor of rank 2 does not"},
      {"f = lambda x: K.mean(x, ax=1)\n", "f.py:1:17: error: mean: unknown argument 'ax'"},
      {"f = lambda x: K.mean()\n", "f.py:1:17: error: mean: no argument 'x', expected ("},
      {"f = lambda x: K.concatenate([x, x], axis=0)\n", "f.py:1:17: error: tensors (None, 3) and (None, 3) cannot be"},
      {"f = lambda x: K.reshape(x, (2, 2))\n", "f.py:1:17: error: (None, 3) cannot be reshaped to (2, 2)"},
      {"f = lambda x: K.dot(x, x)\n", "f.py:1:17: error: the shapes (None, 3) and (None, 3) do not fit for a product"},
      {"f = lambda x: K.cast(x, 'float64')\n", "f.py:1:17: error: cast: dtype 'float64' is not supported"},
      {"def f(x): return f(x)\n", "f.py:1:18: error: calls are nested too deep"},
      {"def f(x):\n  while True: pass\n", "f.py:2:"},
      {"def f(x):\n  return [0] * 1000000000\n", "f.py:2:14: error: the function takes too many steps"},
      {"def f(x):\n  y = [x]\n  y.append(y)\n", "f.py:3:5: error: append: a list cannot hold itself"},
      {"f = lambda x: 2 ** 64 ** 64\n", "f.py:1:23: error: 64 ** 64 has no value here"},
      {"f = lambda x: x + 1 / 0\n", "f.py:1:21: error: 1 / 0 has no value here"},
      {"f = 3\n", "f.py: error: 'f' is no function"},
  };
  for (const Row& row : rows) {
    const std::string errors = errors_of(row.source);
    EXPECT_EQ(errors.rfind(row.error, 0), 0u) << row.source << errors << "expected " << row.error;
    EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
  }
}

TEST(Python, RefusesDepthWithoutCrashing) {
  const auto repeat = [](const char* text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  const std::string sources[] = {
      "f = lambda x: " + repeat("(", 100000) + "x",
      "f = lambda x: " + repeat("-", 100000) + "x",
      "f = lambda x: " + repeat("not ", 100000) + "x",
      "f = lambda x: x" + repeat("+x", 100000),
      "f = lambda x: x" + repeat("[0]", 100000),
      "f = lambda x: x" + repeat("**x", 100000),
      "f = lambda x: " + repeat("lambda: ", 100000),
      "f = lambda x: x" + repeat(" if x else x", 100000),
      repeat("if 1: ", 100000),
      repeat("@function\n", 100000),
      "if 1: pass\n" + repeat("elif 1: pass\n", 100000),
      "def f(x):\n  a = [x]\n" + repeat("  a = [a, a]\n", 100) + "  return a",
      "def f(x):\n" + repeat("  x = K.concatenate([x, x])\n", 100) + "  return x",
      "def f(x):\n" + repeat("  x = K.expand_dims(x)\n", 20000) + "  return x",
      "def f(x):\n  for i in range(50000):\n    x = x + i\n  return x",
  };
  for (const std::string& source : sources) EXPECT_NE(errors_of(source), "") << source.substr(0, 60);
}

// A file that uses most of the language, with one of its tokens changed: it must end in a message or a result.
TEST(Python, SurvivesMutations) {
  const std::string source = R"(import keras
from keras import backend as K, ops
ALPHA = 0.25
square = lambda x, n=2: x ** n
def helper(x, scale=1.0, *, shift=0):
    for i, part in enumerate(tf.split(x, 3, axis=-1)):
        if i == 0 or not shift:
            total = part[:, 0]
        elif i > 1:
            continue
        total += K.sum(part * scale, axis=1) + shift
    return total
def f(x):
    shape = list(K.int_shape(x))
    shape[-1] *= 2
    pairs = [(a, b) for a, b in zip(range(2), (1, 2)) if a]
    assert len(shape) == 2 and shape[1] == 6
    y = ops.concatenate([x[:, ::-1], square(x)], axis=1)
    y = K.reshape(y, (-1, 2, 3))[..., None, 1:]
    z = ops.einsum('bijk,bik->bj', y, K.ones((K.shape(x)[0], 2, 2)))
    w = K.batch_dot(x, x, axes=1) if shape else -x
    return K.l2_normalize(z + w + helper(x)[:, None] * ALPHA, axis=-1)
)";
  ASSERT_EQ(errors_of(source), "");
  const std::string pieces[] = {"",    "0",        "-1",   "x",          "None", "K",      "(",     ")",     "[",
                                "]",   ":",        ",",    "**",         "\n",   "    ",   "'a'",   "...",   "1e9",
                                "@",   "f",        "==",   "lambda x:",  ".",    "not",    "K.sum", "2**40", "99",
                                "int", "range(9)", "self", "ops.exp(x)", "=",    "x.shape"};
  std::mt19937 random(20);
  for (int i = 0; i < 4000; ++i) {
    std::string text = source;
    for (int changes = 1 + static_cast<int>(random() % 2); changes > 0; --changes) {
      const size_t at = random() % text.size(), length = random() % 8;
      text.replace(at, std::min(length, text.size() - at), pieces[random() % std::size(pieces)]);
    }
    errors_of(text);
  }
}

}  // namespace
}  // namespace kcc
