#include "codegen/emit_program.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include "codegen/names.h"
#include "compiler/passes/optimize.h"
#include "compiler/passes/plan.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/codegen/tiny_plan.h"
#include "tests/support/recurrent_graphs.h"

namespace kcc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

std::string emit(const TinyPlan& tiny) {
  return emit_program(tiny.module, tiny.plan, {"tiny", 32});
}

// "" or the compiler's messages; warnings are errors.
std::string compile(const std::string& source) {
  const std::string base = (fs::path(::testing::TempDir()) / ("emit_" + std::to_string(::getpid()))).string();
  std::ofstream(base + ".cpp") << source;
  const std::string command = "c++ -std=c++17 -O1 -Wall -Wextra -Werror -isystem " KCC_RUNTIME_INCLUDE " -c " + base +
                              ".cpp -o " + base + ".o 2> " + base + ".txt";
  const int status = std::system(command.c_str());
  std::ifstream file(base + ".txt");
  const std::string messages{std::istreambuf_iterator<char>(file), {}};
  for (const char* suffix : {".cpp", ".o", ".txt"}) fs::remove(base + suffix);
  return status == 0 ? "" : "failed: " + messages;
}

TEST(EmitProgram, ReadsAsALayerALine) {
  const std::string source = emit(tiny_plan());
  EXPECT_THAT(source, HasSubstr("int tiny_dense_matmul_0(void* context, Buffer*, Buffer*, Buffer*, Buffer*);"));
  EXPECT_THAT(source, HasSubstr(R"(
int predict(const Step& step) {
  if (step.batch > 134217727) return kBatchTooLarge;
  const FlushDenormals flush;
  const int64_t B = step.batch;
  char* const state = step.state;
  char* const arena = step.arena;
  Context* const context = step.context;

  // dense (Dense): matmul + bias + relu
  View<2> x(step.inputs[0], f32, B, 4);
  View<2> dense_kernel(state, f32, 4, 4);
  View<1> dense_bias(state + 64, f32, 4);
  View<2> dense_relu(arena + 64 + 64 * B, f32, B, 4);
  set_work(context, 144 * B);
  if (int error = tiny_dense_matmul_0(context, x, dense_kernel, dense_bias, dense_relu)) return error;

  // dense_1 (Dense): matmul + bias + relu
  View<2> dense_1_kernel(state + 128, f32, 4, 4);
  View<1> dense_1_bias(state + 192, f32, 4);
  View<2> dense_1_relu(step.outputs[0], f32, B, 4);
  set_work(context, 144 * B);
  if (int error = tiny_dense_matmul_0(context, dense_relu, dense_1_kernel, dense_1_bias, dense_1_relu)) return error;
  return 0;
}
)"));
  EXPECT_THAT(source, HasSubstr("{\"dense/kernel\", ElementType::kF32, 2, extents<4, 4>, 16}, \"layers/dense/vars/0\", "
                                "Role::kWeight, 0, Fill::kUniform, -0.5, 0.5, -1}"));
  EXPECT_THAT(source, HasSubstr(".predict = {predict, 64, 128, 64},"));
  EXPECT_THAT(source, HasSubstr(".train = {},"));
  EXPECT_EQ(compile(source), "");
}

TEST(EmitProgram, TimedCallsSayWhenTheyBeginAndEnd) {
  const TinyPlan tiny = tiny_plan();
  ProgramOptions options{"tiny", 32};
  EXPECT_THAT(emit_program(tiny.module, tiny.plan, options), Not(HasSubstr("begin_call")));
  options.timed = true;
  const std::string source = emit_program(tiny.module, tiny.plan, options);
  EXPECT_THAT(source, HasSubstr(R"(
  set_work(context, 144 * B);
  context->begin_call(1);
  if (int error = tiny_dense_matmul_0(context, dense_relu, dense_1_kernel, dense_1_bias, dense_1_relu)) return error;
  context->end_call(1);
  return 0;
)"));
  EXPECT_THAT(source, HasSubstr(".timed_calls = 2,"));
  EXPECT_EQ(compile(source), "");
}

TEST(EmitProgram, LoopsOverTimeAreLoops) {
  const Module module = testing::recurrent_module();
  const Plan plan =
      make_plan(module, {fuse(optimize(module.predict, module)), fuse(optimize(module.train, module))}, "recurrent");
  const std::string source = emit_program(module, plan, {"recurrent", 32});
  EXPECT_THAT(source, HasSubstr(R"(
  // lstm (LSTM): 4 steps
  View<2> lstm_carry0_2(nullptr, f32, B, 5);
  View<2> lstm_carry0_next(nullptr, f32, B, 5);
  View<2> lstm_carry1_2(nullptr, f32, B, 5);
  View<2> lstm_carry1_next(nullptr, f32, B, 5);
  View<2> lstm_recurrent_kernel(state + 384, f32, 5, 20);
  View<1> embedding_ne10_2(nullptr, boolean, B);
  View<2> lstm_add17_2(nullptr, f32, B, 20);
  for (int64_t t = 0; t < 4; ++t) {
    if (any_of(arena + 640 * B + B * t, B)) {
      // lstm (LSTM): matmul, add, select
      lstm_carry0_2.move_to(arena + 20 * B * (t % 2));
      embedding_ne10_2.move_to(arena + 640 * B + B * t);
      lstm_add17_2.move_to(arena + 320 * B + 80 * B * t);
      lstm_carry1_2.move_to(arena + 64 * B + 20 * B * (t % 2));
      lstm_carry0_next.move_to(arena + 20 * B * ((t + 1) % 2));
      lstm_carry1_next.move_to(arena + 64 * B + 20 * B * ((t + 1) % 2));
      set_work(context, 1186 * B);
      if (int error = recurrent_lstm_matmul_6(context, lstm_carry0_2, lstm_recurrent_kernel, embedding_ne10_2, lstm_add17_2, lstm_carry1_2, lstm_carry0_next, lstm_carry1_next)) return error;
    } else {  // nobody takes part in this step
      // copy
      lstm_carry0_2.move_to(arena + 20 * B * (t % 2));
      lstm_carry0_next.move_to(arena + 20 * B * ((t + 1) % 2));
      set_work(context, 40 * B);
      if (int error = recurrent_copy_pointwise_5(context, lstm_carry0_2, lstm_carry0_next)) return error;
      // copy
      lstm_carry1_2.move_to(arena + 64 * B + 20 * B * (t % 2));
      lstm_carry1_next.move_to(arena + 64 * B + 20 * B * ((t + 1) % 2));
      set_work(context, 40 * B);
      if (int error = recurrent_copy_pointwise_5(context, lstm_carry1_2, lstm_carry1_next)) return error;
    }
  }
)"));
  EXPECT_EQ(compile(source), "");
}

TEST(EmitProgram, ChoosesBetweenTargets) {
  Diagnostics diagnostics;
  const TinyPlan tiny = tiny_plan();
  ProgramOptions options{"tiny", 32};
  options.targets = parse_targets("x86-64-v2,x86-64-v4", diagnostics);
  const std::string source = emit_program(tiny.module, tiny.plan, options);
  EXPECT_THAT(source, HasSubstr(R"(
int tiny_dense_matmul_0_x86_64_v4(void* context, Buffer*, Buffer*, Buffer*, Buffer*);
int tiny_dense_matmul_0_x86_64_v2(void* context, Buffer*, Buffer*, Buffer*, Buffer*);
static int tiny_dense_matmul_0(void* context, Buffer* b0, Buffer* b1, Buffer* b2, Buffer* b3) {
  switch (static_cast<Context*>(context)->cpu_target()) {
    case 0: return tiny_dense_matmul_0_x86_64_v4(context, b0, b1, b2, b3);
    default: return tiny_dense_matmul_0_x86_64_v2(context, b0, b1, b2, b3);
  }
}
)"));
  EXPECT_THAT(source, HasSubstr(R"(
const CpuTarget kCpuTargets[] = {
    {"x86-64-v4", kCpuLevel4},
    {"x86-64-v2", kCpuLevel2},
};
)"));
  EXPECT_EQ(compile(source), "");
}

TEST(EmitProgram, OneTargetNeedsNoChoice) {
  Diagnostics diagnostics;
  const TinyPlan tiny = tiny_plan();
  ProgramOptions options{"tiny", 32};
  options.targets = parse_targets("host", diagnostics);
  const std::string source = emit_program(tiny.module, tiny.plan, options);
  EXPECT_THAT(source, Not(HasSubstr("cpu_target()")));
  EXPECT_THAT(source, HasSubstr(R"({"host", kCpu)"));
  EXPECT_EQ(compile(source), "");
}

TEST(EmitProgram, SameInputSameText) {
  EXPECT_EQ(emit(tiny_plan()), emit(tiny_plan()));
}

TEST(EmitProgram, HostileNamesStayNames) {
  const std::string names[] = {"int",         "step",
                               "B",           "a\n#error b\\",
                               "../../x\"*/", "tiny_dense_matmul_0",
                               "NULL",        "ünï/cödé",
                               "1st",         "",
                               "f32",         "?\?/",
                               "linux",       "x\\",
                               "a__b",        "_",
                               "@name@",      std::string("nul\0byte", 8)};
  for (const std::string& name : names) {
    TinyPlan tiny = tiny_plan();
    tiny.module.name = name;
    tiny.module.states[0].name = name;
    tiny.module.inputs[0].name = name;
    tiny.module.layers[0].name = name;
    for (PlanStep& step : tiny.plan.entries[0].steps) {
      KernelCall& call = std::get<KernelCall>(step);
      call.comment = name;
      for (TensorRef& ref : call.inputs) ref.name = name;
    }
    EXPECT_EQ(compile(emit(tiny)), "") << name;
  }
}

TEST(EmitProgram, EveryTableAndTypeCompiles) {
  TinyPlan tiny = tiny_plan();
  Module& module = tiny.module;
  module.targets = {{"dense_1", {DType::kI32, batched_shape({})}, false, true}};
  module.metrics = {"loss"};
  module.states[0].initializer.a = -std::numeric_limits<double>::infinity();
  module.states[1].initializer.b = std::numeric_limits<double>::quiet_NaN();
  module.states[2].initializer.a = 1e-7;
  tiny.plan.entries.push_back(tiny.plan.entries[0]);
  EntryPlan& train = tiny.plan.entries.back();
  train.name = "train";
  // A scalar, and a call that does not depend on the batch.
  for (PlanStep& step : train.steps) {
    KernelCall& call = std::get<KernelCall>(step);
    for (std::vector<TensorRef>* refs : {&call.inputs, &call.outputs}) {
      for (TensorRef& ref : *refs) ref = {Space::kState, 0, 64, 0, {DType::kU32, {}}, ref.name};
    }
  }
  const std::string source = emit(tiny);
  EXPECT_THAT(source, HasSubstr("View<0> x(state + 64, u32);"));
  EXPECT_THAT(source, HasSubstr("set_work(context, 144);"));
  EXPECT_THAT(source, HasSubstr("Fill::kUniform, -__builtin_inf(), 0.5, -1}"));
  EXPECT_EQ(compile(source), "");
}

TEST(EmitProgram, LongConfigurationsSurvive) {
  TinyPlan tiny = tiny_plan();
  tiny.module.saved.model = std::string(3000000, 'j');
  const std::string source = emit_program(tiny.module, tiny.plan, {"tiny", 32});
  EXPECT_THAT(source, Not(HasSubstr(std::string(200, 'j'))));
  EXPECT_EQ(compile(source), "");
}

TEST(Names, LiteralsMeanTheSameBytes) {
  const std::string text =
      "quote \" backslash \\ newline \n tab \t nul \1"
      "23 ü ?\?= end";
  EXPECT_EQ(string_literal(text),
            "\"quote \\\" backslash \\\\ newline \\n\"\n\" tab \\t nul \\00123 \\303\\274 ?\\?= end\"");
  EXPECT_EQ(string_literal(""), "\"\"");
}

TEST(Names, ScopesMakeNamesDifferent) {
  Scope scope({"x"});
  EXPECT_EQ(scope.add("x"), "x_2");
  EXPECT_EQ(scope.add("conv2d/kernel:0"), "conv2d_kernel_0");
  EXPECT_EQ(scope.add("conv2d kernel 0"), "conv2d_kernel_0_2");
  EXPECT_EQ(scope.add("for"), "for_");
  EXPECT_EQ(scope.add("//"), "unnamed");
}

}  // namespace
}  // namespace kcc
