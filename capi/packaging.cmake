# How the library leaves the build tree: SONAME, exported symbols, cmake --install, and how others find it then, with
# find_package(Unmask) and the target Unmask::unmask, or with pkg-config unmask.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

target_include_directories(unmask PUBLIC
  $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set(symbol_map ${CMAKE_CURRENT_SOURCE_DIR}/unmask.map)
target_link_options(unmask PRIVATE LINKER:--version-script=${symbol_map})
set_target_properties(unmask PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS ${symbol_map}
  PUBLIC_HEADER ${CMAKE_CURRENT_SOURCE_DIR}/unmask.h)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Unmask)
install(TARGETS unmask EXPORT UnmaskTargets PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT UnmaskTargets FILE UnmaskConfig.cmake NAMESPACE Unmask:: DESTINATION ${package_folder})
# Before 1.0 the ABI may change with the minor version.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/UnmaskConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/UnmaskConfigVersion.cmake DESTINATION ${package_folder})

# Relative to the file itself, so that an installed tree can be moved.
file(RELATIVE_PATH UNMASK_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(unmask.pc.in unmask.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/unmask.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
