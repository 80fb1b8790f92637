# Targets by convention, so that a module, a command or a test is declared in one line.

# Code that only calls the modules is compiled for compile time: tests take half of the whole build's time and the sanitizers'
# instrumentation triples what -O1 costs, while the loops that run long are in lib/reidbench/<module>. Called after a target is made.
function(reidbench_compile_quickly target)
  if(REIDBENCH_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  elseif(NOT ARGV1 STREQUAL "SANITIZED_ONLY" AND CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(${target} PRIVATE -O1)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -Wno-uninitialized)  # bug 105593, which at -O1 shows under this name
    endif()
  endif()
endfunction()

# Files that a unity build (CMAKE_UNITY_BUILD) compiles together; names in anonymous namespaces are unique within a folder for its
# sake.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)

# Headers that most files include, parsed once for all targets of equal options: a third of what a test costs to compile, a fifth of
# what a module does. Only where files are compiled together: file by file (preset dev, and clang-tidy with it) each file has to
# include what it uses. TESTS: what most tests include as well.
function(reidbench_precompile target)
  get_target_property(libraries ${target} LINK_LIBRARIES)
  get_target_property(visibility ${target} CXX_VISIBILITY_PRESET)
  if(libraries MATCHES "OpenMP|(^|;)torch(;|$)" OR visibility)  # options of their own, which headers look at
    return()
  endif()
  get_target_property(options ${target} COMPILE_OPTIONS)
  get_target_property(type ${target} TYPE)
  string(MD5 kind "${type} ${options} ${ARGN}")
  string(SUBSTRING ${kind} 0 8 kind)
  set(owner reidbench_precompiled_${kind})
  if(NOT TARGET ${owner})
    set(source ${PROJECT_BINARY_DIR}/precompiled/${kind}.cc)
    file(CONFIGURE OUTPUT ${source} CONTENT "int main() {}\n")
    if(type STREQUAL "EXECUTABLE")
      add_executable(${owner} ${source})
      set_target_properties(${owner} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/precompiled)  # no command
    else()
      add_library(${owner} STATIC ${source})
    endif()
    if(options)
      target_compile_options(${owner} PRIVATE ${options})
    endif()
    target_link_libraries(${owner} PRIVATE fmt::fmt)
    target_precompile_headers(${owner} PRIVATE
      <algorithm> <array> <cmath> <cstdint> <filesystem> <fstream> <functional> <limits> <map> <memory> <numeric> <optional> <set> <span>
      <string> <string_view> <unordered_map> <utility> <variant> <vector>)
    # fmt optimises itself where nothing else is: GCC would precompile __OPTIMIZE__ with it, and then misread its own intrinsics.
    if(NOT options MATCHES "-O0" AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
      target_precompile_headers(${owner} PRIVATE <fmt/format.h>)
    endif()
    if("TESTS" IN_LIST ARGN)
      target_link_libraries(${owner} PRIVATE GTest::gmock GTest::gtest nlohmann_json::nlohmann_json)
      target_precompile_headers(${owner} PRIVATE <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>)
    endif()
  endif()
  target_precompile_headers(${target} REUSE_FROM ${owner})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC no longer knows then that a false finding about std::string (bug 105651) is in a system header.
    target_compile_options(${target} PRIVATE -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds)
  endif()
endfunction()

# Called when the target is made, done when its options are complete.
macro(reidbench_precompile_later target)
  if(CMAKE_UNITY_BUILD)
    cmake_language(DEFER DIRECTORY ${PROJECT_SOURCE_DIR} CALL reidbench_precompile ${target} ${ARGN})
  endif()
endmacro()

# reidbench_module(<name> [INSTALL [INTERNAL <headers>]] [OPTIMISED] [DEPS <modules>] [PUBLIC_LIBS <libs>] [LIBS <libs>])
# One folder lib/reidbench/<name> = one static library reidbench_<name> of all its .cc files. DEPS are the modules it may include
# (tests/architecture holds every #include against them); LIBS are third-party libraries its headers do not show. INSTALL: part of
# what others link as reidbench::<name> (cmake/reidbenchConfig.cmake.in), with its headers but for the INTERNAL ones, which show
# types of libraries that are not theirs to have. OPTIMISED: sanitized tests spend minutes in it, in small functions (Eigen's) that
# clang inlines from -O2 on only.
function(reidbench_module name)
  cmake_parse_arguments(ARG "INSTALL;OPTIMISED" "" "INTERNAL;DEPS;PUBLIC_LIBS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(TRANSFORM ARG_DEPS PREPEND reidbench_)
  add_library(reidbench_${name} STATIC ${sources})
  target_include_directories(reidbench_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib>)
  target_link_libraries(reidbench_${name} PUBLIC ${ARG_DEPS} ${ARG_PUBLIC_LIBS} PRIVATE ${ARG_LIBS})
  if(ARG_OPTIMISED AND REIDBENCH_SANITIZE)
    target_compile_options(reidbench_${name} PRIVATE -O2)
  endif()
  reidbench_precompile_later(reidbench_${name})
  if(ARG_INSTALL)
    set_target_properties(reidbench_${name} PROPERTIES EXPORT_NAME ${name})
    install(TARGETS reidbench_${name} EXPORT reidbench ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
            INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
    foreach(header IN LISTS ARG_INTERNAL)
      list(REMOVE_ITEM headers ${CMAKE_CURRENT_SOURCE_DIR}/${header}.h)
    endforeach()
    install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/reidbench/${name} COMPONENT library)
  endif()
endfunction()

# reidbench_job(<command> DEPS <modules> [LIBS <libs>]): one folder lib/reidbench/jobs/<command> = one library
# reidbench_job_<command>.
function(reidbench_job name)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  reidbench_module(job_${name} DEPS ${ARG_DEPS} LIBS ${ARG_LIBS})
  reidbench_compile_quickly(reidbench_job_${name} SANITIZED_ONLY)
endfunction()

# reidbench_command(<command> DEPS <targets>): tools/<command>.cc -> bin/reidbench-<command>, installed. A hyphen in the name is an
# underscore in that of the file.
function(reidbench_command name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  string(REPLACE "-" "_" file ${name})
  add_executable(reidbench-${name} ${CMAKE_CURRENT_SOURCE_DIR}/${file}.cc)
  list(TRANSFORM ARG_DEPS PREPEND reidbench_)
  target_link_libraries(reidbench-${name} PRIVATE ${ARG_DEPS} reidbench_cli)
  set_target_properties(reidbench-${name} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  reidbench_compile_quickly(reidbench-${name} SANITIZED_ONLY)
  reidbench_precompile_later(reidbench-${name})
  install(TARGETS reidbench-${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# reidbench_test(<module> [OPTIMISED] [DEPS <modules>] [LIBS <libs>]): tests/<module>/*_test.cc -> one GoogleTest program
# <module>_test. A module job_<command> has its tests in tests/jobs/<command>. OPTIMISED: the tests themselves compute for long, so
# that they are optimised with sanitizers as well.
function(reidbench_test name)
  cmake_parse_arguments(ARG "OPTIMISED" "" "DEPS;LIBS" ${ARGN})
  string(REGEX REPLACE "^job_" "jobs/" folder ${name})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*_test.cc)
  list(TRANSFORM ARG_DEPS PREPEND reidbench_)
  add_executable(${name}_test ${sources})
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name}_test PRIVATE ${ARG_DEPS} ${ARG_LIBS} reidbench_test_support GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name}_test PRIVATE REIDBENCH_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/golden"
                                                  REIDBENCH_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(NOT (ARG_OPTIMISED AND REIDBENCH_SANITIZE))
    reidbench_compile_quickly(${name}_test)
  endif()
  reidbench_precompile_later(${name}_test TESTS)
  if(REIDBENCH_SANITIZE)
    # A process a test costs a sanitizer more than most tests: whole programs, the long one in parts.
    set(shards 1)
    if(name STREQUAL "cli_programs")
      set(shards 6)
    endif()
    foreach(shard RANGE 1 ${shards})
      math(EXPR index "${shard} - 1")
      add_test(NAME ${name}.${shard} COMMAND ${name}_test --gtest_brief=1)
      set_tests_properties(${name}.${shard} PROPERTIES
        ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${index}" TIMEOUT 1200)
    endforeach()
  else()
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
  endif()
endfunction()
