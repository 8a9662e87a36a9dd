#include "frontend/python/parse_expression.h"

#include <algorithm>

namespace kcc::python {
namespace {

// Deeper trees would need more stack than there may be: brackets take the parser more of it than chains of operators
// do.
constexpr int kMostBrackets = 64;
constexpr int kMostDepth = 100;

class ExpressionParser {
 public:
  explicit ExpressionParser(Cursor& c, int depth = 0) : c_(c), depth_(depth) {}

  Expr expression() {
    return deeper([this] { return c_.is_word("lambda") ? lambda() : conditional(); });
  }

  Expr expressions() {
    return list_of([this] { return starred(); });
  }

  // Names, elements and tuples of them; `in` must not be taken for an operator.
  Expr target() {
    return list_of([this] { return binary(kBitOr); });
  }

  std::vector<Parameter> parameters(const char* close, bool annotated) {
    std::vector<Parameter> all;
    bool keyword_only = false;
    while (!c_.failed() && !c_.is(close)) {
      if (c_.accept("*")) {
        if (!c_.is(",")) c_.fail(c_.mark(), "functions cannot take any number of arguments here, expected named ones");
        keyword_only = true;
      } else if (c_.is("**")) {
        c_.fail(c_.mark(), "functions cannot take any keyword arguments here, expected named ones");
      } else if (!c_.accept("/")) {
        all.push_back(parameter(annotated));
        all.back().keyword_only = keyword_only;
        const auto same = [&](const Parameter& p) { return p.name == all.back().name; };
        if (std::any_of(all.begin(), all.end() - 1, same))
          c_.fail(all.back().mark, fmt::format("the parameter '{}' is there twice", all.back().name));
        if (!keyword_only && all.size() > 1 && all[all.size() - 2].fallback && !all.back().fallback)
          c_.fail(all.back().mark,
                  fmt::format("the parameter '{}' without a default follows one with a default", all.back().name));
      }
      if (!c_.accept(",")) break;
    }
    return all;
  }

 private:
  // Of binary operators, loosest first.
  enum Level { kBitOr, kBitXor, kBitAnd, kShift, kSum, kTerm, kUnary };

  static const std::vector<const char*>& operators(Level level) {
    static const std::vector<const char*> kTable[] = {{"|"},        {"^"},      {"&"},
                                                      {"<<", ">>"}, {"+", "-"}, {"*", "/", "//", "%", "@"}};
    return kTable[level];
  }

  // Puts a node together and keeps count of its depth: chains of operators grow without recursion here.
  Expr node(ExprKind kind, Mark mark, std::vector<Expr> parts, std::string text = "") {
    Expr e{kind, mark};
    e.text = std::move(text);
    e.parts = std::move(parts);
    for (const Expr& part : e.parts) e.depth = std::max(e.depth, part.depth + 1);
    if (e.depth > kMostDepth) c_.fail(mark, "the expression is nested too deep", "give parts of it names");
    return e;
  }

  template <typename Parse>
  Expr deeper(const Parse& parse) {
    if (++depth_ > kMostBrackets) c_.fail(c_.mark(), "the expression is nested too deep");
    Expr e = parse();
    --depth_;
    return e;
  }

  template <typename Item>
  Expr list_of(const Item& item) {
    const Mark mark = c_.mark();
    std::vector<Expr> items{item()};
    if (!c_.is(",")) return std::move(items[0]);
    while (c_.accept(",") && !ends_list()) items.push_back(item());
    return node(ExprKind::kTuple, mark, std::move(items));
  }

  bool ends_list() const {
    if (c_.is(TokenKind::kNewline) || c_.is(TokenKind::kEnd) || c_.failed()) return true;
    for (const char* end : {")", "]", "}", "=", ";"})
      if (c_.is(end)) return true;
    return c_.is_word("in");
  }

  Expr starred() {
    if (c_.is("*")) c_.fail(c_.mark(), "'*' that unpacks a list is not supported here");
    return expression();
  }

  Parameter parameter(bool annotated) {
    Parameter p{"", c_.mark()};
    p.name = c_.expect_name("a parameter's name");
    if (annotated && c_.accept(":")) expression();
    if (c_.accept("=")) p.fallback = expression();
    return p;
  }

  Expr lambda() {
    Expr e{ExprKind::kLambda, c_.take().mark};
    e.function = std::make_shared<Function>(Function{"lambda", c_.file(), e.mark});
    e.function->parameters = parameters(":", false);
    c_.expect(":");
    Stmt result{StmtKind::kReturn, c_.mark()};
    result.exprs.push_back(expression());
    e.function->body.push_back(std::move(result));
    return e;
  }

  Expr conditional() {
    Expr value = disjunction();
    if (!c_.is_word("if")) return value;
    const Mark mark = c_.take().mark;
    Expr condition = disjunction();
    if (!c_.accept_word("else")) c_.expected("'else'");
    Expr otherwise = expression();
    return node(ExprKind::kConditional, mark, {std::move(condition), std::move(value), std::move(otherwise)});
  }

  Expr disjunction() {
    Expr left = conjunction();
    while (c_.is_word("or")) {
      const Mark mark = c_.take().mark;
      left = node(ExprKind::kBoolean, mark, {std::move(left), conjunction()}, "or");
    }
    return left;
  }

  Expr conjunction() {
    Expr left = negation();
    while (c_.is_word("and")) {
      const Mark mark = c_.take().mark;
      left = node(ExprKind::kBoolean, mark, {std::move(left), negation()}, "and");
    }
    return left;
  }

  Expr negation() {
    if (!c_.is_word("not")) return comparison();
    const Mark mark = c_.take().mark;
    Expr operand = deeper([this] { return negation(); });
    return node(ExprKind::kUnary, mark, {std::move(operand)}, "not");
  }

  std::string comparator() {
    for (const char* op : {"==", "!=", "<", "<=", ">", ">="})
      if (c_.accept(op)) return op;
    if (c_.accept_word("in")) return "in";
    if (c_.accept_word("is")) return c_.accept_word("not") ? "is not" : "is";
    if (!c_.is_word("not") || c_.peek(1).text != "in") return "";
    c_.take();
    c_.take();
    return "not in";
  }

  Expr comparison() {
    Expr first = binary(kBitOr);
    const Mark mark = c_.mark();
    std::vector<Expr> operands;
    std::vector<std::string> names;
    for (std::string op = comparator(); !op.empty(); op = comparator()) {
      if (operands.empty()) operands.push_back(std::move(first));
      names.push_back(op);
      operands.push_back(binary(kBitOr));
    }
    if (operands.empty()) return first;
    Expr e = node(ExprKind::kCompare, mark, std::move(operands));
    e.names = std::move(names);
    return e;
  }

  Expr binary(Level level) {
    if (level == kUnary) return unary();
    const Level next = static_cast<Level>(level + 1);
    Expr left = binary(next);
    for (bool again = true; again;) {
      again = false;
      for (const char* op : operators(level)) {
        if (!c_.is(op)) continue;
        const Mark mark = c_.take().mark;
        left = node(ExprKind::kBinary, mark, {std::move(left), binary(next)}, op);
        again = true;
      }
    }
    return left;
  }

  Expr unary() {
    for (const char* op : {"-", "+", "~"}) {
      if (!c_.is(op)) continue;
      const Mark mark = c_.take().mark;
      Expr operand = deeper([this] { return unary(); });
      return node(ExprKind::kUnary, mark, {std::move(operand)}, op);
    }
    return power();
  }

  // -x ** -y is -(x ** (-y))
  Expr power() {
    Expr base = postfix();
    if (!c_.is("**")) return base;
    const Mark mark = c_.take().mark;
    Expr exponent = deeper([this] { return unary(); });
    return node(ExprKind::kBinary, mark, {std::move(base), std::move(exponent)}, "**");
  }

  Expr postfix() {
    Expr e = atom();
    for (;;) {
      const Mark mark = c_.mark();
      if (c_.accept(".")) {
        const Mark name_mark = c_.mark();
        std::string name = c_.expect_name("an attribute's name");
        e = node(ExprKind::kAttribute, name_mark, {std::move(e)}, std::move(name));
      } else if (c_.accept("(")) {
        e = call(std::move(e), mark);
      } else if (c_.accept("[")) {
        Expr index = list_of([this] { return subscript(); });
        c_.expect("]");
        e = node(ExprKind::kSubscript, mark, {std::move(e), std::move(index)});
      } else {
        return e;
      }
    }
  }

  Expr call(Expr callee, Mark mark) {
    // A call stands where its function's name does.
    mark = callee.kind == ExprKind::kName || callee.kind == ExprKind::kAttribute ? callee.mark : mark;
    std::vector<Expr> parts{std::move(callee)};
    std::vector<std::string> names;
    while (!c_.failed() && !c_.is(")")) {
      std::string name;
      if (c_.accept("*")) {
        name = "*";
      } else if (c_.is("**")) {
        c_.fail(c_.mark(), "'**' that unpacks a dictionary is not supported here");
      } else if (c_.is(TokenKind::kName) && c_.peek(1).kind == TokenKind::kOperator && c_.peek(1).text == "=") {
        name = c_.expect_name("an argument's name");
        c_.take();
        if (std::find(names.begin(), names.end(), name) != names.end())
          c_.fail(c_.mark(), fmt::format("the argument '{}' is given twice", name));
      } else if (!names.empty() && !names.back().empty() && names.back() != "*") {
        c_.fail(c_.mark(), "an argument by position follows one by name");
      }
      names.push_back(name);
      parts.push_back(expression());
      if (c_.is_word("for")) parts.back() = comprehension(std::move(parts.back()));
      if (!c_.accept(",")) break;
    }
    c_.expect(")");
    Expr e = node(ExprKind::kCall, mark, std::move(parts));
    e.names = std::move(names);
    return e;
  }

  // An index, or start:stop:step.
  Expr subscript() {
    const Mark mark = c_.mark();
    const auto part = [&] {
      return c_.is(":") || c_.is("]") || c_.is(",") ? Expr{ExprKind::kNone, mark} : expression();
    };
    Expr first = part();
    if (!c_.accept(":")) return first;
    Expr stop = part();
    Expr step = c_.accept(":") ? part() : Expr{ExprKind::kNone, mark};
    return node(ExprKind::kSlice, mark, {std::move(first), std::move(stop), std::move(step)});
  }

  // After its element.
  Expr comprehension(Expr element) {
    const Mark mark = c_.take().mark;
    Expr targets = target();
    if (!c_.accept_word("in")) c_.expected("'in'");
    std::vector<Expr> parts{std::move(element), std::move(targets), disjunction()};
    while (c_.accept_word("if")) parts.push_back(disjunction());
    if (c_.is_word("for"))
      c_.fail(c_.mark(), "a comprehension with several 'for' is not supported", "nest two of them");
    return node(ExprKind::kComprehension, mark, std::move(parts));
  }

  Expr bracketed(const char* close, ExprKind kind) {
    const Mark mark = c_.take().mark;
    std::vector<Expr> items;
    bool comma = false;
    while (!c_.failed() && !c_.is(close)) {
      items.push_back(starred());
      if (c_.is_word("for")) {
        Expr all = comprehension(std::move(items.back()));
        c_.expect(close);
        return all;
      }
      comma = c_.accept(",");
      if (!comma) break;
    }
    c_.expect(close);
    if (kind == ExprKind::kTuple && items.size() == 1 && !comma) return std::move(items[0]);
    return node(kind, mark, std::move(items));
  }

  Expr atom() {
    const Token& token = c_.peek();
    Expr e{ExprKind::kNone, token.mark};
    if (c_.failed()) return e;
    switch (token.kind) {
      case TokenKind::kInteger:
        e.kind = ExprKind::kInteger;
        e.integer = token.integer;
        break;
      case TokenKind::kFloat:
        e.kind = ExprKind::kFloat;
        e.number = token.number;
        break;
      case TokenKind::kString:
      case TokenKind::kFormatted:
        return string();
      case TokenKind::kName:
        return word();
      case TokenKind::kOperator:
        if (token.text == "(") return bracketed(")", ExprKind::kTuple);
        if (token.text == "[") return bracketed("]", ExprKind::kList);
        if (token.text == "{") c_.fail(e.mark, "dictionaries and sets are not supported");
        e.kind = ExprKind::kEllipsis;
        if (token.text == "...") break;
        c_.expected("an expression");
        return e;
      default:
        c_.expected("an expression");
        return e;
    }
    c_.take();
    return e;
  }

  // Neighbours are one string.
  Expr string() {
    Expr e{ExprKind::kString, c_.mark()};
    while (c_.is(TokenKind::kString) || c_.is(TokenKind::kFormatted)) {
      if (c_.is(TokenKind::kFormatted)) e.kind = ExprKind::kFormatted;
      e.text += c_.take().text;
    }
    return e;
  }

  Expr word() {
    Expr e{ExprKind::kName, c_.mark()};
    e.text = c_.peek().text;
    if (e.text == "None") {
      e.kind = ExprKind::kNone;
    } else if (e.text == "True" || e.text == "False") {
      e.kind = ExprKind::kBool;
      e.integer = e.text == "True";
    } else if (is_keyword(e.text)) {
      c_.expected("an expression");
      return e;
    }
    c_.take();
    return e;
  }

  Cursor& c_;
  int depth_;
};

}  // namespace

Expr parse_expression(Cursor& cursor) {
  return ExpressionParser(cursor).expression();
}
Expr parse_expressions(Cursor& cursor) {
  return ExpressionParser(cursor).expressions();
}
Expr parse_target(Cursor& cursor) {
  return ExpressionParser(cursor).target();
}
std::vector<Parameter> parse_parameters(Cursor& cursor, const char* close, bool annotated) {
  return ExpressionParser(cursor).parameters(close, annotated);
}

}  // namespace kcc::python
