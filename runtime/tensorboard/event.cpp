#include "runtime/tensorboard/event.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace kcc::runtime {
namespace {

// Protocol buffers' wire format: fields in rising order, those that are 0 left out.
class Message {
 public:
  Message& number(int field, uint64_t value) {
    if (value != 0) varint(static_cast<uint64_t>(field) << 3 | 0), varint(value);
    return *this;
  }
  Message& real(int field, double value) {
    varint(static_cast<uint64_t>(field) << 3 | 1);
    text_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  Message& bytes(int field, const std::string& value) {
    varint(static_cast<uint64_t>(field) << 3 | 2);
    varint(value.size());
    text_ += value;
    return *this;
  }

  const std::string& text() const { return text_; }

 private:
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) text_ += static_cast<char>(value | 0x80);
    text_ += static_cast<char>(value);
  }

  std::string text_;
};

enum DataType : uint64_t { kFloat = 1, kDouble = 2, kString = 7 };

std::string tensor_shape(const std::vector<uint64_t>& extents) {
  Message shape;
  for (uint64_t extent : extents) shape.bytes(2, Message().number(1, extent).text());
  return shape.text();
}

std::string metadata(const char* plugin, const char* content) {
  Message data;
  data.bytes(1, plugin);
  if (content[0] != '\0') data.bytes(2, content);
  return Message().bytes(1, data.text()).text();
}

std::string summary_event(double seconds, int64_t step, const std::string& tag, const std::string& tensor,
                          const std::string& description) {
  const std::string value = Message().bytes(1, tag).bytes(8, tensor).bytes(9, description).text();
  const std::string summary = Message().bytes(1, value).text();
  return Message().real(1, seconds).number(2, static_cast<uint64_t>(step)).bytes(5, summary).text();
}

template <typename T>
std::string raw(const T* values, size_t count) {
  return std::string(reinterpret_cast<const char*>(values), count * sizeof(T));
}

constexpr size_t kBuckets = 30;

// Left edge, right edge and count of each.
std::vector<double> buckets_of(const float* values, int64_t count) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  double finite = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i])) continue;
    low = std::min(low, static_cast<double>(values[i]));
    high = std::max(high, static_cast<double>(values[i]));
    ++finite;
  }
  std::vector<double> rows(3 * kBuckets, 0.0);
  if (finite == 0) return rows;
  const double width = (high - low) / kBuckets;
  for (size_t i = 0; i < kBuckets; ++i) {
    rows[3 * i] = low + width * static_cast<double>(i);
    rows[3 * i + 1] = i + 1 == kBuckets ? high : low + width * static_cast<double>(i + 1);
  }
  if (width == 0) {
    rows[3 * kBuckets - 1] = finite;
    return rows;
  }
  for (int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i])) continue;
    const size_t bucket = static_cast<size_t>((static_cast<double>(values[i]) - low) / width);
    ++rows[3 * std::min(bucket, kBuckets - 1) + 2];
  }
  return rows;
}

}  // namespace

std::string scalar_event(double seconds, int64_t step, const std::string& tag, float value) {
  const std::string tensor = Message().number(1, kFloat).bytes(2, tensor_shape({})).bytes(4, raw(&value, 1)).text();
  return summary_event(seconds, step, tag, tensor, metadata("scalars", ""));
}

std::string histogram_event(double seconds, int64_t step, const std::string& tag, const float* values, int64_t count) {
  const std::vector<double> rows = buckets_of(values, count);
  const std::string tensor =
      Message().number(1, kDouble).bytes(2, tensor_shape({kBuckets, 3})).bytes(4, raw(rows.data(), rows.size())).text();
  return summary_event(seconds, step, tag, tensor, metadata("histograms", ""));
}

std::string keras_model_event(double seconds, const std::string& tag, const std::string& json) {
  const std::string tensor = Message().number(1, kString).bytes(2, tensor_shape({})).bytes(8, json).text();
  return summary_event(seconds, 0, tag, tensor, metadata("graph_keras_model", "1"));
}

std::string version_event(double seconds) {
  return Message().real(1, seconds).bytes(3, "brain.Event:2").text();
}

}  // namespace kcc::runtime
