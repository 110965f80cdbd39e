// The one translation unit that holds volk, which finds the Vulkan loader at run time.
#define VOLK_IMPLEMENTATION
#include "vulkan/api.h"
