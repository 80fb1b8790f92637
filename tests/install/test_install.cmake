# Installs the library below WORK, then builds and runs a program that finds it there:
#   cmake -DBUILD=build/release -DSOURCE=tests/install -DWORK=build/release/install_test -P test_install.cmake
file(REMOVE_RECURSE ${WORK})
foreach(component library data)
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix --component ${component}
                  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endforeach()
# The library is compiled for every processor of its kind; what only this one has must not change what they agree on.
execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -G Ninja -DCMAKE_PREFIX_PATH=${WORK}/prefix
                        -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DCMAKE_CXX_FLAGS=-march=native
                OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/build OUTPUT_VARIABLE log RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${log}")
endif()
# Two frames of one person, who is another one for the tracker in the second.
file(WRITE ${WORK}/truth.txt "1,1,10,10,20,40,1,1,1\n2,1,12,10,20,40,1,1,1\n")
file(WRITE ${WORK}/result.txt "1,5,10,10,20,40,1,-1,-1,-1\n2,6,12,10,20,40,1,-1,-1,-1\n")
execute_process(COMMAND ${WORK}/build/consumer ${WORK}/truth.txt ${WORK}/result.txt COMMAND_ERROR_IS_FATAL ANY)

# The Python package finds the installed data.
if(PYTHON)
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix --component python
                  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env PYTHONPATH=${WORK}/prefix/${PACKAGES} ${PYTHON} -c
                          "import reidbench, reidbench._core as core; print(core.data_dir(), reidbench.__file__)"
                  OUTPUT_VARIABLE found COMMAND_ERROR_IS_FATAL ANY)
  if(NOT found STREQUAL "${WORK}/prefix/share/reidbench ${WORK}/prefix/${PACKAGES}/reidbench/__init__.py\n")
    message(FATAL_ERROR "the installed Python package says ${found}")
  endif()
endif()
