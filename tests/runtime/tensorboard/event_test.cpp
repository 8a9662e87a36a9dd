#include "runtime/tensorboard/event.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <vector>

#include "runtime/format.h"
#include "runtime/tensorboard/record.h"

namespace kcc::runtime {
namespace {

constexpr double kTime = 1700000000.25;

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) text += format("%02x", static_cast<unsigned char>(c));
  return text;
}

// cases/events.txt is what the tensorboard package serializes, recorded by record_events.py.
std::map<std::string, std::string> recorded() {
  std::map<std::string, std::string> events;
  std::ifstream cases(KCC_TEST_CASES "/events.txt");
  for (std::string line; std::getline(cases, line);) {
    const size_t space = line.rfind(' ');
    events[line.substr(0, space)] = line.substr(space + 1);
  }
  return events;
}

TEST(Event, IsWhatTensorBoardSerializes) {
  std::vector<float> ramp;
  for (int i = 0; i < 100; ++i) ramp.push_back(static_cast<float>(i) - 20);
  const std::vector<float> same(7, 2.5f);
  const char* tag = "dense/kernel/histogram";
  const std::map<std::string, std::string> written = {
      {"version", version_event(kTime)},
      {"scalar 0 0.5", scalar_event(kTime, 0, "epoch_loss", 0.5f)},
      {"scalar 300 -1e+30", scalar_event(kTime, 300, "epoch_loss", -1e30f)},
      {"scalar 70000 inf", scalar_event(kTime, 70000, "epoch_loss", INFINITY)},
      {"histogram ramp", histogram_event(kTime, 3, tag, ramp.data(), 100)},
      {"histogram same", histogram_event(kTime, 3, tag, same.data(), 7)},
      {"histogram none", histogram_event(kTime, 3, tag, nullptr, 0)},
      {"model", keras_model_event(kTime, "keras", "{\"class_name\": \"Sequential\"}")},
  };
  const auto expected = recorded();
  EXPECT_EQ(expected.size(), written.size());
  for (const auto& [name, event] : written) EXPECT_EQ(hex(event), expected.at(name)) << name;
}

TEST(Event, HistogramsLeaveOutWhatIsNotFinite) {
  const float values[] = {NAN, 2.5f, INFINITY, 2.5f, -INFINITY};
  const float finite[] = {2.5f, 2.5f};
  EXPECT_EQ(hex(histogram_event(kTime, 0, "w", values, 5)), hex(histogram_event(kTime, 0, "w", finite, 2)));
}

TEST(Record, IsFramedByMaskedChecksums) {
  EXPECT_EQ(crc32c("123456789", 9), 0xE3069283u);
  EXPECT_EQ(crc32c("", 0), 0u);
  // TensorFlow's own bytes of a record "abc".
  const std::string frame = framed_record("abc");
  EXPECT_EQ(frame.size(), 8u + 4 + 3 + 4);
  EXPECT_EQ(hex(frame.substr(0, 8)), "0300000000000000");
  EXPECT_EQ(frame.substr(12, 3), "abc");
}

}  // namespace
}  // namespace kcc::runtime
