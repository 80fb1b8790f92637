// REIDBENCH_ASAN is defined where AddressSanitizer watches; GCC and clang say so in different ways.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define REIDBENCH_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define REIDBENCH_ASAN
#endif
#endif
