#include "compiler/embed_weights.h"

#include <fmt/format.h>

#include <deque>
#include <vector>

#include "runtime/data/array.h"
#include "runtime/state_block.h"
#include "runtime/weights/weights_file.h"

namespace kcc {
namespace {

// What the generated program's table of states will be.
class States {
 public:
  States(const Module& module, const Plan& plan) {
    for (size_t i = 0; i < module.states.size(); ++i) add(module.states[i], plan.state_offsets[i]);
    program_.name = "";
    program_.states = infos_.data();
    program_.state_count = static_cast<int32_t>(infos_.size());
    program_.state_bytes = plan.state_bytes;
    program_.iterations = module.iterations;
    program_.learning_rate = module.learning_rate;
    program_.saved.optimizer = module.saved.optimizer.c_str();
  }

  const runtime::Program& program() const { return program_; }

 private:
  void add(const State& state, int64_t offset) {
    std::vector<int64_t>& extents = extents_.emplace_back();
    int64_t elements = 1;
    for (const Dim& dim : state.type.shape) {
      extents.push_back(dim.size);
      elements *= dim.size;
    }
    const Initializer& start = state.initializer;
    runtime::StateInfo& info = infos_.emplace_back();
    info.tensor = {state.name.c_str(), static_cast<runtime::ElementType>(state.type.dtype),
                   static_cast<int32_t>(extents.size()), extents.data(), elements};
    info.file_path = state.file_path.c_str();
    info.role = static_cast<runtime::Role>(state.role);
    info.offset = offset;
    info.fill = static_cast<runtime::Fill>(start.kind);
    info.a = start.a;
    info.b = start.b;
    info.seed = start.seed;
    info.ones_first = start.ones_first;
    info.ones_count = start.ones_count;
    info.layer = state.layer.c_str();
    info.old_layout = static_cast<runtime::OldLayout>(state.old_layout);
  }

  std::deque<std::vector<int64_t>> extents_;
  std::vector<runtime::StateInfo> infos_;
  runtime::Program program_{};
};

// Readers begin their messages with the file's name; a diagnostic says it by itself.
void report(const std::string& file, const std::string& message, Diagnostics& diagnostics) {
  const bool named = message.rfind(file + ": ", 0) == 0;
  diagnostics.error({file}, named ? message.substr(file.size() + 2) : message);
}

}  // namespace

std::optional<std::string> embed_weights(const Module& module, const Plan& plan, const std::string& file,
                                         Diagnostics& diagnostics) {
  const States states(module, plan);
  const runtime::Program& program = states.program();
  auto block = runtime::StateBlock::allocate(program);
  if (!block) return report(file, block.error().message, diagnostics), std::nullopt;
  block->initialize(0);  // for optimizer states that the file does not have: they start from constants
  const auto loaded = runtime::load_weights(program, file, true, block->data());
  if (!loaded) return report(file, loaded.error().message, diagnostics), std::nullopt;
  if (!loaded->optimizer_note.empty())
    fmt::print(stderr, "kcc: {}: the optimizer starts anew: {}\n", file, loaded->optimizer_note);
  std::string bytes;
  for (int32_t i = 0; i < program.state_count; ++i) {
    const runtime::StateInfo& state = program.states[i];
    const int64_t size = state.tensor.elements * runtime::size_of(state.tensor.type);
    if (*state.file_path) bytes.append(block->data() + state.offset, static_cast<size_t>(size));
  }
  return bytes;
}

}  // namespace kcc
