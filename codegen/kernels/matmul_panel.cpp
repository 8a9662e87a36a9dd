#include "codegen/kernels/matmul_panel.h"

namespace kcc {

using Halide::Expr;
using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;

Panel::Panel(Product& product) : p_(product) {
  if (p_.transpose_b && !p_.depth.batched && p_.depth.size % p_.target.lanes == 0)
    turn_blocks();
  else
    func_(n_, k_) = p_.b(k_, n_);
}

// Element e = k + lanes * n of a block. Interleaving the halves of a block turns the bits of e by one; after as many
// times as there are bits in a lane's number, k and n have changed places.
void Panel::turn_blocks() {
  const int lanes = p_.target.lanes;
  Expr n = u_ * lanes + e_ / lanes;
  if (p_.columns.size % lanes != 0) n = Halide::min(n, narrow(p_.columns.size) - 1);
  Func rows("rows");
  rows(e_, u_, v_) = p_.b(v_ * lanes + e_ % lanes, n);
  stages_.push_back(rows);
  for (int turned = 1; turned < lanes; turned *= 2) {
    Func next("interleaved");
    next(e_, u_, v_) = stages_.back()(e_ / 2 + e_ % 2 * (lanes * lanes / 2), u_, v_);
    stages_.push_back(next);
  }
  func_(n_, k_) = stages_.back()(k_ % lanes * lanes + n_ % lanes, n_ / lanes, k_ / lanes);
}

void Panel::compute_at(const Func& out, const Var& loop) {
  func_.compute_at(out, loop);
  schedule();
}

void Panel::compute_root() {
  func_.compute_root();
  schedule();
}

void Panel::schedule() {
  const int lanes = p_.target.lanes;
  Var no("no"), ni("ni"), ko("ko"), ki("ki"), eo("eo"), ei("ei"), half("half");
  if (!stages_.empty()) {
    func_.align_bounds(n_, lanes);
    func_.split(n_, no, ni, lanes).split(k_, ko, ki, lanes).reorder(ni, ki, ko, no).vectorize(ni).unroll(ki);
    for (Func stage : stages_) stage.compute_at(func_, ko).store_in(Halide::MemoryType::Stack);
    stages_[0].split(e_, eo, ei, lanes).vectorize(ei).unroll(eo);
    for (size_t s = 1; s < stages_.size(); ++s) {
      stages_[s].split(e_, eo, half, 2).split(eo, eo, ei, lanes).reorder(half, ei, eo);
      stages_[s].vectorize(ei).unroll(half).unroll(eo);
    }
  } else if (!p_.transpose_b) {
    if (p_.columns.size >= lanes) func_.vectorize(n_, lanes, TailStrategy::ShiftInwards);
  } else if (p_.depth.batched || p_.depth.size < 16) {
    // Lines of b shorter than a vector: the loads of a block are dense together.
    func_.reorder(k_, n_);
    if (p_.columns.size >= lanes && !p_.depth.batched)
      func_.split(n_, n_, ni, lanes, TailStrategy::ShiftInwards).reorder(ni, k_, n_).vectorize(ni).unroll(k_);
  } else {
    // By lines of b, so that what is read and what is written both stay in the first cache.
    func_.split(k_, ko, ki, 16, TailStrategy::GuardWithIf).reorder(ki, n_, ko);
  }
}

}  // namespace kcc
