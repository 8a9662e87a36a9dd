// split_batch: the train graph for one rank among several, each of which has its share of the samples of every batch.
//
// Values that grow with the batch hold a rank's own samples; all others are the same on every rank. So where an
// operation makes one of the latter out of the former (a sum over the batch, a weight's gradient) the ranks' results
// are added up, and the number of samples is that of the whole batch. Nothing else changes: N ranks compute what one
// does, up to rounding, statistics of the batch included.
#pragma once

#include <string>

#include "compiler/ir/module.h"

namespace kcc {

// Makes module.train_share from module.train, which is optimized, and the state module.whole_batch. Where the model
// needs the samples of a batch in one place there is none: module.share_obstacle then says which layer does and why.
void split_batch(Module& module);

}  // namespace kcc
