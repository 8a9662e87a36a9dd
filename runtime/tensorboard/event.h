// The events that TensorBoard shows, as protocol buffers: tensorflow/core/util/event.proto and
// framework/{summary,tensor}.proto, in the form that tf.summary of TensorFlow 2 writes.
#pragma once

#include <cstdint>
#include <string>

namespace kcc::runtime {

// One value of an event. `step` counts epochs or batches; `seconds` since 1970.
std::string scalar_event(double seconds, int64_t step, const std::string& tag, float value);

// The values' distribution over 30 buckets of equal width, as tf.summary.histogram makes them. Values that are not
// finite, which tf.summary drops or counts anywhere, are left out.
std::string histogram_event(double seconds, int64_t step, const std::string& tag, const float* values, int64_t count);

// A model for the graph's page: its JSON.
std::string keras_model_event(double seconds, const std::string& tag, const std::string& json);

// The first event of a file.
std::string version_event(double seconds);

}  // namespace kcc::runtime
