#include "frontend/catalogue.h"

#include <algorithm>
#include <functional>

#include "frontend/activations.h"
#include "frontend/layers/operations.h"
#include "frontend/python/library.h"
#include "frontend/read_layer.h"
#include "frontend/registry.h"
#include "frontend/training/losses/registry.h"
#include "frontend/training/metrics.h"
#include "frontend/training/metrics/registry.h"
#include "frontend/training/optimizers/registry.h"

namespace kcc {
namespace {

using Aliases = std::vector<std::pair<std::string, std::string>>;  // (alias, meaning)

// Words of kcc's own, by which the readers of older files tell recipes what Keras 3 cannot say.
constexpr const char* kOfOldFiles[] = {"keras2_schedule_decay", "mask_with_initial_state"};

// What `read` asks of an object without options. Its complaints about what such an object lacks say what is required.
std::vector<OptionNote> options_read(const std::function<void(const Report&)>& read) {
  Diagnostics complaints;
  OptionLog log;
  read({"", "", complaints, &log});
  // The first reader with a name is the object's own; others are of what stands inside it by default.
  const auto own = std::find_if(log.begin(), log.end(), [](const ReaderLog& r) { return !r.subject.empty(); });
  if (own == log.end()) return {};
  std::erase_if(own->options, [](const OptionNote& option) {
    return std::count(std::begin(kOfOldFiles), std::end(kOfOldFiles), option.key) > 0;
  });
  const auto place = [&](const OptionNote& option) {
    return std::find(own->positional.begin(), own->positional.end(), option.key) - own->positional.begin();
  };
  std::stable_sort(own->options.begin(), own->options.end(),
                   [&](const OptionNote& a, const OptionNote& b) { return place(a) < place(b); });
  return own->options;
}

std::vector<std::string> aliases_of(const std::string& name, const Aliases& aliases) {
  std::vector<std::string> names;
  for (const auto& [alias, meaning] : aliases)
    if (meaning == name) names.push_back(alias);
  return names;
}

// Objects that stand as an option of another one: `read(reader, key)` as for {"key": name}.
CatalogueKind objects(const char* title, const std::vector<std::string>& names, const Aliases& aliases,
                      const std::function<void(ConfigReader&, const std::string&)>& read) {
  CatalogueKind kind{title, "", {}, {}};
  for (const std::string& name : names) {
    const json::Value outer = json::object_value({{"key", {}, json::string_value(name)}});
    const auto options = options_read([&](const Report& report) {
      ConfigReader reader(&outer, {}, "", report);
      read(reader, "key");
    });
    kind.entries.push_back({name, aliases_of(name, aliases), options});
  }
  return kind;
}

// A wrapper needs a layer inside it before it reads on; every one of them takes this.
LayerSpec wrapped_layer() {
  LayerSpec spec;
  spec.name = "lstm";
  spec.class_name = "LSTM";
  spec.config = json::object_value({{"units", {}, json::integer_value(1)}});
  return spec;
}

constexpr char kLayerNote[] =
    "Models inside models are layers, too. Every layer has a `name`; the first one of a Sequential model may have "
    "`input_shape`, `batch_input_shape`, `batch_shape` or `input_dim`.";

CatalogueKind layers(const char* title, const char* note, const std::vector<std::string>& names, const Aliases& aliases,
                     bool operations) {
  CatalogueKind kind{title, note, {}, {}};
  // What recipes ignore because whoever reads the model has made use of it already.
  static constexpr const char* kOfTheModel[] = {"batch_input_shape", "batch_shape", "input_dim", "input_shape", "name"};
  for (const std::string& name : names) {
    LayerSpec spec;
    spec.name = name;
    spec.class_name = name;
    spec.is_operation = operations;
    spec.config = json::object_value({});
    spec.children["layer"] = wrapped_layer();
    auto options = options_read([&](const Report& report) { read_layer(spec, report, {}); });
    std::erase_if(options, [](const OptionNote& option) {
      return option.ignored && !option.required &&
             std::count(std::begin(kOfTheModel), std::end(kOfTheModel), option.key);
    });
    kind.entries.push_back({name, aliases_of(name, aliases), options});
  }
  return kind;
}

Shape classes(int64_t count) {
  return {Dim{1, true}, Dim{count, false}};
}

// Their options are the same for any number of classes; some metrics have no default for more than one.
CatalogueKind losses() {
  CatalogueKind kind{"Losses", "The class names, such as `MeanSquaredError`, are taken as well.", {}, {}};
  for (const std::string& name : loss_names())
    kind.entries.push_back({name, aliases_of(name, loss_aliases()), options_read([&](const Report& report) {
                              read_loss(json::string_value(name), classes(3), {}, report);
                            })});
  return kind;
}

CatalogueKind metrics() {
  CatalogueKind kind{"Metrics", "Every loss is a metric, too. `accuracy` is whichever of them fits the loss.", {}, {}};
  for (const MetricRecipe& recipe : metric_recipes())
    kind.entries.push_back({recipe.class_name, {}, options_read([&](const Report& report) {
                              read_metric(json::string_value(recipe.class_name), {}, classes(1), {}, report);
                            })});
  return kind;
}

CatalogueKind optimizers() {
  CatalogueKind kind{"Optimizers", "`lr` and `decay` are the names of Keras 1 and 2.", {}, {}};
  for (const OptimizerKind& optimizer : optimizer_kinds())
    if (!optimizer.refusal)
      kind.entries.push_back({optimizer.class_name, {}, options_read([&](const Report& report) {
                                read_optimizer(json::string_value(optimizer.class_name), report);
                              })});
  return kind;
}

CatalogueKind schedules() {
  CatalogueKind kind{"Learning rate schedules", "", {}, {}};
  for (const std::string& name : schedule_names()) {
    const json::Value outer =
        json::object_value({{"learning_rate", {}, json::object_value({{"class_name", {}, json::string_value(name)}})}});
    kind.entries.push_back({name, {}, options_read([&](const Report& report) {
                              ConfigReader reader(&outer, {}, "", report);
                              read_learning_rate(reader, 0);
                            })});
  }
  return kind;
}

CatalogueKind functions() {
  CatalogueKind kind{
      "Functions that --define may call",
      "With the modules they may stand in, `builtins` being Python's own; `a|b`: either name of an argument.",
      {},
      {}};
  for (const python::LibraryFunction& function : python::library_functions())
    kind.entries.push_back({function.name, function.modules, {}, function.signature});
  return kind;
}

bool same(const OptionNote& a, const OptionNote& b) {
  return a.key == b.key && a.fallback == b.fallback && a.choices == b.choices && a.limit == b.limit &&
         a.required == b.required && a.refused == b.refused && a.ignored == b.ignored;
}

}  // namespace

void share_common_options(CatalogueKind& kind) {
  if (kind.entries.size() < 2) return;
  for (const OptionNote& option : kind.entries[0].options) {
    const bool everywhere = std::all_of(kind.entries.begin(), kind.entries.end(), [&](const CatalogueEntry& entry) {
      return std::any_of(entry.options.begin(), entry.options.end(),
                         [&](const OptionNote& other) { return same(option, other); });
    });
    if (everywhere) kind.common.push_back(option);
  }
  for (CatalogueEntry& entry : kind.entries)
    std::erase_if(entry.options, [&](const OptionNote& option) {
      return std::any_of(kind.common.begin(), kind.common.end(),
                         [&](const OptionNote& shared) { return same(option, shared); });
    });
}

std::vector<CatalogueKind> make_catalogue() {
  std::vector<CatalogueKind> kinds = {
      layers("Layers", kLayerNote, layer_names(), layer_aliases(), false),
      objects("Activations", activation_names(), activation_aliases(),
              [](ConfigReader& c, const std::string& key) { read_activation(c, key); }),
      objects("Initializers", initializer_names(), initializer_aliases(),
              [](ConfigReader& c, const std::string& key) { read_initializer(c, key, ""); }),
      objects("Regularizers", regularizer_names(), {},
              [](ConfigReader& c, const std::string& key) { read_penalty(c, key); }),
      objects("Constraints", constraint_names(), {},
              [](ConfigReader& c, const std::string& key) { read_constraint(c, key); }),
      losses(),
      metrics(),
      optimizers(),
      schedules(),
      layers("Operations of keras.ops in a functional model", "", operation_names(), {}, true),
      functions(),
  };
  for (CatalogueKind& kind : kinds) share_common_options(kind);
  return kinds;
}

}  // namespace kcc
