// What standard output is: how wide a terminal, and whether it shows UTF-8.
#pragma once

namespace kcc::runtime {

// As it is now, for it may be resized; 0 where there is no terminal or it does not say.
int terminal_columns();

// How wide a page of text may be: COLUMNS, else the terminal's, else 80.
int page_columns();

// Whether text may go out as UTF-8. No locale at all counts as UTF-8, as in Python.
bool utf8_locale();

}  // namespace kcc::runtime
