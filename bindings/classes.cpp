#include "classes.h"

#include <algorithm>
#include <deque>

namespace unmask {

namespace {

class LogQueue {
 public:
  void push(int32_t level, const char* text) {
    const std::scoped_lock lock(mutex_);
    if (messages_.size() == most) messages_.pop_front();
    messages_.push_back({level, text});
  }

  LogMessage* take() {
    const std::scoped_lock lock(mutex_);
    if (messages_.empty()) return nullptr;
    auto* const oldest = new LogMessage(std::move(messages_.front()));
    messages_.pop_front();
    return oldest;
  }

 private:
  static constexpr size_t most = 1000;
  std::mutex mutex_;
  std::deque<LogMessage> messages_;
};

// Never destroyed: the library may have something to say while the process ends.
LogQueue& log_queue() {
  static auto* const queue = new LogQueue;
  return *queue;
}

// make(0), make(1), ... make(count - 1).
template <typename Make>
auto list(int64_t count, Make make) {
  std::vector<decltype(make(0))> values;
  values.reserve(static_cast<size_t>(count));
  for (int32_t i = 0; i < count; ++i) values.push_back(make(i));
  return values;
}

std::vector<DeviceFeature> features_of(const unmask_device_list* devices, int32_t device) {
  return list(unmask_device_list_feature_count(devices, device), [&](int32_t i) {
    return DeviceFeature{unmask_device_list_feature_name(devices, device, i),
                         unmask_device_list_feature_used(devices, device, i) != 0,
                         unmask_device_list_feature_reason(devices, device, i)};
  });
}

// "a|b|c", or nothing.
std::vector<std::string> split_choices(const std::string& choices) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < choices.size();) {
    const size_t bar = std::min(choices.find('|', begin), choices.size());
    parts.push_back(choices.substr(begin, bar - begin));
    begin = bar + 1;
  }
  return parts;
}

}  // namespace

void capture_log() {
  unmask_log_set_sink(
      [](void* queue, int32_t level, const char* text) { static_cast<LogQueue*>(queue)->push(level, text); },
      &log_queue());
}

void silence_log() { unmask_log_set_sink(nullptr, nullptr); }

LogMessage* next_log_message() { return log_queue().take(); }

std::vector<DeviceInfo> devices() {
  const std::unique_ptr<unmask_device_list, decltype(&unmask_device_list_destroy)> owner(
      valid(unmask_device_list_create()), unmask_device_list_destroy);
  const unmask_device_list* const all = owner.get();
  return list(unmask_device_list_size(all), [&](int32_t i) {
    return DeviceInfo{unmask_device_list_name(all, i),
                      unmask_device_list_uuid(all, i),
                      unmask_device_list_type(all, i),
                      unmask_device_list_driver(all, i),
                      unmask_device_list_refusal(all, i),
                      unmask_device_list_memory(all, i),
                      features_of(all, i)};
  });
}

std::vector<std::string> weight_types() {
  return list(unmask_weight_type_count(), [](int32_t i) { return std::string(unmask_weight_type_name(i)); });
}

std::vector<std::string> Converter::notes() const {
  return list(handle_.get(unmask_converter_note_count),
              [&](int32_t i) { return handle_.get(unmask_converter_note, i); });
}

std::vector<OptionInfo> option_table() {
  return list(unmask_option_count(), [](int32_t i) {
    return OptionInfo{unmask_option_name(i),         unmask_option_get_kind(i),
                      unmask_option_description(i),  split_choices(unmask_option_choices(i)),
                      unmask_option_default_text(i), unmask_option_default(i),
                      unmask_option_minimum(i),      unmask_option_maximum(i)};
  });
}

std::vector<std::string> strategies() {
  return list(unmask_strategy_count(), [](int32_t i) { return std::string(unmask_strategy_name(i)); });
}

unmask_drafter_use strategy_drafter_use(const std::string& strategy) {
  for (int32_t i = 0; i < unmask_strategy_count(); ++i) {
    if (strategy == unmask_strategy_name(i))
      return static_cast<unmask_drafter_use>(unmask_strategy_drafter_use(i));
  }
  throw Failure(UNMASK_NOT_FOUND, "There is no decode strategy '" + strategy + "'.");
}

namespace {

// The objects of sessions, which stay while this lives.
struct InUse {
  explicit InUse(const std::vector<Session*>& sessions) {
    for (const Session* session : sessions) {
      if (session == nullptr) throw Failure(UNMASK_INVALID_ARGUMENT, "A session of the list is null.");
      kept.push_back(session->handle().use());
      objects.push_back(kept.back().get());
    }
  }
  std::vector<std::shared_ptr<unmask_session>> kept;
  std::vector<unmask_session*> objects;
};

}  // namespace

unmask_decoder* Decoder::create(const std::vector<Session*>& sessions, const std::string& strategy,
                                const std::vector<Session*>& drafters) {
  const InUse writers(sessions), drafting(drafters);
  const auto count = static_cast<int32_t>(sessions.size());
  if (drafters.empty()) return unmask_decoder_create(writers.objects.data(), count, c_text(strategy));
  if (drafters.size() != sessions.size())
    throw Failure(UNMASK_INVALID_ARGUMENT, "Each session needs a drafter of its own.");
  return unmask_decoder_create_with_drafters(writers.objects.data(), drafting.objects.data(), count,
                                             c_text(strategy));
}

std::vector<ProfileEntry> Decoder::get_profile() const {
  return list(handle_.get(unmask_decoder_profile_count), [&](int32_t i) {
    auto entry = initialised(unmask_profile_entry_init);
    std::string label = handle_.get(unmask_decoder_get_profile, i, &entry);
    return ProfileEntry{std::move(label), static_cast<int32_t>(entry.dispatches), entry.seconds, entry.flops,
                        entry.bytes};
  });
}

}  // namespace unmask
