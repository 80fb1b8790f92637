# Compiler flags of our own code. They are directory properties, set before any target is declared.

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 warns falsely about std::string (GCC bug 105651) and about its own AVX-512 intrinsics (105593).
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized)
endif()
# Metrics compare doubles against thresholds: a fused multiply-add moves the last bit (see protocols on IoU). Kernels that
# want FMA ask for it through intrinsics or Eigen, which this flag does not touch.
add_compile_options(-ffp-contract=off)
if(REIDBENCH_NATIVE)
  add_compile_options(-march=native)
endif()
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # In a unity build a class of a .cc file looks like one of a header.
  add_compile_options(-Wno-subobject-linkage)
endif()
if(REIDBENCH_SANITIZE)
  add_compile_options(-fsanitize=${REIDBENCH_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${REIDBENCH_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC's sanitizer instrumentation raises false "maybe uninitialized" and string overflow findings in system headers.
    add_compile_options(-Wno-error=stringop-overflow -Wno-error=array-bounds)
  endif()
  include(CheckLinkerFlag)
  check_linker_flag(CXX -fuse-ld=gold REIDBENCH_HAS_GOLD)
  if(REIDBENCH_HAS_GOLD)  # links instrumented programs in half of the default linker's time
    add_link_options(-fuse-ld=gold)
  endif()
endif()
if(REIDBENCH_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)  # coverage that guides tests/fuzz; needs clang
endif()
# A command loads only the shared libraries it calls.
add_link_options(-Wl,--as-needed)
