// Functions of f32 as expressions that vectorise, with the errors below against the exact value. They rely on strict
// floats (Target::StrictFloat or strict_float around them): reassociated, their corrections vanish. Halide's own call
// libm lane by lane (tanh) or are wrong at infinity, NaN or zero (log). Largest errors in units in the last place:
//   exp 1.0   expm1 1.5   log 0.8   log1p 2.3   tanh 6.2   sigmoid 2.5   erf 6.5
// Infinities, NaN and zeros give what C's functions give, signs of zero included where the function is odd.
#pragma once

#include "Halide.h"

namespace kcc::math {

using Halide::Expr;

Expr exp(const Expr& x);
Expr expm1(const Expr& x);
Expr log(const Expr& x);
Expr log1p(const Expr& x);
Expr tanh(const Expr& x);
Expr sigmoid(const Expr& x);
Expr erf(const Expr& x);
// libm's powf, lane by lane; small whole constant exponents by multiplication.
Expr pow(const Expr& x, const Expr& y);
// The larger or smaller one; NaN if either is.
Expr max(const Expr& x, const Expr& y);
Expr min(const Expr& x, const Expr& y);
// -1, 0 or 1; NaN stays NaN.
Expr sign(const Expr& x);

}  // namespace kcc::math
