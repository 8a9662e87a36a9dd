#include "runtime/weights/old_layouts.h"

#include <algorithm>
#include <cstring>

#include "runtime/data/convert.h"

namespace kcc::runtime {
namespace {

// A float array of our own, to be filled.
struct Floats {
  Array array;
  float* data = nullptr;
};

Result<Floats> make_floats(const std::string& place, std::vector<int64_t> shape) {
  Result<OwnedArray> made = make_array(place, DType::kF32, std::move(shape));
  if (!made) return made.error();
  return Floats{made->array, reinterpret_cast<float*>(made->data)};
}

Result<Floats> to_floats(const std::string& place, const Array& array) {
  Result<Floats> floats = make_floats(place, array.shape);
  if (floats) convert_array(array, ElementType::kF32, floats->data);
  return floats;
}

int64_t product(const std::vector<int64_t>& extents, size_t first, size_t last) {
  int64_t count = 1;
  for (size_t i = first; i < last; ++i) count *= extents[i];
  return count;
}

// out[i...] = in[i permuted]: axis k of the result is axis order[k] of the array.
Result<Array> transpose(const std::string& place, const Array& array, const std::vector<size_t>& order) {
  Result<Floats> in = to_floats(place, array);
  if (!in) return in.error();
  const size_t rank = order.size();
  std::vector<int64_t> shape, steps;
  for (size_t axis : order) {
    shape.push_back(array.shape[axis]);
    steps.push_back(product(array.shape, axis + 1, rank));
  }
  Result<Floats> out = make_floats(place, shape);
  if (!out) return out.error();
  std::vector<int64_t> at(rank, 0);
  const int64_t count = array.elements();
  for (int64_t i = 0, from = 0; i < count; ++i) {
    out->data[i] = in->data[from];
    for (size_t axis = rank; axis-- > 0;) {
      from += steps[axis];
      if (++at[axis] < shape[axis]) break;
      from -= steps[axis] * shape[axis];
      at[axis] = 0;
    }
  }
  return out->array;
}

// Both spatial axes turned round: the blocks of (channels, filters) in the opposite order.
Result<Array> flip(const std::string& place, const Array& array) {
  Result<Floats> in = to_floats(place, array);
  Result<Floats> out = make_floats(place, array.shape);
  if (!in || !out) return in ? out.error() : in.error();
  const size_t rank = array.shape.size();
  const int64_t blocks = product(array.shape, 0, rank - 2), size = product(array.shape, rank - 2, rank);
  for (int64_t i = 0; i < blocks; ++i) std::copy_n(in->data + i * size, size, out->data + (blocks - 1 - i) * size);
  return out->array;
}

// ---- convolutions

bool is_convolution(OldLayout layout) {
  return layout != OldLayout::kSame && layout < OldLayout::kLstm;
}

// Where Keras 1 had each axis of a kernel.
std::vector<size_t> keras1_order(OldLayout layout, size_t rank) {
  std::vector<size_t> order;
  const bool first =
      layout == OldLayout::kConvolutionChannelsFirst || layout == OldLayout::kTransposedConvolutionChannelsFirst;
  for (size_t axis = 0; axis + 2 < rank; ++axis) order.push_back(first ? axis + 2 : axis);
  const size_t channels = first ? 1 : rank - 2, filters = first ? 0 : rank - 1;
  const bool transposed = layout >= OldLayout::kTransposedConvolution;
  order.push_back(transposed ? filters : channels);
  order.push_back(transposed ? channels : filters);
  return order;
}

// Keras 1 had one-dimensional kernels as two-dimensional ones: (length, 1, channels, filters) and, before, (filters,
// channels, length, 1).
Result<Array> drop_second_axis(const std::string& place, const StateInfo& state, Array array) {
  const int64_t length = state.tensor.extents[0], filters = state.tensor.extents[2];
  if (array.shape[0] != length || array.shape[1] != 1 || array.shape[3] != filters) {
    Result<Array> turned = transpose(place, array, {2, 3, 1, 0});
    if (!turned) return turned;
    array = *turned;
  }
  if (array.shape[1] == 1) array.shape.erase(array.shape.begin() + 1);
  return array;
}

Result<Array> convolution_kernel(const WeightsOrigin& origin, const std::string& place, const StateInfo& state,
                                 Array array) {
  const size_t rank = static_cast<size_t>(state.tensor.rank);
  if (origin.generation == 1 && rank == 3 && array.shape.size() == 4) {
    Result<Array> flat = drop_second_axis(place, state, std::move(array));
    if (!flat) return flat;
    array = *flat;
  } else if (origin.generation == 1 && rank > 3 && array.shape.size() == rank) {
    Result<Array> ordered = transpose(place, array, keras1_order(state.old_layout, rank));
    if (!ordered) return ordered;
    array = *ordered;
  }
  return origin.flips_kernels && array.shape.size() == rank && rank > 2 ? flip(place, array) : array;
}

// ---- recurrent layers

// Side by side: (rows, units) each -> (rows, gates * units); a bias has one row.
Result<Array> join_gates(const std::string& place, const std::vector<const Array*>& gates) {
  const std::vector<int64_t>& shape = gates[0]->shape;
  for (const Array* gate : gates)
    if (gate->shape != shape || shape.empty() || shape.size() > 2)
      return make_error("%s: the gates of a recurrent layer have shapes %s and %s, expected equal ones", place.c_str(),
                        print_shape(shape).c_str(), print_shape(gate->shape).c_str());
  const int64_t units = shape.back(), rows = shape.size() == 2 ? shape[0] : 1;
  const int64_t count = static_cast<int64_t>(gates.size());
  std::vector<int64_t> joined = shape;
  joined.back() = units * count;
  Result<Floats> out = make_floats(place, joined);
  if (!out) return out.error();
  for (int64_t g = 0; g < count; ++g) {
    Result<Floats> in = to_floats(place, *gates[static_cast<size_t>(g)]);
    if (!in) return in.error();
    for (int64_t row = 0; row < rows; ++row)
      std::copy_n(in->data + row * units, units, out->data + (row * count + g) * units);
  }
  return out->array;
}

// Keras 1 stored W, U and b of each gate in the order i, c, f, o (LSTM) or z, r, h (GRU); now i, f, c, o.
constexpr size_t kLstmGates[] = {0, 2, 1, 3};
constexpr size_t kGruGates[] = {0, 1, 2};

size_t gate_count(OldLayout layout) {
  return layout == OldLayout::kLstm ? 4 : 3;
}

Result<Array> joined(const std::string& place, OldLayout layout, const Array* gates, size_t kind) {
  std::vector<const Array*> parts;
  for (size_t g = 0; g < gate_count(layout); ++g)
    parts.push_back(gates + 3 * (layout == OldLayout::kLstm ? kLstmGates[g] : kGruGates[g]) + kind);
  return join_gates(place, parts);
}

// NVIDIA's kernels: each gate's matrix turned, the input's also read in another order.
Result<Array> from_cudnn(const std::string& place, const Array& array, int64_t gates, bool recurrent) {
  Result<Floats> in = to_floats(place, array);
  Result<Floats> out = make_floats(place, array.shape);
  if (!in || !out) return in ? out.error() : in.error();
  const int64_t rows = array.shape[0], width = array.shape[1], units = width / gates;
  for (int64_t g = 0; g < gates; ++g) {
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < units; ++j) {
        const int64_t k = recurrent ? j * units + i : i + rows * j;
        out->data[i * width + g * units + j] = in->data[k / units * width + g * units + k % units];
      }
    }
  }
  return out->array;
}

// An LSTM has one bias, the sum of NVIDIA's two; a GRU keeps both, in rows.
Result<Array> cudnn_bias(const std::string& place, const StateInfo& state, const Array& array) {
  if (state.old_layout == OldLayout::kGru) {
    Array rows = array;
    rows.shape = {2, array.shape[0] / 2};
    return rows;
  }
  Result<Floats> in = to_floats(place, array);
  const int64_t count = array.shape[0] / 2;
  Result<Floats> out = make_floats(place, {count});
  if (!in || !out) return in ? out.error() : in.error();
  for (int64_t i = 0; i < count; ++i) out->data[i] = in->data[i] + in->data[count + i];
  return out->array;
}

// Its bias has twice as many numbers as gates and units.
bool is_cudnn(const StateInfo& kernel, const Array* arrays) {
  const int64_t gates = static_cast<int64_t>(gate_count(kernel.old_layout));
  const int64_t width = kernel.tensor.extents[1];
  return width % gates == 0 && arrays[0].shape.size() == 2 && arrays[1].shape.size() == 2 &&
         arrays[2].shape == std::vector<int64_t>{2 * width} && arrays[0].shape[1] == width &&
         arrays[1].shape == std::vector<int64_t>{width / gates, width};
}

// Takes arrays for one layer's states one after the other.
class Converter {
 public:
  Converter(const WeightsOrigin& origin, const std::string& place, const std::vector<const StateInfo*>& states,
            const std::vector<Array>& arrays)
      : origin_(origin), place_(place), states_(states), arrays_(arrays) {}

  Result<std::vector<Array>> run() {
    for (size_t i = 0; i < states_.size();) {
      const Status status = is_recurrent(i) ? recurrent(i) : single(i);
      if (!status) return status.error();
      i = done_.size();
    }
    if (at_ == arrays_.size()) return std::move(done_);
    return make_error("%s: holds %zu weights, expected %zu", place_.c_str(), arrays_.size(), states_.size());
  }

 private:
  // Kernel, recurrent kernel and bias.
  bool is_recurrent(size_t i) const {
    const OldLayout layout = states_[i]->old_layout;
    if (layout < OldLayout::kLstm || i + 2 >= states_.size() || states_[i]->tensor.rank != 2) return false;
    return states_[i + 1]->old_layout == layout && states_[i + 2]->old_layout == layout;
  }

  Error too_few() const {
    return make_error("%s: holds %zu weights, expected %zu", place_.c_str(), arrays_.size(), states_.size());
  }

  Status add(Result<Array> array) {
    if (!array) return array.error();
    done_.push_back(std::move(*array));
    return {};
  }

  Status single(size_t i) {
    if (at_ == arrays_.size()) return too_few();
    const Array& array = arrays_[at_++];
    return add(is_convolution(states_[i]->old_layout) ? convolution_kernel(origin_, place_, *states_[i], array)
                                                      : Result<Array>(array));
  }

  Status recurrent(size_t i) {
    const size_t left = arrays_.size() - at_, gates = gate_count(states_[i]->old_layout);
    const Array* first = arrays_.data() + at_;
    if (left < 3) return too_few();
    const bool split = origin_.generation == 1 && left >= 3 * gates && first->shape.size() == 2 &&
                       first->shape[1] * static_cast<int64_t>(gates) == states_[i]->tensor.extents[1];
    at_ += split ? 3 * gates : 3;
    const bool cudnn = !split && is_cudnn(*states_[i], first);
    for (size_t kind = 0; kind < 3; ++kind) {
      const Status status = add(split   ? joined(place_, states_[i]->old_layout, first, kind)
                                : cudnn ? nvidia(*states_[i], first[kind], kind)
                                        : Result<Array>(first[kind]));
      if (!status) return status;
    }
    return {};
  }

  Result<Array> nvidia(const StateInfo& state, const Array& array, size_t kind) const {
    if (kind == 2) return cudnn_bias(place_, state, array);
    return from_cudnn(place_, array, static_cast<int64_t>(gate_count(state.old_layout)), kind == 1);
  }

  const WeightsOrigin& origin_;
  const std::string& place_;
  const std::vector<const StateInfo*>& states_;
  const std::vector<Array>& arrays_;
  std::vector<Array> done_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<Array>> from_old_layouts(const WeightsOrigin& origin, const std::string& place,
                                            const std::vector<const StateInfo*>& states, std::vector<Array> arrays) {
  return Converter(origin, place, states, arrays).run();
}

}  // namespace kcc::runtime
