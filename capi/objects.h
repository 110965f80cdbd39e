// What the opaque handles of unmask.h are. Each keeps alive what it was made from.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "capi/guard.h"
#include "capi/unmask.h"
#include "decode/decoder.h"
#include "vulkan/devices.h"

struct unmask_device_list {
  std::vector<unmask::vulkan::DeviceInfo> devices;
};

struct unmask_device {
  std::shared_ptr<unmask::vulkan::Device> device;
};

struct unmask_model {
  std::shared_ptr<unmask::vulkan::Device> device;
  std::shared_ptr<const unmask::model::Model> model;
};

struct unmask_loader {
  std::shared_ptr<unmask::vulkan::Device> device;
  std::unique_ptr<unmask::model::Loader> loader;  // gone once the model is taken
  std::atomic_flag busy;
};

struct unmask_options {
  unmask::decode::Options options;
  mutable std::atomic_flag busy;  // sessions are made from const options
};

struct unmask_messages {
  std::vector<unmask::model::ChatMessage> list;
  mutable std::atomic_flag busy;  // models and sessions read const messages
};

// Shared with the decoder that has the session: the two count as one object to threads.
struct SessionState {
  std::shared_ptr<unmask::decode::Session> session;
  std::string text;
  std::atomic_flag busy;
};

struct unmask_session {
  std::shared_ptr<unmask::vulkan::Device> device;
  std::shared_ptr<SessionState> state;
};

struct QueuedEvent {
  int32_t session;
  unmask::decode::Event event;
};

struct unmask_decoder {
  std::shared_ptr<unmask::vulkan::Device> device;  // destroyed last
  std::vector<std::shared_ptr<SessionState>> sessions, drafters;
  std::unique_ptr<unmask::decode::Decoder> decoder;
  std::string explanation;
  std::deque<QueuedEvent> events;
  std::vector<std::pair<std::string, unmask_profile_entry>> profile;
  std::atomic_flag busy;
};

namespace unmask::capi {

// The object behind a handle, or invalid_argument.
template <typename T>
T& deref(T* handle, const char* what) {
  require(handle != nullptr, Status::invalid_argument, "The {} is NULL.", what);
  return *handle;
}

inline const char* text_of(const char* text, const char* what) {
  require(text != nullptr, Status::invalid_argument, "The {} is NULL.", what);
  return text;
}

// Copies `from` over the caller's struct, as far as the caller's version of it goes.
template <typename T>
void fill(T* to, T from) {
  deref(to, "struct to fill");
  require(to->struct_size >= sizeof(uint32_t), Status::invalid_argument,
          "The struct's struct_size is {}; fill it with its _init function first.", to->struct_size);
  from.struct_size = to->struct_size;
  std::memcpy(to, &from, std::min<size_t>(from.struct_size, sizeof(T)));
}

// The caller's struct, with defaults for the fields that its version lacks.
template <typename T>
T read(const T* from, T defaults) {
  deref(from, "struct");
  require(from->struct_size >= sizeof(uint32_t), Status::invalid_argument,
          "The struct's struct_size is {}; fill it with its _init function first.", from->struct_size);
  std::memcpy(&defaults, from, std::min<size_t>(from->struct_size, sizeof(T)));
  return defaults;
}

template <typename T>
void init(T* value) {
  if (value == nullptr) return;
  *value = T{};
  value->struct_size = sizeof(T);
}

// The ids of one user message, or of a conversation, ready to be answered.
std::vector<int32_t> encode_chat(const model::Model& model, const char* message);
std::vector<int32_t> encode_messages(const model::Model& model, const unmask_messages* messages);

// Writes the first `capacity` ids and returns how many there are.
int64_t copy_tokens(std::span<const int32_t> from, int32_t* to, int64_t capacity);

}  // namespace unmask::capi
