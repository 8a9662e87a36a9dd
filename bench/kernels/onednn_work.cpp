#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "bench/kernels/work.h"

namespace kcc::bench {
namespace {

using dnnl::memory;
using Layout = memory::format_tag;

constexpr auto kFloat = memory::data_type::f32;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

using Arguments = std::unordered_map<int, memory::desc>;

// A primitive with memory of its own for each argument.
Work work_of(const dnnl::primitive& primitive, const Arguments& arguments, const std::string& name) {
  std::unordered_map<int, memory> given;
  std::vector<std::shared_ptr<float>> held;
  for (const auto& [index, desc] : arguments) {
    held.push_back(filled(static_cast<int64_t>(desc.get_size() / 4 + 1)));
    given[index] = memory(desc, engine(), held.back().get());
  }
  return {[primitive, given, held] {
            static dnnl::stream stream(engine());
            primitive.execute(stream, given);
            stream.wait();
          },
          name};
}

dnnl::primitive_attr with_relu() {
  dnnl::post_ops after;
  after.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(after);
  return attributes;
}

Work product(const KernelShape& shape) {
  const int64_t m = shape.sizes[0], k = shape.sizes[1], n = shape.sizes[2];
  const memory::desc x({m, k}, kFloat, Layout::ab), w({n, k}, kFloat, Layout::any), bias({n}, kFloat, Layout::a),
      y({m, n}, kFloat, Layout::ab);
  const auto training = dnnl::prop_kind::forward_training;
  if (shape.kind == "nn") {
    const dnnl::inner_product_forward::primitive_desc desc(engine(), training, x, w, bias, y, with_relu());
    return work_of(
        dnnl::inner_product_forward(desc),
        {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, desc.weights_desc()}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, y}},
        desc.impl_info_str());
  }
  const dnnl::inner_product_forward::primitive_desc hint(engine(), training, x, w, y);
  if (shape.kind == "nt") {
    const dnnl::inner_product_backward_data::primitive_desc desc(engine(), x, w, y, hint);
    return work_of(dnnl::inner_product_backward_data(desc),
                   {{DNNL_ARG_DIFF_SRC, x}, {DNNL_ARG_WEIGHTS, desc.weights_desc()}, {DNNL_ARG_DIFF_DST, y}},
                   desc.impl_info_str());
  }
  const dnnl::inner_product_backward_weights::primitive_desc desc(engine(), x, w, y, hint);
  return work_of(dnnl::inner_product_backward_weights(desc),
                 {{DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_WEIGHTS, desc.diff_weights_desc()}, {DNNL_ARG_DIFF_DST, y}},
                 desc.impl_info_str());
}

Work convolution(const KernelShape& shape) {
  const ConvShape c = conv_of(shape);
  const memory::desc x({c.batch, c.channels, c.height, c.width}, kFloat, Layout::nhwc),
      w({c.filters, c.channels, c.kernel[0], c.kernel[1]}, kFloat, Layout::any), bias({c.filters}, kFloat, Layout::a),
      y({c.batch, c.filters, c.out_height(), c.out_width()}, kFloat, Layout::nhwc);
  const memory::dims dilations{c.dilations[0] - 1, c.dilations[1] - 1};
  const auto training = dnnl::prop_kind::forward_training;
  const auto best = dnnl::algorithm::convolution_auto;
  if (shape.kind == "conv") {
    const dnnl::convolution_forward::primitive_desc desc(engine(), training, best, x, w, bias, y, c.strides, dilations,
                                                         c.low, c.high, with_relu());
    return work_of(
        dnnl::convolution_forward(desc),
        {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, desc.weights_desc()}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, y}},
        desc.impl_info_str());
  }
  const dnnl::convolution_forward::primitive_desc hint(engine(), training, best, x, w, y, c.strides, dilations, c.low,
                                                       c.high);
  if (shape.kind == "conv_input_grad") {
    const dnnl::convolution_backward_data::primitive_desc desc(engine(), best, x, w, y, c.strides, dilations, c.low,
                                                               c.high, hint);
    return work_of(dnnl::convolution_backward_data(desc),
                   {{DNNL_ARG_DIFF_SRC, x}, {DNNL_ARG_WEIGHTS, desc.weights_desc()}, {DNNL_ARG_DIFF_DST, y}},
                   desc.impl_info_str());
  }
  const dnnl::convolution_backward_weights::primitive_desc desc(engine(), best, x, w, y, c.strides, dilations, c.low,
                                                                c.high, hint);
  return work_of(dnnl::convolution_backward_weights(desc),
                 {{DNNL_ARG_SRC, x}, {DNNL_ARG_DIFF_WEIGHTS, desc.diff_weights_desc()}, {DNNL_ARG_DIFF_DST, y}},
                 desc.impl_info_str());
}

// In training both directions use a workspace that remembers where the maxima were.
Work pool(const KernelShape& shape) {
  const PoolShape p = pool_of(shape);
  const memory::desc x({p.batch, p.channels, p.height, p.width}, kFloat, Layout::nhwc),
      y({p.batch, p.channels, p.out_height(), p.out_width()}, kFloat, Layout::nhwc);
  const memory::dims dilations{0, 0};
  const auto most = dnnl::algorithm::pooling_max;
  const dnnl::pooling_forward::primitive_desc forward(engine(), dnnl::prop_kind::forward_training, most, x, y,
                                                      p.strides, p.window, dilations, p.low, p.high);
  if (shape.kind == "max_pool")
    return work_of(dnnl::pooling_forward(forward),
                   {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}, {DNNL_ARG_WORKSPACE, forward.workspace_desc()}},
                   forward.impl_info_str());
  const dnnl::pooling_backward::primitive_desc desc(engine(), most, x, y, p.strides, p.window, dilations, p.low, p.high,
                                                    forward);
  // The positions have to be real ones: a forward pass writes them.
  std::vector<std::shared_ptr<float>> held;
  const auto made = [&](const memory::desc& d) {
    held.push_back(filled(static_cast<int64_t>(d.get_size() / 4 + 1)));
    return memory(d, engine(), held.back().get());
  };
  const std::unordered_map<int, memory> first{
      {DNNL_ARG_SRC, made(x)}, {DNNL_ARG_DST, made(y)}, {DNNL_ARG_WORKSPACE, made(forward.workspace_desc())}};
  dnnl::stream stream(engine());
  dnnl::pooling_forward(forward).execute(stream, first);
  stream.wait();
  const std::unordered_map<int, memory> given{{DNNL_ARG_DIFF_SRC, first.at(DNNL_ARG_SRC)},
                                              {DNNL_ARG_DIFF_DST, first.at(DNNL_ARG_DST)},
                                              {DNNL_ARG_WORKSPACE, first.at(DNNL_ARG_WORKSPACE)}};
  return {[primitive = dnnl::pooling_backward(desc), given, held, stream]() mutable {
            primitive.execute(stream, given);
            stream.wait();
          },
          desc.impl_info_str()};
}

}  // namespace

std::optional<Work> onednn_work(const KernelShape& shape) {
  std::optional<Work> work;
  try {
    if (shape.kind == "nn" || shape.kind == "nt" || shape.kind == "tn")
      work = product(shape);
    else if (shape.kind.rfind("conv", 0) == 0)
      work = convolution(shape);
    else if (shape.kind.rfind("max_pool", 0) == 0)
      work = pool(shape);
  } catch (const dnnl::error&) {  // it has no implementation of this
  }
  if (work && work->note.rfind("ref", 0) == 0) return std::nullopt;  // plain loops, which nobody would run
  return work;
}

}  // namespace kcc::bench
