#include "runtime/callbacks/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kcc::runtime {
namespace {

// What Python's eval gives for epoch = 7, lr = float32(0.01); its True is our 1.
TEST(Expression, GivesWhatPythonGives) {
  const std::pair<const char*, const char*> rows[] = {
      {"0.1 * 0.5 ** floor((1 + epoch) / 10)", "0.1"},
      {"lr * 0.9 if epoch >= 3 else lr", "0.008999999798834325"},
      {"lr if epoch < 5 else lr * math.exp(-0.1)", "0.009048373978112673"},
      {"-2 ** 2", "-4"},
      {"2 ** -1", "0.5"},
      {"2 ** 3 ** 2", "512"},
      {"(-2) ** 2", "4"},
      {"7 // 2", "3"},
      {"-7 // 2", "-4"},
      {"-7 % 3", "2"},
      {"7 % -3", "-2"},
      {"-7.5 // 2", "-4.0"},
      {"-7 % 0.5", "0.0"},
      {"7 % -0.5", "-0.0"},
      {"-0.5 // -1", "0.0"},
      {"-7.5 % 2", "0.5"},
      {"7.5 % -2", "-0.5"},
      {"1 / 3", "0.3333333333333333"},
      {"10 ** 3", "1000"},
      {"10 ** 30", "1e+30"},
      {"1 < 2 < 3", "1"},
      {"1 < 2 > 3", "0"},
      {"not epoch", "0"},
      {"epoch and lr", "0.009999999776482582"},
      {"0 or lr", "0.009999999776482582"},
      {"1e-3 + .5", "0.501"},
      {"min(lr, 0.1, 1)", "0.009999999776482582"},
      {"max(1, 2.0)", "2.0"},
      {"round(2.5)", "2"},
      {"round(3.5)", "4"},
      {"round(2.675, 2)", "2.67"},
      {"int(-2.7)", "-2"},
      {"ceil(1.2)", "2"},
      {"floor(-1.5)", "-2"},
      {"abs(-3)", "3"},
      {"sqrt(2)", "1.4142135623730951"},
      {"log(8, 2)", "3.0"},
      {"log(10)", "2.302585092994046"},
      {"cos(pi)", "-1.0"},
      {"float(3)", "3.0"},
      {"pow(2, 0.5)", "1.4142135623730951"},
      {"lr * 0.1 if epoch > 10 else lr * 0.5 if epoch > 5 else lr", "0.004999999888241291"},
      {"lr * (1 - epoch / 10) ** 0.9", "0.003383834543381901"},
      {"0.5 * lr * (1 + cos(pi * epoch / 10))", "0.002061073692469047"},
      {"1 == 1.0", "1"},
      {"3 != 3", "0"},
      {"+-+2", "-2"},
      {"epoch // 3 * 2", "4"},
      {"2 * 3 % 4", "2"},
      {"not 1 == 2", "1"},
      {"1 - 2 - 3", "-4"},
      {"(1 if epoch == 7 else 2) * 3", "3"},
  };
  for (const auto& [text, value] : rows) {
    const Result<Expression> expression = Expression::parse(text, {"epoch", "lr"});
    ASSERT_TRUE(expression) << expression.error().message;
    const Result<PythonNumber> seen = expression->evaluate({int64_t{7}, 0.009999999776482582});
    ASSERT_TRUE(seen) << text << ": " << seen.error().message;
    EXPECT_EQ(print(*seen), value) << text;
  }
}

TEST(Expression, TakesVariablesOfOtherNames) {
  const Result<Expression> expression = Expression::parse("e * 2", {"e"});
  ASSERT_TRUE(expression);
  EXPECT_EQ(print(*expression->evaluate({int64_t{7}, 0.5})), "14");
}

TEST(Expression, SaysWhereItIsWrong) {
  const std::pair<std::string, const char*> rows[] = {
      {"", "'': expected a number, a variable or a function, received its end"},
      {"1 +", "'1 +': expected a number, a variable or a function, received its end"},
      {"1 2", "'1 2': expected an operator, received '2'"},
      {"(1", "'(1': expected ')', received its end"},
      {"1 if 2", "'1 if 2': expected 'else', received its end"},
      {"epch * 2", "'epch * 2': unknown name 'epch', did you mean 'epoch'?"},
      {"os.system(1)", "'os.system(1)': unknown name 'os.system'"},
      {"1 + not 2", "'1 + not 2': unknown name 'not'"},
      {"exp(1, 2)", "'exp(1, 2)': exp takes 1 arguments, received 2"},
      {"exp", "'exp': expected '(', received its end"},
      {"1 $ 2", "'1 $ 2': expected an operator, received '$'"},
      {std::string(1000, '('), "nested too deeply"},
  };
  for (const auto& [text, message] : rows) {
    const Result<Expression> expression = Expression::parse(text, {"epoch", "lr"});
    ASSERT_FALSE(expression) << text;
    EXPECT_THAT(expression.error().message, testing::HasSubstr(message));
  }
}

TEST(Expression, RefusesWhatPythonRefuses) {
  const std::pair<const char*, const char*> rows[] = {
      {"1 / 0", "division by zero"},
      {"1.0 // 0", "division by zero"},
      {"5 % 0", "division by zero"},
      {"0.0 ** -1", "0.0 cannot be raised to a negative power"},
      {"(-2.0) ** 0.5", "a fractional power of a negative number"},
      {"exp(1000)", "the result is out of range"},
      {"10.0 ** 400", "the result is out of range"},
      {"log(0)", "the logarithm of 0.0"},
      {"sqrt(-1)", "the square root of -1.0"},
      {"floor(1e300)", "cannot convert 1e+300 to an integer"},
  };
  for (const auto& [text, message] : rows) {
    const Result<Expression> expression = Expression::parse(text, {});
    ASSERT_TRUE(expression) << expression.error().message;
    const Result<PythonNumber> value = expression->evaluate({});
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().message, message);
  }
}

}  // namespace
}  // namespace kcc::runtime
