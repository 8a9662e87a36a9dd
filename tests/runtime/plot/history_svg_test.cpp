#include "runtime/plot/history_svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "runtime/plot/svg.h"

namespace kcc::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;

size_t occurrences(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(HistorySvg, DrawsAPanelForEachMetricAndMarksTheBestEpoch) {
  History history;
  history.add(0, {{"accuracy", 0.5}, {"loss", 1.0}, {"val_accuracy", 0.4}, {"val_loss", 1.5}});
  history.add(1, {{"accuracy", 0.7}, {"loss", 0.6}, {"val_accuracy", 0.6}, {"val_loss", 0.9}});
  history.add(2, {{"accuracy", 0.9}, {"loss", 0.2}, {"val_accuracy", 0.55}, {"val_loss", 1.1}});
  const std::string svg = history_svg(history, "a<b & \"c\"");
  EXPECT_THAT(svg, HasSubstr(">a&lt;b &amp; &quot;c&quot;</text>"));
  EXPECT_THAT(svg, HasSubstr(">3 epochs, best epoch 2 (lowest val_loss)</text>"));
  EXPECT_EQ(occurrences(svg, "<polyline"), 4u);
  EXPECT_EQ(occurrences(svg, ">epoch</text>"), 2u);
  EXPECT_THAT(svg, HasSubstr(">0.9 at epoch 2</text>"));
  EXPECT_THAT(svg, HasSubstr(">0.6 at epoch 2</text>"));
  EXPECT_LT(svg.find(">loss</text>"), svg.find(">accuracy</text>"));
  EXPECT_EQ(occurrences(svg, ">validation</text>"), 1u);
}

TEST(HistorySvg, BreaksCurvesWhereValuesAreNotFinite) {
  History history;
  for (const double loss : {1.0, 0.5, double{NAN}, 0.4, double{INFINITY}, 0.7, 0.6}) {
    history.add(static_cast<int64_t>(history.epochs().size()), {{"loss", loss}});
  }
  const std::string svg = history_svg(history, "m");
  EXPECT_EQ(occurrences(svg, "<polyline"), 2u);  // and a dot between the gaps
  EXPECT_EQ(occurrences(svg, "r=\"2.5\""), 1u);
  EXPECT_THAT(svg, HasSubstr(">2 values not finite</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  EXPECT_THAT(svg, Not(HasSubstr(">validation<")));
}

TEST(HistorySvg, TakesAnyNumberOfEpochsAndAnyValues) {
  EXPECT_THAT(history_svg({}, "m"), HasSubstr(">no epochs</text>"));
  for (const int64_t epochs : {1, 2, 1000}) {
    for (const double scale : {0.0, -1.0, 1e-30, 1.0, 1e30, double{NAN}}) {
      History history;
      for (int64_t i = 0; i < epochs; ++i) history.add(i + 5, {{"loss", scale / static_cast<double>(i + 1)}});
      const std::string svg = history_svg(history, "m");
      EXPECT_FALSE(std::regex_search(svg, std::regex("=\"-?(nan|inf)"))) << epochs << " " << scale;
      EXPECT_EQ(occurrences(svg, "<polyline") + occurrences(svg, "r=\"2.5\""), std::isnan(scale) ? 0u : 1u);
      EXPECT_EQ(occurrences(svg, ">log scale</text>"), epochs == 1000 && scale > 0 ? 1u : 0u);
    }
  }
}

TEST(HistorySvg, LogScaleIsForCurvesThatFallNotForThoseThatRise) {
  History history;
  for (int64_t i = 0; i < 10; ++i) {
    const double shrinking = std::pow(10, static_cast<double>(-i));
    history.add(i, {{"accuracy", 1 - 0.999 * shrinking}, {"loss", shrinking}});
  }
  const std::string svg = history_svg(history, "m");
  EXPECT_THAT(svg, HasSubstr(">log scale</text>"));
  EXPECT_EQ(occurrences(svg, ">log scale</text>"), 1u);
}

}  // namespace
}  // namespace kcc::runtime
