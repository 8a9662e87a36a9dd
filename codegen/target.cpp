#include "codegen/target.h"

#include <fmt/format.h>

#include <algorithm>

#include "codegen/names.h"

namespace kcc {
namespace {

using Feature = Halide::Target::Feature;

struct NamedTarget {
  const char* name;
  Halide::Target::Arch arch;
  std::vector<Feature> features;
};

const std::vector<NamedTarget>& named_targets() {
  static const std::vector<Feature> v3 = {Halide::Target::SSE41, Halide::Target::AVX, Halide::Target::F16C,
                                          Halide::Target::FMA, Halide::Target::AVX2};
  static const std::vector<NamedTarget> targets = [] {
    std::vector<Feature> v4 = v3;
    v4.insert(v4.end(), {Halide::Target::AVX512, Halide::Target::AVX512_Skylake});
    return std::vector<NamedTarget>{{"arm-64-linux", Halide::Target::ARM, {}},
                                    {"x86-64-v2", Halide::Target::X86, {Halide::Target::SSE41}},
                                    {"x86-64-v3", Halide::Target::X86, v3},
                                    {"x86-64-v4", Halide::Target::X86, v4}};
  }();
  return targets;
}

// What LLVM may use for a feature of Halide's: the features of the processor that Halide names to it ("haswell" for
// AVX2), as constants of runtime/cpu.h. From least to most: a row that begins with a level holds all before it.
struct NeedsRow {
  Feature feature;
  std::vector<const char*> needs;
};

const std::vector<NeedsRow>& needs_rows() {
  using T = Halide::Target;
  static const std::vector<const char*> zen4 = {
      "kCpuLevel4",     "kCpuAvx512ifma",   "kCpuAvx512vbmi",      "kCpuAvx512vbmi2",
      "kCpuAvx512vnni", "kCpuAvx512bitalg", "kCpuAvx512vpopcntdq", "kCpuAvx512bf16",
      "kCpuGfni",       "kCpuVaes",         "kCpuVpclmulqdq"};
  static const std::vector<NeedsRow> rows = {
      {T::SSE41, {"kCpuLevel2"}},
      {T::AVX, {"kCpuLevel2", "kCpuAvx"}},
      {T::F16C, {"kCpuF16c"}},
      {T::FMA, {"kCpuFma"}},
      {T::AVX2, {"kCpuLevel3"}},
      {T::AVX512, {"kCpuLevel3", "kCpuAvx512f", "kCpuAvx512cd"}},
      {T::AVX512_KNL, {"kCpuAvx512er", "kCpuAvx512pf"}},
      {T::AVX512_Skylake, {"kCpuLevel4"}},
      {T::AVX512_Cannonlake, {"kCpuLevel4", "kCpuAvx512ifma", "kCpuAvx512vbmi"}},
      {T::AVX512_Zen4, zen4},
      {T::AVX512_Zen5, zen4},
      {T::AVX512_SapphireRapids, zen4},
      {T::AVX10_1, zen4},
      {T::AVXVNNI, {"kCpuAvxVnni"}},
      {T::AVX512_Zen5, {"kCpuAvxVnni"}},
      {T::AVX512_SapphireRapids, {"kCpuAvxVnni", "kCpuAvx512fp16"}},
      {T::AVX10_1, {"kCpuAvxVnni", "kCpuAvx512fp16"}},
  };
  return rows;
}

std::vector<std::string> needs_of(const Halide::Target& halide) {
  std::vector<std::string> names;
  for (const NeedsRow& row : needs_rows()) {
    if (halide.arch != Halide::Target::X86 || !halide.has_feature(row.feature)) continue;
    if (std::string(row.needs[0]).rfind("kCpuLevel", 0) == 0) names.clear();
    for (const char* name : row.needs)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

int level_of(const Halide::Target& halide) {
  if (halide.has_feature(Halide::Target::AVX512_Skylake)) return 4;
  if (halide.has_feature(Halide::Target::AVX2)) return 3;
  return halide.has_feature(Halide::Target::SSE41) ? 2 : 1;
}

void complete(MachineTarget* target) {
  Halide::Target& halide = target->halide;
  target->needs = needs_of(halide);
  target->level = level_of(halide);
  target->lanes = halide.natural_vector_size<float>();
  const bool arm = halide.arch == Halide::Target::ARM;
  target->registers = halide.has_feature(Halide::Target::AVX512) || arm ? 32 : 16;
  for (Feature feature : {Halide::Target::NoAsserts, Halide::Target::NoBoundsQuery, Halide::Target::NoRuntime,
                          Halide::Target::UserContext})
    halide.set_feature(feature);
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// This machine's own processor may do more than a level says.
bool is_better(const MachineTarget& a, const MachineTarget& b) {
  return a.level != b.level ? a.level > b.level : a.name == "host";
}

}  // namespace

bool parse_target(const std::string& name, MachineTarget* target, Diagnostics& diagnostics) {
  if (name == "host") {
    target->halide = Halide::get_host_target();
    target->name = name;
    complete(target);
    return true;
  }
  std::vector<std::string> known = {"host"};
  for (const NamedTarget& named : named_targets()) {
    known.push_back(named.name);
    if (name != named.name) continue;
    target->halide = Halide::Target(Halide::Target::Linux, named.arch, 64, named.features);
    target->name = name;
    complete(target);
    return true;
  }
  std::string list;
  for (const std::string& item : known) list += (list.empty() ? "'" : ", '") + item + "'";
  const std::string hint = did_you_mean(name, known);
  diagnostics.error({}, "unknown target '" + name + "', expected one of " + list, hint);
  return false;
}

std::vector<MachineTarget> parse_targets(const std::string& names, Diagnostics& diagnostics) {
  std::vector<MachineTarget> targets;
  for (const std::string& name : split_at_commas(names)) {
    MachineTarget target;
    if (!parse_target(name, &target, diagnostics)) return {};
    for (const MachineTarget& other : targets) {
      if (other.name == name) {
        diagnostics.error({}, fmt::format("target '{}' is named twice in --target={}", name, names));
        return {};
      }
      if (other.halide.arch != target.halide.arch) {
        diagnostics.error({},
                          fmt::format("targets '{}' and '{}' are of different kinds of processors, which no one "
                                      "program runs on",
                                      other.name, name),
                          "compile once for each kind");
        return {};
      }
    }
    targets.push_back(target);
  }
  std::sort(targets.begin(), targets.end(), is_better);
  return targets;
}

std::string symbol_suffix(const MachineTarget& target) {
  return fmt::format("_{}", identifier(target.name));
}

bool links_here(const MachineTarget& target) {
  return target.halide.arch == Halide::get_host_target().arch;
}

}  // namespace kcc
