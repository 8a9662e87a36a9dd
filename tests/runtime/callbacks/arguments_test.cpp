#include "runtime/callbacks/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/callbacks/registry.h"

namespace kcc::runtime {
namespace {

using testing::HasSubstr;

TEST(PythonCall, ReadsLiterals) {
  const Result<PythonCall> call = parse_python_call(
      " keras.callbacks.Name('a\\'b', -2, 1., [1, None], flag=True, fn=lambda e, r: max(r, 1) , z=.5e-3,)");
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->name, "Name");
  std::vector<std::string> seen;
  for (const PythonValue& value : call->positional) seen.push_back(python_repr(value));
  for (const auto& [name, value] : call->keywords) seen.push_back(name + "=" + python_repr(value));
  EXPECT_THAT(seen, testing::ElementsAre("'a'b'", "-2", "1.0", "[1, None]", "flag=True", "fn=lambda e, r: max(r, 1) ",
                                         "z=0.0005"));
  EXPECT_TRUE(parse_python_call("TerminateOnNaN"));
}

TEST(PythonCall, RefusesWhatIsNoCallOfLiterals) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "expected a callback such as EarlyStopping(patience=2), received ''"},
      {"A(", "expected a value"},
      {"A(1", "expected ',' or ')', received 'A(1'"},
      {"A(1) B", "expected nothing after ')', received 'B'"},
      {"A(x)", "expected a string, a number, True, False or None, received 'x)'"},
      {"A('x)", "expected a string with its closing quote"},
      {"A(a=1, 2)", "positional argument follows keyword argument"},
      {"A(a=1, a=2)", "keyword argument repeated: a"},
      {"A(lambda: 2)", "expected a parameter of the lambda"},
  };
  for (const auto& [text, message] : rows) {
    const Result<PythonCall> call = parse_python_call(text);
    ASSERT_FALSE(call) << text;
    EXPECT_THAT(call.error().message, HasSubstr(message)) << text;
  }
}

TEST(Callbacks, RefuseWrongArgumentsByName) {
  const std::pair<const char*, const char*> rows[] = {
      {"EarlyStoping()", "unknown callback 'EarlyStoping', did you mean 'EarlyStopping'?"},
      {"Foo()", "unknown callback 'Foo', expected one of BackupAndRestore, CSVLogger, EarlyStopping, "},
      {"EarlyStopping(patince=2)", "unknown argument 'patince' of EarlyStopping, did you mean 'patience'?"},
      {"EarlyStopping(zzz=2)", "unknown argument 'zzz' of EarlyStopping, which takes monitor, min_delta, patience, "},
      {"EarlyStopping(patience='two')", "EarlyStopping: patience: expected a whole number, received 'two'"},
      {"EarlyStopping(patience=1.5)", "EarlyStopping: patience: expected a whole number, received 1.5"},
      {"EarlyStopping('loss', monitor='loss')", "EarlyStopping: 'monitor' is given twice, by place and by name"},
      {"TerminateOnNaN(True, 1)", "TerminateOnNaN takes at most 1 arguments, received 2"},
      {"CSVLogger()", "CSVLogger needs 'filename'"},
      {"CSVLogger('a', separator='::')", "CSVLogger: separator: expected one character, received '::'"},
      {"ReduceLROnPlateau(factor=1.0)", "ReduceLROnPlateau does not support a factor >= 1.0. Received factor=1.0"},
      {"BackupAndRestore('')", "Empty `backup_dir` argument passed"},
      {"BackupAndRestore('b', save_freq='batch')",
       "Invalid value for argument `save_freq`. Received: save_freq=batch. Expected either 'epoch' or an integer "
       "value."},
      {"ModelCheckpoint('a.h6')",
       "The filepath provided must end in `.keras` (Keras model format). Received: filepath=a.h6"},
      {"ModelCheckpoint('a.keras', save_weights_only=True)",
       "When using `save_weights_only=True` in `ModelCheckpoint`, the filepath provided must end in `.weights.h5` "
       "(Keras "
       "weights format). Received: filepath=a.keras"},
      {"ModelCheckpoint('a.keras', save_freq='b')",
       "Unrecognized save_freq: b. Expected save_freq are 'epoch' or integer values"},
      {"LearningRateScheduler('lr *')", "LearningRateScheduler: schedule: 'lr *': expected a number, a variable or a "},
      {"LearningRateScheduler(1.0)", "schedule: expected an expression such as"},
  };
  for (const auto& [text, message] : rows) {
    const Result<PythonCall> call = parse_python_call(text);
    ASSERT_TRUE(call) << text;
    const auto callback = make_callback(*call);
    ASSERT_FALSE(callback) << text;
    EXPECT_THAT(callback.error().message, HasSubstr(message)) << text;
  }
}

}  // namespace
}  // namespace kcc::runtime
