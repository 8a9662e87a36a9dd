#include "frontend/names.h"

#include <gtest/gtest.h>

namespace kcc {
namespace {

TEST(Names, AreKerasSnakeCase) {
  const std::pair<const char*, const char*> rows[] = {{"Dense", "dense"},
                                                      {"Conv2D", "conv2d"},
                                                      {"GlobalAveragePooling2D", "global_average_pooling2d"},
                                                      {"BatchNormalization", "batch_normalization"},
                                                      {"ReLU", "re_lu"},
                                                      {"LeakyReLU", "leaky_re_lu"},
                                                      {"ELU", "elu"},
                                                      {"InputLayer", "input_layer"},
                                                      {"L1L2", "l1l2"},
                                                      {"MSE", "mse"},
                                                      {"mean_squared_error", "mean_squared_error"}};
  for (const auto& [name, expected] : rows) EXPECT_EQ(to_snake_case(name), expected);
}

TEST(Names, AreNumberedFromTheSecond) {
  NameCounter counter;
  EXPECT_EQ(counter.next("dense"), "dense");
  EXPECT_EQ(counter.next("dense"), "dense_1");
  EXPECT_EQ(counter.next("add"), "add");
  EXPECT_EQ(counter.next("dense"), "dense_2");
}

}  // namespace
}  // namespace kcc
