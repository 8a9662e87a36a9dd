// CallPlanner: what plan needs to turn the groups of one graph, an entry's or a loop body's, into calls whose operands
// have places. Arena operands name a storage; its offset is known when all calls are (Storages::place).
#pragma once

#include <map>
#include <string>

#include "compiler/passes/extract_kernel.h"
#include "compiler/passes/plan_memory.h"

namespace kcc {

// Distinct kernels of a plan.
class KernelTable {
 public:
  // `name` prefixes kernel names.
  KernelTable(Plan& plan, const std::string& name) : plan_(plan), name_(name) {}
  int32_t index(Kernel kernel, const std::string& label);

 private:
  Plan& plan_;
  const std::string& name_;
  std::map<std::string, int32_t> known_;
};

// Pieces of an entry's arena, and from which call to which each is in use.
class Storages {
 public:
  int32_t add(const Type& type);
  void touch(int32_t storage, int64_t call);
  // Chooses offsets; `move` then makes a reference to a storage one to the arena.
  void place(EntryPlan& entry);
  void move(TensorRef& ref) const;

 private:
  std::vector<Lifetime> lifetimes_;
};

class CallPlanner {
 public:
  // `now` counts the entry's calls.
  CallPlanner(const Module& module, const KernelGraph& kernels, const Plan& plan, KernelTable& table,
              Storages& storages, int64_t& now)
      : module_(module),
        kernels_(kernels),
        graph_(kernels.graph),
        plan_(plan),
        table_(table),
        storages_(storages),
        now_(now) {}

  // From now on `value` lives there.
  void set_place(ValueId value, TensorRef place) { places_[base_of(value)] = std::move(place); }

  KernelCall call(const Group& group);
  KernelCall copy(ValueId value, TensorRef target);

  // Where a value lives, as a kernel that wants it with the value's type sees it.
  TensorRef ref(ValueId value);
  TensorRef state_ref(StateId state) const;
  // A value that is a view of another lives where that one does.
  ValueId base_of(ValueId value) const;
  std::string layer_of(ValueId value) const;
  // "conv2d (Conv2D)"; "" without a layer.
  std::string label(int32_t origin) const;

 private:
  KernelCall finish(KernelCall call, Kernel kernel, const std::string& label);
  std::string describe(const Group& group) const;
  std::string name_of_value(ValueId base) const;

  const Module& module_;
  const KernelGraph& kernels_;
  const Graph& graph_;
  const Plan& plan_;
  KernelTable& table_;
  Storages& storages_;
  int64_t& now_;
  std::map<ValueId, TensorRef> places_;
};

// A letter, digit or underscore for each character.
std::string identifier_of(const std::string& text);
double bytes_per_sample(const Type& type);

}  // namespace kcc
