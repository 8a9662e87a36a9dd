// The syntax tree of --define's Python subset, with a place for every part. parser makes it, interpreter runs it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frontend/json.h"

namespace kcc::python {

using json::Mark;

struct Function;

enum class ExprKind {
  kNone,
  kEllipsis,
  kBool,           // integer: 0 or 1
  kInteger,        // integer
  kFloat,          // number
  kString,         // text
  kFormatted,      // an f-string, which is only read over: messages have them
  kName,           // text
  kTuple,          // parts
  kList,           // parts
  kComprehension,  // parts: element, target, what is walked over, conditions...
  kUnary,          // text: -, +, ~ or not; parts: operand
  kBinary,         // text: the operator; parts: two operands
  kBoolean,        // text: and, or; parts: two operands
  kCompare,        // parts: operands; names: the operators between them
  kConditional,    // parts: condition, value, otherwise
  kLambda,         // function
  kCall,           // parts: callee, arguments; names: of keyword arguments, "" by position, "*" unpacked
  kAttribute,      // parts: object; text: attribute
  kSubscript,      // parts: object, index
  kSlice,          // parts: start, stop, step; kNone where left out
};

struct Expr {
  ExprKind kind = ExprKind::kNone;
  Mark mark;
  std::string text = {};
  int64_t integer = 0;
  double number = 0;
  std::vector<Expr> parts = {};
  std::vector<std::string> names = {};
  std::shared_ptr<Function> function = {};
  int depth = 1;  // of the tree from here on
};

enum class StmtKind {
  kExpr,       // exprs: one
  kReturn,     // exprs: one
  kAssign,     // exprs: targets..., value
  kAugmented,  // exprs: target, value; text: the operator without '='
  kIf,         // exprs: condition; body, otherwise
  kFor,        // exprs: target, what is walked over; body
  kWhile,      // exprs: condition; body
  kBreak,
  kContinue,
  kPass,
  kAssert,  // exprs: condition
  kRaise,
  kDefine,  // function
  kImport,  // imports
};

struct Import {
  std::string name;    // that it binds
  std::string module;  // "keras.backend"
  std::string member;  // "" or the name inside the module
};

struct Stmt {
  StmtKind kind = StmtKind::kPass;
  Mark mark;
  std::string text = {};
  std::vector<Expr> exprs = {};
  std::vector<Stmt> body = {}, otherwise = {};
  std::vector<Import> imports = {};
  std::shared_ptr<Function> function = {};
};

struct Parameter {
  std::string name;
  Mark mark;
  std::optional<Expr> fallback = {};
  bool keyword_only = false;
};

// A def or a lambda, whose body is one return.
struct Function {
  std::string name;  // "lambda"
  std::string file;
  Mark mark;
  std::vector<Parameter> parameters = {};
  std::vector<Stmt> body = {};
};

// One file.
struct Source {
  std::string file;
  std::vector<Stmt> body;
};

}  // namespace kcc::python
