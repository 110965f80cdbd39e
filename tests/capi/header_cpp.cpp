// The header as a C++ compiler sees it: plain data, and functions with C linkage.
#include <unmask.h>

#include <type_traits>

static_assert(std::is_standard_layout_v<unmask_shape> && std::is_trivially_copyable_v<unmask_shape>);
static_assert(std::is_standard_layout_v<unmask_event> && std::is_trivially_copyable_v<unmask_event>);
static_assert(std::is_same_v<decltype(&unmask_version), int32_t (*)()>);
