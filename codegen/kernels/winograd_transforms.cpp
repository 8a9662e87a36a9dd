#include "codegen/kernels/winograd_transforms.h"

#include <cmath>
#include <cstddef>

#include "compiler/support/check.h"

namespace kcc {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::MemoryType;
using Halide::TailStrategy;
using Halide::Var;

// Where the polynomials are evaluated, beside infinity. Points near 1 keep the powers of the six-point transforms
// small: with 3/4 and 3/2 the error is a quarter of that with the usual 1 and 2, and all entries but those of the
// weights are still exact.
std::vector<double> points_of(int size) {
  KCC_CHECK(size == 4 || size == 6, "Winograd's transforms of four or six points");
  if (size == 4) return {0, 1, -1};
  return {0, 0.75, -0.75, 1.5, -1.5};
}

// Coefficients, lowest power first, of the product of (x - point) over all points but the `left_out`-th.
std::vector<double> polynomial(const std::vector<double>& points, size_t left_out) {
  std::vector<double> product{1};
  for (size_t p = 0; p < points.size(); ++p) {
    if (p == left_out) continue;
    std::vector<double> next(product.size() + 1, 0.0);
    for (size_t i = 0; i < product.size(); ++i) {
      next[i] -= points[p] * product[i];
      next[i + 1] += product[i];
    }
    product = next;
  }
  return product;
}

// +1 or -1: b is a, or -a, in the i-th place; 0: neither.
int sign_between(double a, double b) {
  return a == b ? 1 : a == -b ? -1 : 0;
}

bool mirrored(const std::vector<double>& a, const std::vector<double>& b) {
  bool same = false, opposite = false;
  for (size_t i = 0; i < a.size(); ++i) {
    const int sign = sign_between(a[i], b[i]);
    if (sign == 0) return false;
    same |= sign > 0 && a[i] != 0;
    opposite |= sign < 0;
  }
  return same && opposite;
}

Expr dot(const std::vector<double>& row, const std::vector<Expr>& values) {
  Expr sum;
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i] == 0) continue;
    const Expr scaled = std::abs(row[i]) == 1 ? values[i] : values[i] * static_cast<float>(std::abs(row[i]));
    if (!sum.defined())
      sum = row[i] < 0 ? -scaled : scaled;
    else
      sum = row[i] < 0 ? sum - scaled : sum + scaled;
  }
  return sum.defined() ? sum : Expr(0.0f);
}

Matrix transposed(const Matrix& matrix) {
  Matrix result(matrix[0].size(), std::vector<double>(matrix.size()));
  for (size_t i = 0; i < matrix.size(); ++i)
    for (size_t j = 0; j < matrix[i].size(); ++j) result[j][i] = matrix[i][j];
  return result;
}

// Columns that differ in signs only, p and q, become p + q and p - q with one entry of each row at one of them.
void share_columns(Matrix* matrix, std::vector<Expr>* values) {
  const Matrix columns = transposed(*matrix);
  for (size_t j = 0; j + 1 < columns.size(); ++j) {
    if (!mirrored(columns[j], columns[j + 1])) continue;
    const Expr p = (*values)[j], q = (*values)[j + 1];
    (*values)[j] = p + q;
    (*values)[j + 1] = p - q;
    for (std::vector<double>& row : *matrix) {
      const bool same = row[j] == row[j + 1];
      row[same ? j + 1 : j] = 0;
      if (!same) row[j + 1] = -row[j + 1];
    }
    ++j;
  }
}

}  // namespace

WinogradTransforms winograd_transforms(int m, int r) {
  const int size = m + r - 1;
  const std::vector<double> points = points_of(size);
  WinogradTransforms t;
  t.output.assign(static_cast<size_t>(m), {});
  for (size_t j = 0; j < points.size(); ++j) {
    std::vector<double> data = polynomial(points, j);
    double scale = 0, power = 1;  // of the polynomial at its own point
    for (double coefficient : data) {
      scale += coefficient * power;
      power *= points[j];
    }
    data.push_back(0);
    t.data.push_back(data);
    std::vector<double> weights;
    for (int k = 0; k < r; ++k) weights.push_back(std::pow(points[j], k) / scale);
    t.weights.push_back(weights);
    for (int i = 0; i < m; ++i) t.output[static_cast<size_t>(i)].push_back(std::pow(points[j], i));
  }
  // Infinity: the leading coefficients.
  t.data.push_back(polynomial(points, points.size()));
  t.weights.emplace_back(static_cast<size_t>(r), 0.0);
  t.weights.back().back() = 1;
  for (int i = 0; i < m; ++i) t.output[static_cast<size_t>(i)].push_back(i == m - 1 ? 1 : 0);
  return t;
}

std::vector<Expr> times(const Matrix& matrix, const std::function<Expr(int)>& value) {
  std::vector<Expr> values, results;
  for (size_t j = 0; j < matrix[0].size(); ++j) values.push_back(value(static_cast<int>(j)));
  Matrix rows = matrix;
  share_columns(&rows, &values);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i + 1 == rows.size() || !mirrored(rows[i], rows[i + 1])) {
      results.push_back(dot(rows[i], values));
      continue;
    }
    std::vector<double> even = rows[i], odd = rows[i];
    for (size_t j = 0; j < even.size(); ++j) (sign_between(rows[i][j], rows[i + 1][j]) > 0 ? odd : even)[j] = 0;
    const Expr e = dot(even, values), o = dot(odd, values);
    results.push_back(e + o);
    results.push_back(e - o);
    ++i;
  }
  return results;
}

TwoPasses two_passes(const std::string& name, const Matrix& matrix, const Vars& args,
                     const std::function<Expr(const Expr& y, int x)>& value) {
  TwoPasses passes;
  passes.points = static_cast<int>(matrix.size());
  passes.first = Func(name + "_rows");
  passes.all = Func(name);
  Vars all_args = args;
  all_args.insert(all_args.end(), {passes.x, passes.y});
  passes.first(all_args) = Halide::mux(passes.x, times(matrix, [&](int x) { return value(passes.y, x); }));
  const auto row = [&](int y) {
    Index index = as_index(args);
    index.insert(index.end(), {Expr(passes.x), Expr(y)});
    return Expr(passes.first(index));
  };
  passes.all(all_args) = Halide::mux(passes.y, times(matrix, row));
  return passes;
}

void unroll_passes(TwoPasses& passes, const Var& channel, int lanes, Func in, const Var& at) {
  passes.first.compute_at(in, at).store_in(MemoryType::Stack).bound(passes.x, 0, passes.points);
  passes.first.vectorize(channel, lanes).unroll(passes.x);
  passes.all.bound(passes.x, 0, passes.points).bound(passes.y, 0, passes.points).unroll(passes.y);
}

TileSource tile_source(const Access& read, const Integers& extents, const Integers& offset, const Expr& batch,
                       bool zeros) {
  TileSource source;
  source.copied = zeros;
  const auto place = [=](const Expr& position, size_t d) { return position + static_cast<int32_t>(offset[d]); };
  const auto last = [=](size_t d) { return static_cast<int32_t>(extents[d] - 1); };
  if (!zeros) {
    source.read = [=](const Index& at) {
      const Expr y = Halide::min(place(at[1], 0), last(0)), x = Halide::min(place(at[2], 1), last(1));
      return read({Halide::min(at[0], batch - 1), y, x, at[3]});
    };
    return source;
  }
  const ImageVars vars = image_vars(2);
  const Expr y = place(vars.spatial[0], 0), x = place(vars.spatial[1], 1);
  const Expr inside = vars.n < batch && y >= 0 && y <= last(0) && x >= 0 && x <= last(1);
  const Expr value =
      read({Halide::min(vars.n, batch - 1), Halide::clamp(y, 0, last(0)), Halide::clamp(x, 0, last(1)), vars.c});
  source.copy = Func("padded");
  source.copy(reversed(as_index(vars.all()))) = Halide::select(inside, value, 0.0f);
  const Func copy = source.copy;
  source.read = [copy](const Index& at) { return Expr(copy(reversed(at))); };
  return source;
}

void copy_at(TileSource& source, int lanes, int64_t images, Halide::LoopLevel level) {
  if (!source.copied) return;
  const std::vector<Var> vars = source.copy.args();
  source.copy.compute_at(level).vectorize(vars[0], lanes, TailStrategy::ShiftInwards);
  source.copy.bound_storage(vars[3], static_cast<int32_t>(images));
}

}  // namespace kcc
