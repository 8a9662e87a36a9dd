// The form of a model's JSON, before any version's words are read: what all versions share (layers in models, layers in
// wrappers), walked here, and the forms that only some writers use, made one. Used by read_model, keras1 and keras2.
#pragma once

#include <functional>
#include <string>

#include "frontend/json.h"

namespace kcc {

bool is_model_class(const std::string& class_name);

// "" where the object has none.
std::string class_of(const json::Value& object);

// Brings a model to one form: a Sequential's bare list becomes an object with "layers", writers' bookkeeping goes.
void tidy_model(json::Value& model);

// Keras 1 and 2 took 3.0 for 3, and files have it: integers, where an option counts something.
void make_counts_whole(json::Value& model);

struct LayerVisit {
  json::Value& layer;      // {"class_name": ..., "config": {...}}, config an object
  bool starts_sequential;  // whether its options also say the model's input
};
// Every layer of the model, those in nested models and wrappers included; nested models are entered, not visited.
void for_each_layer(json::Value& model, const std::function<void(const LayerVisit&)>& visit);

}  // namespace kcc
