#include "codegen/emit_library.h"

#include <fmt/format.h>

#include <cctype>
#include <map>
#include <set>

#include "codegen/library_class_template.h"
#include "codegen/library_config_template.h"
#include "codegen/library_files_class_template.h"
#include "codegen/library_files_header_template.h"
#include "codegen/library_files_source_template.h"
#include "codegen/library_header_template.h"
#include "codegen/library_source_template.h"
#include "codegen/library_training_class_template.h"
#include "codegen/library_training_header_template.h"
#include "codegen/library_training_source_template.h"
#include "codegen/names.h"
#include "codegen/template.h"

namespace kcc {
namespace {

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// An array of the interface as its functions and types name it.
struct Array {
  std::string name;      // the layer's
  std::string variable;  // of a parameter, and of the type that describes it
  Type type;             // with the batch
};

const char* element(const Array& array) {
  static constexpr const char* kNames[] = {"float", "int32_t", "uint32_t", "uint8_t"};
  return kNames[static_cast<int>(array.type.dtype)];
}

Shape row_shape(const Array& array) {
  return Shape(array.type.shape.begin() + 1, array.type.shape.end());
}

int64_t row_size(const Array& array) {
  return element_count(row_shape(array)).size;
}

// Something of each array, joined.
template <typename Text>
std::string each(const std::vector<Array>& arrays, const std::string& separator, Text text) {
  std::vector<std::string> parts;
  for (const Array& array : arrays) parts.push_back(text(array));
  return fmt::format("{}", fmt::join(parts, separator));
}

// Parameters, each on a line of its own where they are long together.
std::string wrapped(std::string parameters) {
  constexpr size_t kLong = 60;
  if (parameters.size() <= kLong) return parameters;
  for (size_t comma = parameters.find(", "); comma != std::string::npos; comma = parameters.find(", ", comma + 1))
    parameters.replace(comma, 2, ",\n    ");
  return parameters;
}

auto data_of(const char* from) {
  return [=](const Array& array) { return fmt::format("{}{}.data()", from, array.variable); };
}

// What the functions, classes and types around the arrays' names call something; I is a macro of <complex.h>.
std::set<std::string> taken_names(const std::string& library) {
  return {library + "_predict",
          "Arrays",
          "Call",
          "Callback",
          "Data",
          "Element",
          "FitOptions",
          "I",
          "Metrics",
          "Model",
          "Options",
          "Progress",
          "Status",
          "data",
          "fits",
          "from",
          "inputs",
          "kcc",
          "metrics",
          "model",
          "name",
          "of",
          "outputs",
          "rows",
          "rows_of",
          "shape",
          "size",
          "status",
          "std",
          "targets",
          "weights"};
}

class Interface {
 public:
  Interface(const Module& module, const ProgramOptions& options) : module_(module), options_(options) {
    const std::set<std::string> taken = taken_names(options.name);
    Scope scope(taken);
    for (const NamedType& input : module.inputs) inputs_.push_back({input.name, scope.add(input.name), input.type});
    for (const NamedType& output : module.outputs)
      outputs_.push_back({output.name, scope.add(output.name), output.type});
    // Targets meet inputs alone, so that they may be called as the outputs are.
    Scope labels(taken);
    for (const Array& input : inputs_) labels.add(input.variable);
    for (const Target& target : module.targets) targets_.push_back({target.name, labels.add(target.name), target.type});
    for (size_t i = 0; i < targets_.size(); ++i)
      weights_.push_back(
          {targets_[i].name, labels.add(targets_[i].variable + "_weight"), module.targets[i].sample_weight});
  }

  std::map<std::string, std::string> holes() const {
    const std::string name = options_.name;
    const auto count = [](const auto& items) { return fmt::format("{}", items.size()); };
    const auto variable = [](const Array& array) { return array.variable; };
    const auto parameter = [](const char* is_const) {
      return [=](const Array& a) { return fmt::format(", {}{}* {}", is_const, element(a), a.variable); };
    };
    const int64_t batch = options_.default_batch;
    return {
        {"name", name},
        {"NAME", upper(name)},
        {"version", KCC_VERSION},
        {"keras_version", module_.keras_version},
        {"title", comment_text("'" + module_.name + "'")},
        {"default_batch", fmt::format("{}", batch)},
        {"fit_batch", module_.fixed_batch > 0 ? fmt::format("{}", module_.fixed_batch) : "32"},
        {"inputs", count(inputs_)},
        {"outputs", count(outputs_)},
        {"targets", count(targets_)},
        {"metrics", count(module_.metrics)},
        {"weights", fmt::format("{}", weight_count())},
        {"sizes", sizes()},
        {"predict_parameters", wrapped(each(inputs_, "", parameter("const ")) + each(outputs_, "", parameter("")))},
        {"train_parameters", wrapped(each(inputs_, "", parameter("const ")) + each(targets_, "", parameter("const ")) +
                                     each(weights_, "", parameter("const ")))},
        {"input_arguments", each(inputs_, ", ", variable)},
        {"output_arguments", each(outputs_, ", ", variable)},
        {"target_arguments", each(targets_, ", ", variable)},
        {"weight_arguments", each(weights_, ", ", variable)},
        {"input_types", types(inputs_)},
        {"output_types", types(outputs_)},
        {"target_types", targets_.empty() ? "" : "namespace target {\n" + types(targets_) + "}  // namespace target\n"},
        {"predict_spans", predict_spans()},
        {"first_rows", rows_of("input", inputs_[0], "")},
        {"predict_sizes", predict_sizes()},
        {"predict_data", each(inputs_, ", ", data_of("")) + ", " + each(outputs_, ", ", data_of(""))},
        {"metric_fields", metric_fields()},
        {"data_fields", data_fields()},
        {"data_inputs", each(inputs_, ", ", data_of("from."))},
        {"data_targets", each(targets_, ", ", data_of("from."))},
        {"data_weights", each(weights_, ", ", data_of("from."))},
        {"data_rows", rows_of("input", inputs_[0], "from.")},
        {"data_sizes", data_sizes()}};
  }

 private:
  size_t weight_count() const {
    size_t count = 0;
    for (const State& state : module_.states)
      count += state.role == StateRole::kWeight || state.role == StateRole::kStatistic ? 1 : 0;
    return count;
  }

  std::string sizes() const {
    const std::string prefix = upper(options_.name);
    std::set<std::string> taken;  // variables that differ in upper and lower case alone
    const auto unique = [&](std::string name) {
      while (!taken.insert(name).second) name += "_";
      return name;
    };
    std::vector<std::string> lines;
    const auto add = [&](const std::vector<Array>& arrays, const char* kind) {
      for (const Array& array : arrays) {
        // Two underscores in a row belong to the compiler: the layer `class` is `class_`.
        std::string name = upper(array.variable);
        if (name.back() == '_') name.pop_back();
        lines.push_back(
            fmt::format("  {} = {}", unique(fmt::format("{}_{}{}_SIZE", prefix, kind, name)), row_size(array)));
      }
    };
    add(inputs_, "");
    add(outputs_, "");
    add(targets_, "TARGET_");
    return fmt::format("{}", fmt::join(lines, ",\n"));
  }

  static std::string types(const std::vector<Array>& arrays) {
    return each(arrays, "", [](const Array& array) {
      const Shape shape = row_shape(array);
      std::vector<int64_t> extents;
      for (const Dim& dim : shape) extents.push_back(dim.size);
      return fmt::format(
          "struct {} {{\n  using Element = {}{};\n  static constexpr const char* name = {};\n"
          "  static constexpr std::array<std::int64_t, {}> shape{{{}}};\n  static constexpr std::size_t size = "
          "{};\n}};\n",
          array.variable, array.type.dtype == DType::kF32 ? "" : "std::", element(array), string_literal(array.name),
          extents.size(), fmt::join(extents, ", "), row_size(array));
    });
  }

  static std::string span(const Array& array, const char* is_const) {
    return fmt::format("std::span<{}{}{}> {}", is_const, array.type.dtype == DType::kF32 ? "" : "std::", element(array),
                       array.variable);
  }

  std::string predict_spans() const {
    return wrapped(each(inputs_, ", ", [](const Array& a) { return span(a, "const "); }) + ", " +
                   each(outputs_, ", ", [](const Array& a) { return span(a, ""); }));
  }

  static std::string rows_of(const char* kind, const Array& array, const char* from) {
    return fmt::format("rows_of<{}::{}>({}{}.size())", kind, array.variable, from, array.variable);
  }

  static std::string fits(const char* kind, const Array& array, const char* from) {
    return fmt::format("fits<{}::{}>({}{}.size(), rows)", kind, array.variable, from, array.variable);
  }

  std::string predict_sizes() const {
    const std::string or_else = " ||\n        ";
    return each(inputs_, or_else, [](const Array& a) { return fmt::format("!{}", fits("input", a, "")); }) + or_else +
           each(outputs_, or_else, [](const Array& a) { return fmt::format("!{}", fits("output", a, "")); });
  }

  std::string metric_fields() const {
    Scope scope({"Metrics"});  // the struct's own name
    std::string text;
    for (const std::string& metric : module_.metrics) text += fmt::format("    float {};\n", scope.add(metric));
    return text.substr(0, text.rfind('\n'));
  }

  std::string data_fields() const {
    const auto field = [](const Array& a) { return "    " + span(a, "const ") + ";"; };
    std::string text = each(inputs_, "\n", field) + "\n" + each(targets_, "\n", field) + "\n";
    return text + each(weights_, "\n", [&](const Array& a) { return "    " + span(a, "const ") + "{};"; });
  }

  std::string data_sizes() const {
    const std::string and_then = " &&\n             ";
    std::string text = each(inputs_, and_then, [](const Array& a) { return fits("input", a, "from."); });
    text += and_then + each(targets_, and_then, [](const Array& a) { return fits("target", a, "from."); });
    for (const Array& weight : weights_)
      text += and_then + fmt::format("(from.{0}.empty() || from.{0}.size() == static_cast<std::size_t>(rows) * {1})",
                                     weight.variable, row_size(weight));
    return text;
  }

  const Module& module_;
  const ProgramOptions& options_;
  std::vector<Array> inputs_, outputs_, targets_, weights_;
};

// What the header declares: "NAME_word(".
std::vector<std::string> declared(const std::string& header, const std::string& name) {
  std::set<std::string> functions;
  const std::string prefix = name + "_";
  for (size_t at = header.find(prefix); at != std::string::npos; at = header.find(prefix, at + 1)) {
    size_t end = at;
    while (end < header.size() && (std::isalnum(static_cast<unsigned char>(header[end])) || header[end] == '_')) ++end;
    if (end < header.size() && header[end] == '(') functions.insert(header.substr(at, end - at));
  }
  return {functions.begin(), functions.end()};
}

// In the place of what reads and writes files.
constexpr const char* kNoFilesHeader =
    "/* As source the library reads and writes no HDF5 files: --emit=library has @name@_load_weights and\n"
    " * @name@_save_weights. */\n";
constexpr const char* kNoFilesClass =
    "  // As source the library reads and writes no HDF5 files: --emit=library does.\n";

LibraryText fill_frames(const Module& module, const ProgramOptions& options) {
  std::map<std::string, std::string> holes = Interface(module, options).holes();
  const bool trains = !module.train.nodes.empty(), files = !options.kernels_as_cpp;
  const auto filled = [&](const char* frame, const char* training, const char* with_files, const char* without) {
    holes["training"] = trains ? fill_template(training, holes) : "";
    holes["files"] = fill_template(files ? with_files : without, holes);
    holes["threads"] = files ? "1: the caller's alone" : "as source: the caller's alone";
    holes["start"] = files ? "//   model.load_weights(\"trained.weights.h5\");\n" : "";
    return fill_template(frame, holes);
  };
  LibraryText text;
  text.header =
      filled(kLibraryHeaderTemplate, kLibraryTrainingHeaderTemplate, kLibraryFilesHeaderTemplate, kNoFilesHeader);
  text.class_header =
      filled(kLibraryClassTemplate, kLibraryTrainingClassTemplate, kLibraryFilesClassTemplate, kNoFilesClass);
  text.package = filled(kLibraryConfigTemplate, "", "", "");
  text.source = filled(kLibrarySourceTemplate, kLibraryTrainingSourceTemplate, kLibraryFilesSourceTemplate, "");
  text.functions = declared(text.header, options.name);
  return text;
}

}  // namespace

LibraryText emit_library(const Module& module, const Plan& plan, const ProgramOptions& options,
                         const std::vector<KernelObject>& kernels) {
  LibraryText text = fill_frames(module, options);
  const std::string includes = fmt::format(
      "#pragma GCC visibility push(default)\n#include \"{}.h\"\n"
      "#pragma GCC visibility pop\n#include \"runtime/embed/model.h\"\n",
      options.name);
  text.source = emit_source(module, plan, options, {&kernels, includes, "", text.source, false});
  return text;
}

LibraryText emit_library_source(const Module& module, const Plan& plan, ProgramOptions options,
                                const std::string& core) {
  options.kernels_as_cpp = true;
  LibraryText text = fill_frames(module, options);
  const std::string includes = fmt::format("#include \"{}.h\"\n\n", options.name);
  text.source = emit_source(module, plan, options, {nullptr, includes, core, text.source, false});
  return text;
}

}  // namespace kcc
