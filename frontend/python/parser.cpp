#include "frontend/python/parser.h"

#include "frontend/python/parse_expression.h"

namespace kcc::python {
namespace {

// What Python has and functions over arrays do not need.
constexpr const char* kRefused[] = {"async", "await", "class", "del", "global", "nonlocal", "try", "with", "yield"};

class Parser {
 public:
  explicit Parser(Cursor& c) : c_(c) {}

  std::vector<Stmt> file() {
    std::vector<Stmt> body;
    while (!c_.failed() && !c_.is(TokenKind::kEnd))
      if (!c_.accept(TokenKind::kNewline)) statement(body);
    return body;
  }

 private:
  // One line may hold several.
  void statement(std::vector<Stmt>& body) {
    if (++depth_ > kMostDepth) c_.fail(c_.mark(), "the statement is nested too deep");
    any_statement(body);
    --depth_;
  }

  void any_statement(std::vector<Stmt>& body) {
    if (c_.is("@")) return decorated(body);
    for (const char* word : kRefused)
      if (c_.is_word(word))
        return c_.fail(c_.mark(), fmt::format("'{}' is not supported in functions over arrays", word),
                       "write functions with assignments, if, for and return");
    if (c_.is_word("def")) return body.push_back(define());
    if (c_.is_word("if")) return body.push_back(branch());
    if (c_.is_word("for")) return body.push_back(loop());
    if (c_.is_word("while")) return body.push_back(while_loop());
    do {
      body.push_back(simple());
    } while (c_.accept(";") && !c_.is(TokenKind::kNewline));
    if (!c_.accept(TokenKind::kNewline)) c_.expected("the end of the line");
  }

  // Decorators that register or compile a function do not change what it computes.
  void decorated(std::vector<Stmt>& body) {
    const Mark mark = c_.take().mark;
    const Expr decorator = parse_expression(c_);
    const Expr& callee = decorator.kind == ExprKind::kCall ? decorator.parts[0] : decorator;
    const bool harmless = callee.text == "register_keras_serializable" || callee.text == "function";
    if (!harmless) c_.fail(mark, fmt::format("the decorator '{}' is not supported", callee.text));
    if (!c_.accept(TokenKind::kNewline)) c_.expected("the end of the line");
    if (!c_.is_word("def") && !c_.is("@")) return c_.expected("'def'");
    statement(body);
  }

  Stmt define() {
    Stmt s{StmtKind::kDefine, c_.take().mark};
    s.function = std::make_shared<Function>(Function{"", c_.file(), c_.mark()});
    s.function->name = c_.expect_name("the function's name");
    c_.expect("(");
    s.function->parameters = parse_parameters(c_, ")", true);
    c_.expect(")");
    if (c_.accept("->")) parse_expression(c_);
    s.function->body = block();
    return s;
  }

  std::vector<Stmt> block() {
    std::vector<Stmt> body;
    c_.expect(":");
    if (!c_.accept(TokenKind::kNewline)) {
      statement(body);
      return body;
    }
    while (c_.accept(TokenKind::kNewline)) continue;
    if (!c_.accept(TokenKind::kIndent)) c_.expected("an indented block");
    while (!c_.failed() && !c_.accept(TokenKind::kDedent))
      if (!c_.accept(TokenKind::kNewline)) statement(body);
    return body;
  }

  Stmt branch() {
    Stmt s{StmtKind::kIf, c_.take().mark};
    if (++depth_ > kMostDepth) c_.fail(s.mark, "too many 'elif'");
    s.exprs.push_back(parse_expression(c_));
    s.body = block();
    if (c_.is_word("elif"))
      s.otherwise.push_back(branch());
    else if (c_.accept_word("else"))
      s.otherwise = block();
    --depth_;
    return s;
  }

  Stmt loop() {
    Stmt s{StmtKind::kFor, c_.take().mark};
    s.exprs.push_back(parse_target(c_));
    check_target(s.exprs[0]);
    if (!c_.accept_word("in")) c_.expected("'in'");
    s.exprs.push_back(parse_expressions(c_));
    s.body = block();
    if (c_.is_word("else")) c_.fail(c_.mark(), "'else' of a loop is not supported");
    return s;
  }

  Stmt while_loop() {
    Stmt s{StmtKind::kWhile, c_.take().mark};
    s.exprs.push_back(parse_expression(c_));
    s.body = block();
    if (c_.is_word("else")) c_.fail(c_.mark(), "'else' of a loop is not supported");
    return s;
  }

  Stmt simple() {
    Stmt s{StmtKind::kPass, c_.mark()};
    const auto word = [&](const char* text, StmtKind kind) { return c_.accept_word(text) && (s.kind = kind, true); };
    if (word("pass", StmtKind::kPass) || word("break", StmtKind::kBreak) || word("continue", StmtKind::kContinue))
      return s;
    if (word("return", StmtKind::kReturn)) {
      s.exprs.push_back(ends_statement() ? Expr{ExprKind::kNone, s.mark} : parse_expressions(c_));
    } else if (word("assert", StmtKind::kAssert)) {
      s.exprs.push_back(parse_expression(c_));
      if (c_.accept(",")) parse_expression(c_);
    } else if (word("raise", StmtKind::kRaise)) {
      if (!ends_statement()) s.exprs.push_back(parse_expression(c_));
    } else if (c_.is_word("import") || c_.is_word("from")) {
      return import();
    } else {
      assignment(s);
    }
    return s;
  }

  bool ends_statement() const { return c_.is(TokenKind::kNewline) || c_.is(";") || c_.is(TokenKind::kEnd); }

  void assignment(Stmt& s) {
    s.kind = StmtKind::kExpr;
    s.exprs.push_back(parse_expressions(c_));
    if (c_.accept(":")) {  // an annotation
      parse_expression(c_);
      if (!c_.is("=")) s.kind = StmtKind::kPass;
    }
    for (const char* op : {"+=", "-=", "*=", "/=", "//=", "%=", "**=", "@=", "&=", "|=", "^="}) {
      if (!c_.accept(op)) continue;
      s.kind = StmtKind::kAugmented;
      s.text = std::string(op).substr(0, std::string(op).size() - 1);
      check_target(s.exprs[0]);
      s.exprs.push_back(parse_expressions(c_));
      return;
    }
    while (c_.accept("=")) {
      s.kind = StmtKind::kAssign;
      check_target(s.exprs.back());
      s.exprs.push_back(parse_expressions(c_));
    }
  }

  void check_target(const Expr& target) {
    if (target.kind == ExprKind::kName || target.kind == ExprKind::kSubscript) return;
    if (target.kind != ExprKind::kTuple && target.kind != ExprKind::kList)
      return c_.fail(target.mark, "what is assigned to must be a name, an element of a list, or several of them");
    for (const Expr& part : target.parts) check_target(part);
  }

  std::string dotted_name() {
    std::string name = c_.expect_name("a module's name");
    while (c_.accept(".")) name += "." + c_.expect_name("a module's name");
    return name;
  }

  Stmt import() {
    Stmt s{StmtKind::kImport, c_.mark()};
    if (c_.accept_word("import")) {
      do {
        const std::string module = dotted_name();
        // `import a.b` binds a.
        const std::string first = module.substr(0, module.find('.'));
        if (c_.accept_word("as"))
          s.imports.push_back({c_.expect_name("a name"), module, ""});
        else
          s.imports.push_back({first, first, ""});
      } while (c_.accept(","));
      return s;
    }
    c_.take();
    if (c_.is(".") || c_.is("..."))
      c_.fail(c_.mark(), "modules beside the file cannot be imported",
              "put all functions into files given with --define");
    const std::string module = dotted_name();
    if (!c_.accept_word("import")) c_.expected("'import'");
    if (c_.is("*")) c_.fail(c_.mark(), "'import *' is not supported", "import the names that are used");
    const bool in_brackets = c_.accept("(");
    do {
      if (in_brackets && c_.is(")")) break;
      const std::string member = c_.expect_name("a name");
      const std::string name = c_.accept_word("as") ? c_.expect_name("a name") : member;
      s.imports.push_back({name, module, member});
    } while (c_.accept(","));
    if (in_brackets) c_.expect(")");
    return s;
  }

  static constexpr int kMostDepth = 150;  // of blocks

  Cursor& c_;
  int depth_ = 0;
};

}  // namespace

std::optional<Source> parse_source(const std::string& text, const std::string& file, Diagnostics& diagnostics) {
  const auto tokens = tokenize(text, file, diagnostics);
  if (!tokens) return std::nullopt;
  Cursor cursor(*tokens, file, diagnostics);
  Source source{file, Parser(cursor).file()};
  if (cursor.failed()) return std::nullopt;
  return source;
}

}  // namespace kcc::python
