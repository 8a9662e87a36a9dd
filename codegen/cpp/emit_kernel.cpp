#include "codegen/cpp/emit_kernel.h"

#include <fmt/format.h>

#include <cctype>
#include <sstream>

#include "codegen/cpp/families.h"
#include "codegen/cpp/writer.h"
#include "codegen/kernel_helpers.h"
#include "codegen/names.h"
#include "compiler/support/check.h"

namespace kcc::cpp {
namespace {

Statements statements_of(const Kernel& kernel) {
  switch (kernel.family) {
    case Family::kPointwise:
      return write_pointwise(kernel);
    case Family::kRows:
    case Family::kReduction:
      return write_reduction(kernel);
    case Family::kMatMul:
    case Family::kBatchMatMul:
      return write_product(kernel);
    case Family::kConv:
    case Family::kConvInputGrad:
    case Family::kConvWeightGrad:
      return write_convolution(kernel);
    case Family::kMaxPool:
    case Family::kAvgPool:
      return write_pool(kernel);
    case Family::kMaxPoolGrad:
    case Family::kAvgPoolGrad:
      return write_pool_gradient(kernel);
    case Family::kScatter:
      return write_scatter(kernel);
    default:
      KCC_CHECK(false, "a family with a kernel");
  }
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

bool mentions(const std::string& text, const std::string& name) {
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const size_t end = at + name.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

// Two spaces for each brace that is open.
std::string indented(const std::string& text, size_t depth) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] == '}') --depth;
    result += std::string(2 * depth, ' ') + line + "\n";
    if (!line.empty() && line.back() == '{') ++depth;
  }
  return result;
}

// Results that grow with the batch overlap nothing; others may take the place of an operand.
std::string parameters(const Kernel& kernel, const std::string& text) {
  std::vector<std::string> list;
  const auto add = [&](const char* constness, const Type& type, const std::string& name) {
    const bool alone = *constness == '\0' && element_count(type.shape).batched;
    const std::string shown = mentions(text, name) ? name : "/*" + name + "*/";
    list.push_back(fmt::format("{}{}*{} {}", constness, element_type(type.dtype), alone ? " __restrict" : "", shown));
  };
  const Graph& body = kernel.body;
  for (size_t i = 0; i < body.inputs.size(); ++i) add("const ", body.inputs[i].type, fmt::format("in{}", i));
  for (size_t i = 0; i < body.outputs.size(); ++i) add("", body[body.outputs[i].value].type, fmt::format("out{}", i));
  return fmt::format("{}", fmt::join(list, ", "));
}

}  // namespace

KernelFunction emit_kernel(const Kernel& kernel, const std::vector<std::string>& comment) {
  const Statements statements = statements_of(kernel);
  KernelFunction function;
  function.takes_batch = mentions(statements.text, "B");
  function.scratch = (statements.scratch * 4 + 63) / 64 * 64;
  std::string head = fmt::format("void {}({}", kernel.name, parameters(kernel, statements.text));
  if (function.scratch > 0) head += ", float* __restrict scratch";
  if (function.takes_batch) head += ", int64_t B";
  for (const std::string& text : comment) function.text += fmt::format("// {}\n", comment_text(text));
  function.text += fmt::format("{}) {{\n{}}}\n", head, indented(statements.text, 1));
  return function;
}

std::string kernel_helpers() {
  std::istringstream lines(kKernelHelpers);
  std::string text;
  for (std::string line; std::getline(lines, line);)
    if (line != "#pragma once" && line.rfind("#include \"", 0) != 0) text += line + "\n";
  return text;
}

}  // namespace kcc::cpp
