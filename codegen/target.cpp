#include "codegen/target.h"

#include <vector>

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

void complete(MachineTarget* target) {
  Halide::Target& halide = target->halide;
  target->lanes = halide.natural_vector_size<float>();
  const bool arm = halide.arch == Halide::Target::ARM;
  target->registers = halide.has_feature(Halide::Target::AVX512) || arm ? 32 : 16;
  for (Feature feature : {Halide::Target::NoAsserts, Halide::Target::NoBoundsQuery, Halide::Target::NoRuntime,
                          Halide::Target::UserContext})
    halide.set_feature(feature);
}

}  // namespace

bool parse_target(const std::string& name, MachineTarget* target, Diagnostics& diagnostics) {
  if (name == "host") {
    target->halide = Halide::get_host_target();
    target->name = target->halide.to_string();
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

bool links_here(const MachineTarget& target) {
  return target.halide.arch == Halide::get_host_target().arch;
}

}  // namespace kcc
