#include "codegen/emit_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "codegen/emit_entry.h"
#include "codegen/names.h"
#include "codegen/program_template.h"
#include "codegen/template.h"
#include "compiler/support/check.h"

namespace kcc {
namespace {

// A row a line, or a null pointer: C++ has no empty arrays.
std::string table(const std::string& type, const std::string& name, const std::vector<std::string>& rows) {
  if (rows.empty()) return fmt::format("constexpr const {}* {} = nullptr;\n", type, name);
  return fmt::format("const {} {}[] = {{\n    {},\n}};\n", type, name, fmt::join(rows, ",\n    "));
}

std::string number(double value) {
  if (std::isnan(value)) return "__builtin_nan(\"\")";
  if (std::isinf(value)) return value < 0 ? "-__builtin_inf()" : "__builtin_inf()";
  return fmt::format("{}", value);
}

// ---- tables

const char* element_type(DType dtype) {
  static constexpr const char* kNames[] = {"kF32", "kI32", "kU32", "kBool"};
  return kNames[static_cast<int>(dtype)];
}

std::string tensor_info(const std::string& name, DType dtype, const Shape& shape, int64_t index_limit = 0) {
  std::string sizes;
  int64_t elements = 1;
  for (const Dim& dim : shape) {
    KCC_CHECK(!dim.batched, "only the first dimension may be the batch");
    sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ", dim.size);
    elements *= dim.size;
  }
  const std::string limit = index_limit > 0 ? fmt::format(", {}", index_limit) : "";
  return fmt::format("{{{}, ElementType::{}, {}, extents<{}>, {}{}}}", string_literal(name), element_type(dtype),
                     shape.size(), sizes, elements, limit);
}

// Inputs, outputs and targets: without the batch.
std::string sample_info(const std::string& name, const Type& type, int64_t index_limit = 0) {
  KCC_CHECK(!type.shape.empty() && type.shape[0] == (Dim{1, true}),
            "what a program takes and gives has rows of the batch");
  return tensor_info(name, type.dtype, Shape(type.shape.begin() + 1, type.shape.end()), index_limit);
}

std::vector<std::string> sample_rows(const std::vector<NamedType>& items) {
  std::vector<std::string> rows;
  for (const NamedType& item : items) rows.push_back(sample_info(item.name, item.type, item.index_limit));
  return rows;
}

std::vector<std::string> target_rows(const Module& module) {
  std::vector<std::string> rows;
  for (const Target& target : module.targets) {
    rows.push_back(fmt::format("{{{}, {}, {}, {}}}", sample_info(target.name, target.type),
                               target.class_indices_allowed, target.is_class_index,
                               sample_info(target.name, target.sample_weight)));
  }
  return rows;
}

std::string state_row(const State& state, int64_t offset) {
  static constexpr const char* kRoles[] = {"kWeight", "kStatistic", "kSlot", "kOptimizer",
                                           "kMetric", "kRandom",    "kStep", "kMemory"};
  static constexpr const char* kFills[] = {"kConstant",   "kUniform",  "kNormal", "kTruncatedNormal",
                                           "kOrthogonal", "kIdentity", "kSeed"};
  static constexpr const char* kLayouts[] = {"kSame",
                                             "kConvolution",
                                             "kConvolutionChannelsFirst",
                                             "kTransposedConvolution",
                                             "kTransposedConvolutionChannelsFirst",
                                             "kLstm",
                                             "kGru"};
  const Initializer& start = state.initializer;
  std::string row = fmt::format("{{{}, {}, Role::{}, {}, Fill::{}, {}, {}, {}",
                                tensor_info(state.name, state.type.dtype, state.type.shape),
                                string_literal(state.file_path), kRoles[static_cast<int>(state.role)], offset,
                                kFills[static_cast<int>(start.kind)], number(start.a), number(start.b), start.seed);
  const bool has_layer = !state.layer.empty();
  const bool is_replaced = state.final_value >= 0;
  if (start.ones_count > 0 || has_layer || is_replaced)
    row += fmt::format(", {}, {}", start.ones_first, start.ones_count);
  if (has_layer || is_replaced)
    row +=
        fmt::format(", {}, OldLayout::{}", string_literal(state.layer), kLayouts[static_cast<int>(state.old_layout)]);
  if (is_replaced) row += fmt::format(", {}", state.final_value);
  return row + "}";
}

std::vector<std::string> state_rows(const Module& module, const Plan& plan) {
  KCC_CHECK(module.states.size() == plan.state_offsets.size(), "every state needs a place");
  std::vector<std::string> rows;
  for (size_t i = 0; i < module.states.size(); ++i) rows.push_back(state_row(module.states[i], plan.state_offsets[i]));
  return rows;
}

std::vector<std::string> metric_rows(const Module& module) {
  std::vector<std::string> rows;
  for (const std::string& name : module.metrics) rows.push_back(fmt::format("{{{}}}", string_literal(name)));
  return rows;
}

std::vector<std::string> layer_rows(const Module& module) {
  std::vector<std::string> rows;
  for (const LayerRow& layer : module.layers) {
    rows.push_back(fmt::format("{{{}, {}, {}, {}, {}}}", string_literal(layer.name), string_literal(layer.class_name),
                               string_literal(layer.output_shape), layer.parameters,
                               string_literal(fmt::format("{}", fmt::join(layer.connected_to, ",")))));
  }
  return rows;
}

// ---- kernels

std::string kernel_declaration(const std::string& symbol, const Kernel& kernel) {
  std::string parameters = "void* context";
  for (size_t i = 0; i < kernel.body.inputs.size() + kernel.body.outputs.size(); ++i) parameters += ", Buffer*";
  return fmt::format("int {}({});", symbol, parameters);
}

// "static int digits_dense_0(void* context, Buffer* b0) { switch ... }"
std::string dispatch(const Kernel& kernel, const std::vector<MachineTarget>& targets) {
  std::string parameters = "void* context", arguments = "context";
  for (size_t i = 0; i < kernel.body.inputs.size() + kernel.body.outputs.size(); ++i) {
    parameters += fmt::format(", Buffer* b{}", i);
    arguments += fmt::format(", b{}", i);
  }
  std::string cases;
  for (size_t i = 0; i < targets.size(); ++i) {
    const std::string label = i + 1 < targets.size() ? fmt::format("case {}", i) : "default";
    cases += fmt::format("    {}: return {}{}({});\n", label, kernel.name, symbol_suffix(targets[i]), arguments);
  }
  return fmt::format("static int {}({}) {{\n  switch (static_cast<Context*>(context)->cpu_target()) {{\n{}  }}\n}}",
                     kernel.name, parameters, cases);
}

// With several targets each kernel is a function that calls the one for this processor.
std::string kernel_declarations(const Plan& plan, const std::vector<MachineTarget>& targets) {
  std::vector<std::string> lines;
  for (const Kernel& kernel : plan.kernels) {
    if (targets.size() < 2) {
      lines.push_back(kernel_declaration(kernel.name, kernel));
      continue;
    }
    for (const MachineTarget& target : targets)
      lines.push_back(kernel_declaration(kernel.name + symbol_suffix(target), kernel));
    lines.push_back(dispatch(kernel, targets));
  }
  return fmt::format("extern \"C\" {{\n{}\n}}\n", fmt::join(lines, "\n"));
}

// What the calls say that each kernel does.
std::vector<std::vector<std::string>> kernel_comments(const Plan& plan) {
  std::vector<std::vector<std::string>> comments(plan.kernels.size());
  for (const EntryPlan& entry : plan.entries) {
    for (const KernelCall* call : calls_of(entry)) {
      auto& lines = comments[static_cast<size_t>(call->kernel)];
      if (std::find(lines.begin(), lines.end(), call->comment) == lines.end()) lines.push_back(call->comment);
    }
  }
  return comments;
}

std::vector<cpp::KernelFunction> kernel_functions(const Plan& plan) {
  const std::vector<std::vector<std::string>> comments = kernel_comments(plan);
  std::vector<cpp::KernelFunction> functions;
  for (size_t k = 0; k < plan.kernels.size(); ++k) functions.push_back(cpp::emit_kernel(plan.kernels[k], comments[k]));
  return functions;
}

std::string kernel_definitions(const std::vector<cpp::KernelFunction>& functions) {
  std::string text =
      fmt::format("// ==== helpers of the kernels\n\n{}\n// ==== kernels\n\nnamespace {{\n", cpp::kernel_helpers());
  for (const cpp::KernelFunction& function : functions) text += "\n" + function.text;
  return text + "\n}  // namespace\n\n";
}

std::vector<std::string> cpu_target_rows(const std::vector<MachineTarget>& targets) {
  std::vector<std::string> rows;
  for (const MachineTarget& target : targets) {
    const std::string needs = target.needs.empty() ? "0" : fmt::format("{}", fmt::join(target.needs, " | "));
    rows.push_back(fmt::format("{{{}, {}}}", string_literal(target.name), needs));
  }
  return rows;
}

// ---- the whole

// Models without memory run any batch, whatever their input layers say.
int64_t memory_batch(const Module& module) {
  for (const State& state : module.states)
    if (state.role == StateRole::kMemory) return module.fixed_batch;
  return 0;
}

const EntryPlan* find_entry(const Plan& plan, const std::string& name) {
  for (const EntryPlan& entry : plan.entries)
    if (entry.name == name) return &entry;
  return nullptr;
}

// "kScratch_predict"
std::string scratch_name(const std::string& entry) {
  return "kScratch_" + entry;
}

std::vector<std::string> scratch_rows(const EntryPlan& entry, const std::vector<KernelObject>& kernels) {
  std::set<size_t> used;
  for (const KernelCall* call : calls_of(entry)) used.insert(static_cast<size_t>(call->kernel));
  std::vector<std::string> rows;
  for (size_t i = 0; i < kernels.size(); ++i) {
    if (used.count(kernels[i].kernel) == 0) continue;
    for (const ScratchBlock& block : kernels[i].notes.scratch)
      rows.push_back(fmt::format("{{{}, {}, {}, {}}}", i, block.each_thread, block.fixed, block.batch));
  }
  return rows;
}

std::string entry_info(const Plan& plan, const std::string& name, const std::vector<KernelObject>* kernels,
                       const std::vector<cpp::KernelFunction>& functions) {
  const EntryPlan* entry = find_entry(plan, name);
  if (entry == nullptr) return "{}";
  const size_t blocks = kernels == nullptr ? 0 : scratch_rows(*entry, *kernels).size();
  const std::string scratch = blocks == 0 ? "" : fmt::format(", {}, {}", scratch_name(name), blocks);
  const int64_t arena_fixed = entry->arena_fixed + (functions.empty() ? 0 : scratch_of(*entry, functions));
  return fmt::format("{{{}, {}, {}, {}{}}}", name, arena_fixed, entry->arena_batch, number(flops_of(*entry)), scratch);
}

std::string scratch_tables(const Plan& plan, const std::vector<KernelObject>* kernels) {
  std::string text;
  for (const EntryPlan& entry : plan.entries) {
    const auto rows = kernels == nullptr ? std::vector<std::string>() : scratch_rows(entry, *kernels);
    if (!rows.empty()) text += table("Scratch", scratch_name(entry.name), rows);
  }
  return text;
}

// The assembler takes the file in as it is: as text it would be ten times larger and take minutes.
constexpr const char* kWeights = R"(extern "C" __attribute__((visibility("hidden"))) const float kcc_initial_weights[];
asm(".pushsection .rodata.kcc_weights, \"a\"\n.balign 64\nkcc_initial_weights: .incbin \"weights.bin\"\n.popsection");
)";

constexpr const char* kWeightsText = R"(// The bits of numbers, most of them floats.
alignas(64) const uint32_t kWeightWords[] = {{
#include "{}_weights.inc"
}};
const float* const kcc_initial_weights = reinterpret_cast<const float*>(kWeightWords);
)";

constexpr const char* kBuildObjects = R"(Each kernel below is an object file of its own; build with the runtime:
//   c++ -O1 -I lib/kcc/include program.cpp kernels/*.o lib/kcc/*.a)";
constexpr const char* kBuildSource = R"(It stands alone; build it as C++17, and link with -pthread:
//   c++ -std=c++17 -O3 -march=native -ffp-contract=fast -c {}.cpp
// Vectors are as wide as those flags allow. Not with -ffast-math: NaN and infinity would no longer show.)";

constexpr const char* kMain = R"(
}  // namespace

int main(int argc, char** argv) { return trainer_main(kProgram, argc, argv); }
)";

// One input of (batch, height, width, channels), or channels first: the trainer may then read folders of pictures.
bool takes_pictures(const Module& module) {
  if (module.inputs.size() != 1 || module.inputs[0].type.shape.size() != 4) return false;
  const auto is_channels = [](const Dim& dim) { return dim.size == 1 || dim.size == 3 || dim.size == 4; };
  const Shape& shape = module.inputs[0].type.shape;
  return is_channels(shape[3]) || is_channels(shape[1]);
}

}  // namespace

std::string emit_program(const Module& module, const Plan& plan, const ProgramOptions& options) {
  return emit_source(module, plan, options, {nullptr, "", "", kMain, true});
}

std::string emit_source(const Module& module, const Plan& plan, const ProgramOptions& options,
                        const ProgramInterface& interface) {
  std::vector<std::string> entries;
  const auto functions = options.kernels_as_cpp ? kernel_functions(plan) : std::vector<cpp::KernelFunction>();
  int64_t calls = 0;
  for (const EntryPlan& entry : plan.entries) {
    entries.push_back(options.kernels_as_cpp ? emit_entry(entry, plan.kernels, functions)
                                             : emit_entry(entry, plan.kernels, options.timed ? calls : -1));
    calls += static_cast<int64_t>(calls_of(entry).size());
  }
  const auto count = [](const auto& items) { return fmt::format("{}", items.size()); };
  const auto text = [](auto value) { return fmt::format("{}", value); };
  return fill_template(
      kProgramTemplate,
      {{"title", comment_text(fmt::format("{}: the Keras model '{}'", options.name, module.name))},
       {"version", KCC_VERSION},
       {"kernels", options.kernels_as_cpp ? "" : kernel_declarations(plan, options.targets)},
       {"entries", fmt::format("{}", fmt::join(entries, "\n"))},
       {"inputs", table("TensorInfo", "kInputs", sample_rows(module.inputs))},
       {"outputs", table("TensorInfo", "kOutputs", sample_rows(module.outputs))},
       {"targets", table("TargetInfo", "kTargets", target_rows(module))},
       {"states", table("StateInfo", "kStates", state_rows(module, plan))},
       {"metrics", table("MetricInfo", "kMetrics", metric_rows(module))},
       {"layers", table("LayerInfo", "kLayers", layer_rows(module))},
       {"cpu_targets",
        options.targets.empty() ? "" : table("CpuTarget", "kCpuTargets", cpu_target_rows(options.targets))},
       {"cpu_target_count", count(options.targets)},
       {"cpu_target_table", options.targets.empty() ? "nullptr" : "kCpuTargets"},
       {"self_test", emit_self_test(options.self_test)},
       {"self_test_table", options.self_test.rows > 0 ? "&kSelfTest" : "nullptr"},
       {"weights", !options.has_weights     ? ""
                   : options.kernels_as_cpp ? fmt::format(kWeightsText, options.name)
                                            : kWeights},
       {"initial_weights", options.has_weights ? "kcc_initial_weights" : "nullptr"},
       {"load_image", interface.trainer && takes_pictures(module) ? "load_image" : "nullptr"},
       {"timed_calls", options.timed ? fmt::format("\n    .timed_calls = {},", calls) : ""},
       {"saved_model", string_literal(interface.trainer ? module.saved.model : "", "    ")},
       {"saved_optimizer", string_literal(module.saved.optimizer, "    ")},
       {"saved_compile", string_literal(interface.trainer ? module.saved.compile : "", "    ")},
       {"saved_refusal", string_literal(module.saved.refusal, "    ")},
       {"build", options.kernels_as_cpp ? fmt::format(kBuildSource, options.name) : kBuildObjects},
       {"includes", options.kernels_as_cpp
                        ? fmt::format("{}{}// ==== the runtime's core\n\n{}// ==== entries and tables\n",
                                      interface.includes, kernel_definitions(functions), interface.core)
                        : interface.includes + "#include \"runtime/kernel_call.h\"\n"},
       {"scratch", scratch_tables(plan, interface.scratch)},
       {"interface", interface.text},
       {"name", string_literal(options.name)},
       {"model_name", string_literal(module.name)},
       {"keras_version", string_literal(module.keras_version)},
       {"is_sequential", text(module.is_sequential)},
       {"input_count", count(module.inputs)},
       {"output_count", count(module.outputs)},
       {"target_count", count(module.targets)},
       {"state_count", count(module.states)},
       {"metric_count", count(module.metrics)},
       {"layer_count", count(module.layers)},
       {"state_bytes", text(plan.state_bytes)},
       {"trainable_parameters", text(module.trainable_parameters)},
       {"other_parameters", text(module.other_parameters)},
       {"iterations", text(module.iterations)},
       {"learning_rate", text(module.learning_rate)},
       {"random_key", text(module.random_key)},
       {"whole_batch", text(module.whole_batch)},
       {"default_batch", text(options.default_batch)},
       {"fixed_batch", text(memory_batch(module))},
       {"predict", entry_info(plan, "predict", interface.scratch, functions)},
       {"evaluate", entry_info(plan, "evaluate", interface.scratch, functions)},
       {"train", entry_info(plan, "train", interface.scratch, functions)},
       {"train_share", entry_info(plan, "train_share", interface.scratch, functions)},
       {"share_obstacle", module.share_obstacle.empty() ? "nullptr" : string_literal(module.share_obstacle)},
       {"report", entry_info(plan, "report", interface.scratch, functions)}});
}

}  // namespace kcc
