// GraphContext: one graph under construction: which states it has read, what it will write, which random streams are
// taken. build_graph and build_training share it.
#pragma once

#include <map>
#include <string>

#include "compiler/ir/module.h"
#include "compiler/ops/builder.h"

namespace kcc {

class GraphContext {
 public:
  GraphContext(Module& module, Graph& graph) : module_(module), graph_(graph) {}

  Module& module() { return module_; }
  Graph& graph() { return graph_; }

  // The value before the step: one node, so that it has one gradient.
  ValueId read(StateId state);
  // The value after the updates so far.
  ValueId current(StateId state);
  void update(StateId state, ValueId value) { updates_[state] = value; }

  // The module's key of random numbers; adds the state where it is the first to ask.
  ValueId random_key();
  int64_t next_stream() { return streams_++; }

  // Turns the updates into the graph's writes.
  void finish();

 private:
  Module& module_;
  Graph& graph_;
  std::map<StateId, ValueId> reads_, updates_;
  int64_t streams_ = 0;
};

StateId add_state(Module& module, State state);
// Of nodes that no layer made: index into Module::origins.
int32_t add_origin(Module& module, std::string name, std::string class_name);

}  // namespace kcc
