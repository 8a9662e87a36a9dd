// KernelShape: one line of shapes.txt, a kind of kernel and its sizes.
//
//   nn M K N               (M, K) x (K, N) -> (M, N), bias added, relu
//   nt M K N               (M, N) x (K, N) transposed -> (M, K): the gradient of x
//   tn M K N               (M, K) transposed x (M, N) -> (K, N): the gradient of the weights
//   conv, conv_input_grad, conv_weight_grad
//                          B H W C F, kernel h w, strides h w, dilations h w, zeros before h w, after h w; NHWC, HWIO
//   max_pool, max_pool_grad B H W C, window h w, strides h w, zeros before h w, after h w
//   bias_grad R C          (R, C) -> (C), sums over rows
//   softmax B C            softmax, cross-entropy with one-hot labels and its gradient
//   rmsprop N              Keras's update of N weights, in place
//   dropout N              inverted dropout of N values with random bits of its own
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kcc::bench {

struct KernelShape {
  std::string kind;
  std::vector<int64_t> sizes;

  std::string name() const;  // "nn/128x20x64"
  double flops() const;      // multiply-adds count two; 0 for kernels that only move data
  double bytes() const;      // of operands and results, each once
};

struct ConvShape {
  int64_t batch, height, width, channels, filters;
  std::vector<int64_t> kernel, strides, dilations, low, high;
  int64_t out_height() const;
  int64_t out_width() const;
};
ConvShape conv_of(const KernelShape& shape);

struct PoolShape {
  int64_t batch, height, width, channels;
  std::vector<int64_t> window, strides, low, high;
  int64_t out_height() const;
  int64_t out_width() const;
};
PoolShape pool_of(const KernelShape& shape);

// The lines of a file; ends the program with a message where there is none or a line is not understood.
std::vector<KernelShape> read_shapes(const std::string& path);

}  // namespace kcc::bench
