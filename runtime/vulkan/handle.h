// Owns one object of a VkDevice and destroys it. The device must outlive it; owners hold a
// shared_ptr<Device>.
#pragma once

#include <utility>

#include "vulkan/api.h"

namespace unmask::vulkan {

template <typename T>
class Handle {
 public:
  using Destroy = void(VKAPI_PTR*)(VkDevice, T, const VkAllocationCallbacks*);

  Handle() = default;
  Handle(VkDevice device, T value, Destroy destroy) : device_(device), value_(value), destroy_(destroy) {}
  Handle(Handle&& o) noexcept { swap(o); }
  Handle& operator=(Handle&& o) noexcept {
    Handle(std::move(o)).swap(*this);
    return *this;
  }
  ~Handle() {
    if (value_ != VK_NULL_HANDLE) destroy_(device_, value_, nullptr);
  }

  T get() const { return value_; }
  explicit operator bool() const { return value_ != VK_NULL_HANDLE; }

 private:
  void swap(Handle& o) noexcept {
    std::swap(device_, o.device_), std::swap(value_, o.value_), std::swap(destroy_, o.destroy_);
  }

  VkDevice device_ = VK_NULL_HANDLE;
  T value_ = VK_NULL_HANDLE;
  Destroy destroy_ = nullptr;
};

}  // namespace unmask::vulkan
