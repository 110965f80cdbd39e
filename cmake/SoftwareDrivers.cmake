# The software Vulkan drivers that the GPU tests run on. Both are looked up anew at every configure, because a driver
# update may rename its manifest. Sets UNMASK_TEST_DRIVERS, and UNMASK_ICD_<driver> for each driver in it.

# A CPU's manifest name comes first: with foreign architectures installed there may be several.
function(unmask_find_driver driver package)
  cmake_parse_arguments(ARG "" "" "MANIFESTS" ${ARGN})
  foreach(manifest ${ARG_MANIFESTS})
    if(EXISTS ${manifest})
      set(UNMASK_TEST_DRIVERS ${UNMASK_TEST_DRIVERS} ${driver} PARENT_SCOPE)
      set(UNMASK_ICD_${driver} ${manifest} PARENT_SCOPE)
      message(STATUS "GPU tests run on ${driver}: ${manifest}")
      return()
    endif()
  endforeach()
  message(WARNING "The Vulkan driver ${driver} is not installed: the GPU tests will NOT run on it. "
                  "Install the package ${package} and configure again, or run ./dev test, which does both.")
endfunction()

set(UNMASK_TEST_DRIVERS)
unmask_find_driver(lavapipe mesa-vulkan-drivers MANIFESTS
  /usr/share/vulkan/icd.d/lvp_icd.${CMAKE_SYSTEM_PROCESSOR}.json
  /usr/share/vulkan/icd.d/lvp_icd.json)
unmask_find_driver(swiftshader chromium-common MANIFESTS
  /usr/lib/chromium/vk_swiftshader_icd.json)

if(NOT EXISTS /usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json)
  message(WARNING "The Vulkan validation layer is not installed: the GPU tests will NOT be validated. "
                  "Install the package vulkan-validationlayers, or run ./dev test.")
endif()
