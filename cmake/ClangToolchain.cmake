# Clang 16 for the sanitizers and the fuzzers (preset asan): it compiles instrumented code in half of GCC's time and has
# libFuzzer. With the standard library's headers of GCC 11 (libstdc++-11-dev), because LibTorch's do not compile with those of
# GCC 12 in C++20, whose std::vector is constexpr and wants complete types.
set(CMAKE_C_COMPILER clang-16)
set(CMAKE_CXX_COMPILER clang++-16)
file(GLOB headers_of_gcc_11 /usr/lib/gcc/*-linux-gnu/11)
list(SORT headers_of_gcc_11)
list(GET headers_of_gcc_11 0 headers_of_gcc_11)
set(CMAKE_CXX_FLAGS_INIT "--gcc-install-dir=${headers_of_gcc_11}")
# oneDNN runs on GCC's OpenMP; two of them in one program would not know of each other's threads.
set(OpenMP_CXX_FLAGS "-fopenmp=libgomp -idirafter ${headers_of_gcc_11}/include" CACHE STRING "")
set(OpenMP_CXX_LIB_NAMES gomp CACHE STRING "")
set(OpenMP_gomp_LIBRARY ${headers_of_gcc_11}/libgomp.so CACHE FILEPATH "")
