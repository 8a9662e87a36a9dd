#include "runtime/callbacks/expression.h"

#include <algorithm>
#include <cctype>

#include "runtime/callbacks/arithmetic.h"
#include "runtime/callbacks/python_call.h"
#include "runtime/format.h"
#include "runtime/nearest.h"

namespace kcc::runtime {

enum class NodeKind { kNumber, kVariable, kNegate, kNot, kAnd, kOr, kOperator, kCompare, kChoice, kFunction };

struct Expression::Node {
  NodeKind kind;
  PythonNumber number = int64_t{0};    // of kNumber
  size_t variable = 0;                 // of kVariable
  std::vector<std::string> symbols{};  // of kOperator one, of kCompare one between each two operands
  const MathFunction* function = nullptr;
  std::vector<Node> operands{};  // of kChoice: condition, then, else
};

namespace {

using Node = Expression::Node;

// How tightly each binds, from `a if c else b` to `a ** b`.
enum Binding : int {
  kTernary,
  kOrBinds,
  kAndBinds,
  kNotBinds,
  kComparison,
  kSum,
  kProduct,
  kUnary,
  kPower,
  kNone = -1
};

// An operator of more characters comes before its beginning.
constexpr const char* kSymbols[] = {"**", "//", "<=", ">=", "==", "!=", "+", "-",
                                    "*",  "/",  "%",  "<",  ">",  "(",  ")", ","};
constexpr size_t kDeepest = 200;  // levels of nesting, so that no text can use up the stack

class Parser {
 public:
  Parser(const std::string& text, const std::vector<std::string>& variables) : text_(text), variables_(variables) {
    advance();
  }

  Result<Node> parse() {
    Result<Node> root = expression(kTernary);
    if (!root) return root;
    if (!token_.empty()) return expected("an operator");
    return root;
  }

 private:
  enum class Kind { kEnd, kNumber, kName, kSymbol };

  // The next token: its text, and of a number its value.
  void advance() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    const size_t first = at_;
    kind_ = Kind::kSymbol;
    if (at_ == text_.size()) {
      kind_ = Kind::kEnd;
    } else if (scan_python_number(text_, &at_, &number_)) {
      kind_ = Kind::kNumber;
    } else if (std::isalpha(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_') {
      kind_ = Kind::kName;
      while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_' ||
                                    (text_[at_] == '.' && at_ + 1 < text_.size()))) {
        ++at_;
      }
    } else {
      const auto known = std::find_if(std::begin(kSymbols), std::end(kSymbols), [&](const char* symbol) {
        return text_.compare(at_, std::string(symbol).size(), symbol) == 0;
      });
      at_ += known == std::end(kSymbols) ? 1 : std::string(*known).size();
    }
    token_ = text_.substr(first, at_ - first);
  }

  bool take(const char* token) {
    if (kind_ == Kind::kEnd || token_ != token) return false;
    advance();
    return true;
  }

  Error expected(const char* what) const {
    return make_error("'%s': expected %s, received %s", text_.c_str(), what,
                      kind_ == Kind::kEnd ? "its end" : ("'" + token_ + "'").c_str());
  }

  Binding binding() const {
    if (kind_ == Kind::kEnd || kind_ == Kind::kNumber) return kNone;
    if (token_ == "if") return kTernary;
    if (token_ == "or") return kOrBinds;
    if (token_ == "and") return kAndBinds;
    if (token_ == "+" || token_ == "-") return kSum;
    if (token_ == "*" || token_ == "/" || token_ == "//" || token_ == "%") return kProduct;
    if (token_ == "**") return kPower;
    return is_comparison() ? kComparison : kNone;
  }

  bool is_comparison() const {
    return token_ == "<" || token_ == "<=" || token_ == ">" || token_ == ">=" || token_ == "==" || token_ == "!=";
  }

  // Everything that binds at least so tightly.
  Result<Node> expression(Binding least) {
    if (++depth_ > kDeepest) return make_error("'%s': nested too deeply", text_.c_str());
    Result<Node> left = prefix(least);
    while (left && binding() >= least) {
      left = infix(std::move(*left), binding());
    }
    --depth_;
    return left;
  }

  Result<Node> prefix(Binding least) {
    if (take("+")) return expression(kUnary);
    if (take("-")) return unary(NodeKind::kNegate, kUnary);
    if (kind_ == Kind::kName && least <= kNotBinds && take("not")) return unary(NodeKind::kNot, kNotBinds);
    if (take("(")) {
      Result<Node> inner = expression(kTernary);
      if (inner && !take(")")) return expected("')'");
      return inner;
    }
    if (kind_ == Kind::kName) return name();
    if (kind_ != Kind::kNumber) return expected("a number, a variable or a function");
    Node node{NodeKind::kNumber};
    if (const int64_t* integer = std::get_if<int64_t>(&number_.content))
      node.number = *integer;
    else
      node.number = std::get<double>(number_.content);
    advance();
    return node;
  }

  Result<Node> unary(NodeKind kind, Binding binds) {
    Result<Node> operand = expression(binds);
    if (!operand) return operand;
    Node node{kind};
    node.operands.push_back(std::move(*operand));
    return node;
  }

  Result<Node> infix(Node left, Binding binds) {
    if (binds == kTernary) return choice(std::move(left));
    if (binds == kComparison) return comparison(std::move(left));
    Node node{binds == kOrBinds ? NodeKind::kOr : binds == kAndBinds ? NodeKind::kAnd : NodeKind::kOperator};
    node.symbols.push_back(token_);
    advance();
    // a ** b binds to the right, and -b may stand there.
    Result<Node> right = expression(binds == kPower ? kUnary : static_cast<Binding>(binds + 1));
    if (!right) return right;
    node.operands.push_back(std::move(left));
    node.operands.push_back(std::move(*right));
    return node;
  }

  // a < b < c is a < b and b < c.
  Result<Node> comparison(Node left) {
    Node node{NodeKind::kCompare};
    node.operands.push_back(std::move(left));
    while (kind_ == Kind::kSymbol && is_comparison()) {
      node.symbols.push_back(token_);
      advance();
      Result<Node> right = expression(kSum);
      if (!right) return right;
      node.operands.push_back(std::move(*right));
    }
    return node;
  }

  Result<Node> choice(Node value) {
    advance();
    Result<Node> condition = expression(kOrBinds);
    if (!condition) return condition;
    if (!take("else")) return expected("'else'");
    Result<Node> other = expression(kTernary);
    if (!other) return other;
    Node node{NodeKind::kChoice};
    node.operands.push_back(std::move(*condition));
    node.operands.push_back(std::move(value));
    node.operands.push_back(std::move(*other));
    return node;
  }

  // "math.exp" is "exp", "np.pi" is "pi".
  Result<Node> name() {
    const std::string whole = token_;
    const std::string module = whole.substr(0, whole.find('.'));
    const bool qualified = module == "math" || module == "np" || module == "numpy" || module == "ops" ||
                           module == "keras" || module == "K" || module == "tf";
    const std::string name = qualified ? whole.substr(whole.rfind('.') + 1) : whole;
    advance();
    const auto variable = std::find(variables_.begin(), variables_.end(), name);
    if (variable != variables_.end()) {
      Node node{NodeKind::kVariable};
      node.variable = static_cast<size_t>(variable - variables_.begin());
      return node;
    }
    Node node{NodeKind::kNumber};
    if (name == "True") return node.number = int64_t{1}, node;
    if (name == "False") return node;
    if (name == "pi") return node.number = 3.141592653589793, node;
    if (name == "e") return node.number = 2.718281828459045, node;
    const MathFunction* function = find_function(name);
    if (function != nullptr) return call(*function);
    std::vector<std::string> known = function_names();
    known.insert(known.end(), variables_.begin(), variables_.end());
    return make_error("'%s': unknown name '%s'%s", text_.c_str(), whole.c_str(), did_you_mean(name, known).c_str());
  }

  Result<Node> call(const MathFunction& function) {
    if (!take("(")) return expected("'('");
    Node node{NodeKind::kFunction};
    node.function = &function;
    while (!take(")")) {
      Result<Node> argument = expression(kTernary);
      if (!argument) return argument;
      node.operands.push_back(std::move(*argument));
      if (take(",")) continue;
      if (!take(")")) return expected("',' or ')'");
      break;
    }
    if (node.operands.size() >= function.least && node.operands.size() <= function.most) return node;
    return make_error("'%s': %s takes %zu arguments, received %zu", text_.c_str(), function.name, function.least,
                      node.operands.size());
  }

  const std::string& text_;
  const std::vector<std::string>& variables_;
  size_t at_ = 0;
  size_t depth_ = 0;
  Kind kind_ = Kind::kEnd;
  std::string token_;
  PythonValue number_;
};

using Values = std::vector<PythonNumber>;

Result<PythonNumber> evaluate(const Node& node, const Values& variables);

Result<PythonNumber> evaluate_comparison(const Node& node, const Values& variables) {
  Result<PythonNumber> left = evaluate(node.operands[0], variables);
  for (size_t i = 0; left && i < node.symbols.size(); ++i) {
    Result<PythonNumber> right = evaluate(node.operands[i + 1], variables);
    if (!right) return right;
    const Result<PythonNumber> holds = apply_operator(node.symbols[i], *left, *right);
    if (!holds || !is_true(*holds) || i + 1 == node.symbols.size()) return holds;
    left = std::move(right);
  }
  return left;
}

Result<PythonNumber> evaluate(const Node& node, const Values& variables) {
  if (node.kind == NodeKind::kNumber) return node.number;
  if (node.kind == NodeKind::kVariable) return variables[node.variable];
  if (node.kind == NodeKind::kCompare) return evaluate_comparison(node, variables);
  const Result<PythonNumber> first = evaluate(node.operands[0], variables);
  if (!first) return first;
  switch (node.kind) {
    case NodeKind::kNegate:
      return apply_operator("*", *first, int64_t{-1});
    case NodeKind::kNot:
      return PythonNumber(static_cast<int64_t>(!is_true(*first)));
    case NodeKind::kAnd:
      return is_true(*first) ? evaluate(node.operands[1], variables) : first;
    case NodeKind::kOr:
      return is_true(*first) ? first : evaluate(node.operands[1], variables);
    case NodeKind::kChoice:
      return evaluate(node.operands[is_true(*first) ? 1 : 2], variables);
    default:
      break;
  }
  Values values = {*first};
  for (size_t i = 1; i < node.operands.size(); ++i) {
    const Result<PythonNumber> value = evaluate(node.operands[i], variables);
    if (!value) return value;
    values.push_back(*value);
  }
  return node.function != nullptr ? node.function->call(values) : apply_operator(node.symbols[0], values[0], values[1]);
}

}  // namespace

std::string print(const PythonNumber& number) {
  const int64_t* integer = std::get_if<int64_t>(&number);
  return integer ? std::to_string(*integer) : python_repr(std::get<double>(number));
}

Expression::Expression(std::unique_ptr<Node> root) : root_(std::move(root)) {}
Expression::Expression(Expression&&) noexcept = default;
Expression::~Expression() = default;

Result<Expression> Expression::parse(const std::string& text, const std::vector<std::string>& variables) {
  Result<Node> root = Parser(text, variables).parse();
  if (!root) return root.error();
  return Expression(std::make_unique<Node>(std::move(*root)));
}

Result<PythonNumber> Expression::evaluate(const std::vector<PythonNumber>& variables) const {
  return runtime::evaluate(*root_, variables);
}

}  // namespace kcc::runtime
