// Writer's element-wise operations.
#include <fmt/format.h>

#include <algorithm>

#include "codegen/cpp/writer.h"
#include "compiler/support/check.h"

namespace kcc::cpp {
namespace {

// Integers wrap around, which + does not promise: templates/cpp/functions.h.
const char* arithmetic(OpKind op, DType dtype) {
  const bool is_function = dtype == DType::kI32;
  switch (op) {
    case OpKind::kAdd:
      return is_function ? "plus" : "+";
    case OpKind::kSub:
      return is_function ? "minus" : "-";
    case OpKind::kMul:
      return is_function ? "times" : "*";
    default:
      return dtype == DType::kF32 ? "/" : "quotient";
  }
}

const char* comparison(OpKind op) {
  switch (op) {
    case OpKind::kEq:
      return "==";
    case OpKind::kNe:
      return "!=";
    case OpKind::kLt:
      return "<";
    case OpKind::kLe:
      return "<=";
    case OpKind::kGt:
      return ">";
    default:
      return ">=";
  }
}

const char* function_of(OpKind op) {
  switch (op) {
    case OpKind::kAbs:
      return "magnitude";
    case OpKind::kSign:
      return "sign_of";
    case OpKind::kExp:
      return "exp_of";
    case OpKind::kExpm1:
      return "expm1_of";
    case OpKind::kLog:
      return "log_of";
    case OpKind::kLog1p:
      return "log1p_of";
    case OpKind::kSqrt:
      return "root";
    case OpKind::kTanh:
      return "tanh_of";
    case OpKind::kSigmoid:
      return "sigmoid";
    case OpKind::kErf:
      return "erf_of";
    case OpKind::kSin:
      return "sin_of";
    case OpKind::kCos:
      return "cos_of";
    case OpKind::kFloor:
      return "floor_of";
    case OpKind::kRound:
      return "nearest";
    case OpKind::kNot:
      return "no";
    case OpKind::kRelu:
      return "relu";
    case OpKind::kMax:
      return "larger";
    case OpKind::kMin:
      return "smaller";
    case OpKind::kPow:
      return "power";
    case OpKind::kSelect:
      return "select";
    default:
      return nullptr;
  }
}

int depth_of(const std::vector<Value>& values) {
  int depth = 0;
  for (const Value& value : values) depth = std::max(depth, value.depth);
  return depth;
}

const char* conversion(DType to) {
  return to == DType::kF32 ? "to_floats" : to == DType::kI32 ? "to_ints" : "to_words";
}

}  // namespace

Value Writer::call(const std::string& function, DType dtype, std::vector<Value> operands) {
  const bool is_vector = std::any_of(operands.begin(), operands.end(), [](const Value& v) { return v.is_vector; });
  const int depth = depth_of(operands);
  std::string arguments;
  for (const Value& value : operands) {
    const Value outer = value.depth < depth ? named(value) : value;
    arguments += (arguments.empty() ? "" : ", ") + (is_vector ? spread(outer) : outer).text;
  }
  return {fmt::format("{}({})", function, arguments), dtype, depth, is_vector, false};
}

Value Writer::infix(const std::string& op, DType dtype, const Value& a, const Value& b) {
  const int depth = std::max(a.depth, b.depth);
  const bool is_vector = a.is_vector || b.is_vector;
  const auto side = [&](const Value& value) {
    Value outer = value.depth < depth ? named(value) : value;
    if (is_vector && value.dtype == DType::kBool) outer = spread(outer);
    return outer.is_infix ? "(" + outer.text + ")" : outer.text;
  };
  return {fmt::format("{} {} {}", side(a), op, side(b)), dtype, depth, is_vector, false, true};
}

Value Writer::elementwise(const Node& n, const Position& position) {
  const DType from = node(n.inputs[0]).type.dtype, to = n.type.dtype;
  std::vector<Value> operands;
  for (ValueId input : n.inputs) operands.push_back(at(input, position));
  const Value x = operands[0];
  switch (n.op) {
    case OpKind::kNeg:
      if (from == DType::kI32) return call("minus", to, {{"0", from, 0, false, true}, x});
      return {x.is_infix ? "-(" + x.text + ")" : "-" + x.text, to, x.depth, x.is_vector, false};
    case OpKind::kRsqrt: {
      const Value root = call("root", to, {x});
      return infix("/", to, {"1.0f", to, 0, false, true}, root);
    }
    case OpKind::kIsNan:
      if (from == DType::kF32) return call("is_nan", to, {x});
      return {"false", to, 0, false, true};
    case OpKind::kCast: {
      if (from == to) return x;
      if (to == DType::kBool) return infix("!=", to, x, {"0", from, 0, false, true});
      Value ones = from == DType::kBool ? call("to_ones", DType::kI32, {x}) : x;
      return to == ones.dtype ? ones : call(conversion(to), to, {ones});
    }
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kDiv: {
      const std::string op = arithmetic(n.op, to);
      return op.size() == 1 ? infix(op, to, x, operands[1]) : call(op, to, operands);
    }
    case OpKind::kEq:
    case OpKind::kNe:
    case OpKind::kLt:
    case OpKind::kLe:
    case OpKind::kGt:
    case OpKind::kGe:
      return infix(comparison(n.op), to, x, operands[1]);
    case OpKind::kAnd:
    case OpKind::kOr: {
      const bool is_vector = x.is_vector || operands[1].is_vector;
      const std::string sign = n.op == OpKind::kAnd ? "&" : "|";
      return infix(is_vector ? sign : sign + sign, to, x, operands[1]);
    }
    case OpKind::kPow: {
      const Value y = operands[1];
      const Value base = named(x);
      if (y.text == "1.0f") return base;
      if (y.text == "2.0f") return infix("*", to, base, base);
      if (y.text == "3.0f") return infix("*", to, infix("*", to, base, base), base);
      if (y.text == "-1.0f") return infix("/", to, {"1.0f", to, 0, false, true}, base);
      break;
    }
    default:
      break;
  }
  KCC_CHECK(function_of(n.op) != nullptr, "an element-wise operation");
  return call(function_of(n.op), to, operands);
}

}  // namespace kcc::cpp
