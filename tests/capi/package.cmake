# Installs the build to a fresh prefix, moves it, and builds the examples against it: with find_package, and generate.c
# with pkg-config too. Then the installed program and the examples must find the library.
#   cmake -DBUILD= -DSOURCE= -DPREFIX= -DLIBDIR= -DC_COMPILER= -DPKG_CONFIG= -P package.cmake
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    string(JOIN " " command ${ARGN})
    message(FATAL_ERROR "${command}\nended with ${result}:\n${output}")
  endif()
endfunction()

# Without arguments an example explains itself and ends with 2, which it cannot do unless the library is loaded.
function(expect_usage program)
  execute_process(COMMAND ${ARGN} ${program} RESULT_VARIABLE result ERROR_VARIABLE output)
  if(NOT result EQUAL 2 OR NOT output MATCHES "usage:")
    message(FATAL_ERROR "${program} ended with ${result}: ${output}")
  endif()
endfunction()

set(moved ${PREFIX}-moved)
set(work ${PREFIX}-work)
file(REMOVE_RECURSE ${PREFIX} ${moved} ${work})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX})
file(RENAME ${PREFIX} ${moved})

run(${CMAKE_COMMAND} -S ${SOURCE}/examples -B ${work} -DCMAKE_PREFIX_PATH=${moved} -DCMAKE_C_COMPILER=${C_COMPILER})
run(${CMAKE_COMMAND} --build ${work})
expect_usage(${work}/example_generate)
expect_usage(${work}/example_stream)

set(ENV{PKG_CONFIG_PATH} ${moved}/${LIBDIR}/pkgconfig)
execute_process(COMMAND ${PKG_CONFIG} --cflags --libs unmask OUTPUT_VARIABLE flags COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
run(${C_COMPILER} -std=c99 -pedantic -Werror ${SOURCE}/examples/generate.c ${flags} -o ${work}/with_pkg_config)
expect_usage(${work}/with_pkg_config ${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${moved}/${LIBDIR})

run(${moved}/bin/unmask --version)
