#include "runtime/history.h"

#include <gtest/gtest.h>

#include <cmath>

namespace kcc::runtime {
namespace {

TEST(History, WritesJsonAsPython) {
  History history;
  EXPECT_EQ(history.to_json(), "{}");
  history.add(0, {{"accuracy", 0.5}, {"loss", NAN}});
  history.add(1, {{"accuracy", double{0.1f}}, {"loss", 2.0}});
  EXPECT_EQ(history.to_json(), "{\"accuracy\": [0.5, 0.10000000149011612], \"loss\": [NaN, 2.0]}");
}

TEST(History, WritesCsvAsCsvLogger) {
  History plain;
  EXPECT_EQ(plain.to_csv(), "");
  plain.add(3, {{"accuracy", 0.5}, {"loss", 1e-5}});
  EXPECT_EQ(plain.to_csv(), "epoch,accuracy,loss,val_accuracy,val_loss\r\n3,0.5,1e-05,NA,NA\r\n");
  History validated;
  validated.add(0, {{"loss", 1.0}, {"val_loss", 2.0}});
  validated.add(1, {{"loss", 0.5}, {"val_loss", 1.5}});
  EXPECT_EQ(validated.to_csv(), "epoch,loss,val_loss\r\n0,1.0,2.0\r\n1,0.5,1.5\r\n");
}

}  // namespace
}  // namespace kcc::runtime
