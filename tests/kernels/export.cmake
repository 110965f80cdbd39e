# Portability check: every kernel translates to Metal, HLSL and OpenGL ES 3.1, so nothing in it is peculiar to Vulkan
# drivers. Kernels that need subgroups have no OpenGL ES form.
#   cmake -D SPIRV_CROSS=... -D SPIRV_FOLDER=... -P export.cmake
file(GLOB_RECURSE kernels ${SPIRV_FOLDER}/*.spv)
list(FILTER kernels EXCLUDE REGEX "\\.names\\.spv$")
list(LENGTH kernels count)
if(count EQUAL 0)
  message(FATAL_ERROR "No kernels in ${SPIRV_FOLDER}.")
endif()

function(translate kernel language)
  execute_process(COMMAND ${SPIRV_CROSS} ${ARGN} ${kernel} RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE reason)
  if(NOT result EQUAL 0)
    message(SEND_ERROR "${kernel} has no ${language} form: ${reason}")
  endif()
endfunction()

foreach(kernel ${kernels})
  translate(${kernel} Metal --msl --msl-version 20100)
  translate(${kernel} HLSL --hlsl --shader-model 60)
  if(NOT kernel MATCHES "_broadcast\\.")
    translate(${kernel} "OpenGL ES" --es --version 310)
  endif()
endforeach()
message(STATUS "${count} kernels translate.")
