#include "runtime/progress_bar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>

#include "runtime/format.h"

namespace kcc::runtime {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20;
    out += control ? format("\\x%02x", c) : std::string(1, c);
  }
  return out;
}

// cases/progress_bar.txt is what real Keras prints, recorded by make_goldens.py.
TEST(ProgressBar, PrintsWhatKerasPrints) {
  std::ifstream cases(KCC_TEST_CASES "/progress_bar.txt");
  std::unique_ptr<ProgressBar> bar;
  std::string line, update, text;
  int updates = 0;
  while (std::getline(cases, line)) {
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "bar") {
      std::string style;
      int64_t target;
      int verbose;
      double now;
      words >> style >> target >> verbose >> now;
      const BarStyle look = style == "keras2" ? BarStyle::kKeras2 : BarStyle::kKeras3;
      bar = std::make_unique<ProgressBar>(target, verbose, look, now);
    } else if (kind == "update") {
      int64_t current;
      bool finalize;
      double now;
      words >> current >> finalize >> now;
      Logs logs;
      for (std::string item; words >> item;) {
        const size_t equals = item.find('=');
        logs.emplace_back(item.substr(0, equals), std::strtod(item.c_str() + equals + 1, nullptr));
      }
      update = line;
      text = bar->update(current, logs, finalize, now);
      ++updates;
    } else {
      ASSERT_EQ(kind, "expect");
      EXPECT_EQ(escaped(text), line.substr(std::min(line.size(), kind.size() + 1))) << update;
    }
  }
  EXPECT_GT(updates, 800);
}

TEST(ProgressBar, PlainStyleIsAsciiWithoutEscapes) {
  ProgressBar bar(10, 1, BarStyle::kPlain, 100);
  const std::string half = "\r 5/10 ==========.......... 1s 200ms/step - loss: 0.5000";
  EXPECT_EQ(bar.update(5, {{"loss", 0.5}}, false, 101), half);
  EXPECT_EQ(bar.update(10, {{"loss", 0.25}}, true, 102),
            std::string(half.size() - 1, '\b') + "\r10/10 ==================== 2s 200ms/step - loss: 0.2500\n");
}

// A line that wraps could not be drawn over. The last one may wrap: nothing is drawn over it.
TEST(ProgressBar, StaysWithinANarrowTerminal) {
  const Logs logs = {{"accuracy", 0.5}, {"loss", 0.5}};
  for (const BarStyle style : {BarStyle::kKeras3, BarStyle::kKeras2, BarStyle::kPlain}) {
    for (int64_t columns = 1; columns < 90; ++columns) {
      ProgressBar bar(10, 1, style, 100), unlimited(10, 1, style, 100);
      const std::string text = bar.update(5, logs, false, 101, columns);
      const std::string whole = unlimited.update(5, logs, false, 101);
      const int64_t width = shown_width(whole) - 1;  // without \r
      EXPECT_EQ(shown_width(text) - 1, width < columns ? width : columns - 1);
      if (width < columns) {
        EXPECT_EQ(text, whole);
      }
      // Every colour that begins ends.
      EXPECT_EQ(std::count(text.begin(), text.end(), '\x1b'), std::count(whole.begin(), whole.end(), '\x1b'));
      const std::string last = bar.update(10, logs, true, 102, columns);
      EXPECT_NE(last.find("loss: 0.5000"), std::string::npos);
    }
  }
}

TEST(ProgressBar, IsDueOnlyAfterTheInterval) {
  ProgressBar bar(10, 1, BarStyle::kPlain, 100);
  EXPECT_TRUE(bar.is_due(100));
  bar.update(1, {}, false, 100.5);
  EXPECT_FALSE(bar.is_due(100.54));
  EXPECT_EQ(bar.update(2, {}, false, 100.54), "");
  EXPECT_TRUE(bar.is_due(100.56));
}

}  // namespace
}  // namespace kcc::runtime
