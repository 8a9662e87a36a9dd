#include "frontend/python/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/ops/elementwise.h"

namespace kcc::python {
namespace {

struct ModuleName {
  const char* path;
  ModuleSet set;
};

// The first of each set is what messages say.
constexpr ModuleName kModules[] = {
    {"keras.backend", kBackend},
    {"keras.ops", kOps},
    {"keras.activations", kActivations},
    {"keras.losses", kLosses},
    {"keras.metrics", kLosses},
    {"keras.random", kRandom},
    {"tf", kTf},
    {"tf.math", kMath},
    {"tf.linalg", kMath},
    {"tf.nn", kNn},
    {"tf.random", kTfRandom},
    {"np", kNp},
    {"math", kPyMath},
    {"builtins", kPython},
};

// Roots and inner modules under other names.
constexpr std::pair<const char*, const char*> kAliases[] = {
    {"jax.nn", "keras.ops"},
    {"jax.numpy", "keras.ops"},
    {"keras.backend.tensorflow_backend", "keras.backend"},
    {"keras.ops.nn", "keras.ops"},
    {"keras.ops.numpy", "keras.ops"},
    {"numpy", "np"},
    {"tensorflow", "tf"},
    {"tensorflow.python.keras", "keras"},
    {"tf.keras", "keras"},
    {"tf.python.keras", "keras"},
};

unsigned modules_of(const std::string& path) {
  for (const ModuleName& module : kModules)
    if (path == module.path) return module.set;
  return 0;
}

const std::vector<Builtin>& functions() {
  static const std::vector<Builtin> kAll = [] {
    std::vector<Builtin> all;
    for (auto family :
         {activation_functions, creation_functions, elementwise_functions, joining_functions, loss_functions,
          product_functions, python_functions, random_functions, reduction_functions, shape_functions})
      for (const Builtin& row : family()) all.push_back(row);
    return all;
  }();
  return kAll;
}

const Builtin* find_function(unsigned modules, const std::string& name) {
  for (const Builtin& row : functions())
    if ((row.modules & modules) != 0 && name == row.name) return &row;
  return nullptr;
}

std::vector<std::string> names_in(unsigned modules) {
  std::vector<std::string> names;
  for (const Builtin& row : functions())
    if ((row.modules & modules) != 0) names.push_back(row.name);
  return names;
}

struct Constant {
  unsigned modules;
  const char* name;
  double value;
};
constexpr Constant kConstants[] = {
    {kNp | kPyMath | kOps, "pi", 3.14159265358979323846},
    {kNp | kPyMath | kOps, "e", 2.71828182845904523536},
    {kNp | kPyMath | kOps, "inf", std::numeric_limits<double>::infinity()},
    {kNp | kPyMath | kOps, "nan", std::numeric_limits<double>::quiet_NaN()},
};

constexpr std::pair<const char*, DType> kTypes[] = {{"bool", DType::kBool},
                                                    {"bool_", DType::kBool},
                                                    {"float32", DType::kF32},
                                                    {"int32", DType::kI32},
                                                    {"int64", DType::kI32}};

unsigned methods_of(const Value& object) {
  if (object.is<Tensor>()) return kMethod;
  return object.is<Sequence>() ? unsigned{kSequence} : 0;
}

}  // namespace

std::string canonical_module(const std::string& path) {
  // Longest first: an alias of the whole, then of its beginning.
  for (const auto& [alias, meaning] : kAliases)
    if (path == alias) return meaning;
  const size_t dot = path.rfind('.');
  if (dot == std::string::npos) return path;
  const std::string parent = canonical_module(path.substr(0, dot));
  const std::string joined = parent + path.substr(dot);
  for (const auto& [alias, meaning] : kAliases)
    if (joined == alias) return meaning;
  return joined;
}

bool is_known_module(const std::string& path) {
  for (const ModuleName& module : kModules)
    if (path == module.path || std::string(module.path).rfind(path + ".", 0) == 0) return true;
  return path == "jax";
}

std::vector<LibraryFunction> library_functions() {
  std::vector<LibraryFunction> all;
  for (const Builtin& row : functions()) {
    const auto known = std::find_if(all.begin(), all.end(), [&](const LibraryFunction& f) {
      return f.name == row.name && f.signature == row.signature;
    });
    LibraryFunction& function =
        known != all.end() ? *known : all.emplace_back(LibraryFunction{row.name, row.signature, {}});
    for (const ModuleName& module : kModules)
      if ((row.modules & module.set) != 0) function.modules.push_back(module.path);
    if ((row.modules & kMethod) != 0) function.modules.push_back("a tensor");
    if ((row.modules & kSequence) != 0) function.modules.push_back("a list");
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

std::optional<Value> find_member(const std::string& module, const std::string& name) {
  const unsigned modules = modules_of(module);
  if (const Builtin* function = find_function(modules, name)) return Native{function, nullptr};
  for (const Constant& constant : kConstants)
    if ((constant.modules & modules) != 0 && name == constant.name) return constant.value;
  if ((modules & (kTf | kNp | kOps)) != 0) {
    if (name == "newaxis") return None{};
    for (const auto& [type, dtype] : kTypes)
      if (name == type) return TypeName{dtype};
  }
  const std::string inner = canonical_module(module + "." + name);
  if (is_known_module(inner)) return Module{inner};
  return std::nullopt;
}

std::optional<Value> find_method(const Value& object, const std::string& name) {
  const Builtin* function = find_function(methods_of(object), name);
  if (!function) return std::nullopt;
  return Native{function, std::make_shared<Value>(object)};
}

std::string member_hint(const std::string& module, const std::string& name) {
  const std::string near = did_you_mean(name, names_in(modules_of(module)));
  for (const ModuleName& other : kModules)
    if (find_function(other.set, name)) return fmt::format("did you mean '{}.{}'?", other.path, name);
  return near;
}

std::string method_hint(const Value& object, const std::string& name) {
  return did_you_mean(name, names_in(methods_of(object)));
}

Result call_builtin(Context& c, Mark mark, const Native& native, std::vector<Value> by_position,
                    const std::vector<std::pair<std::string, Value>>& by_name) {
  if (native.self) by_position.insert(by_position.begin(), *native.self);
  Call call(c, mark, *native.function);
  if (!call.bind(std::move(by_position), by_name)) return std::nullopt;
  Result result = native.function->run(call);
  return c.spend(mark, 1) && !c.failed ? result : std::nullopt;
}

}  // namespace kcc::python
