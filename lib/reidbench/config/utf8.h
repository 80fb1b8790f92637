// UTF-8 validity: names that end up in JSON, HDF5 and reports must be text everywhere.
#pragma once

#include <cstddef>
#include <string_view>

namespace reidbench {

// Bytes of the valid UTF-8 sequence at the start of `text` (1 to 4); 0 if there is none.
size_t Utf8Length(std::string_view text);

// Valid UTF-8 without control characters (U+0000 to U+001F, U+007F), so also without line breaks.
bool IsPrintableUtf8(std::string_view text);

}  // namespace reidbench
