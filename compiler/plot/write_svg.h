// A diagram as a picture that any browser shows. Page -> SVG.
#pragma once

#include <string>

#include "compiler/plot/layout.h"

namespace kcc::plot {

std::string write_svg(const Page& page, const std::string& title);

}  // namespace kcc::plot
