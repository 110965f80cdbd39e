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

std::vector<DeviceFeature> features_of(const unmask_device_list* list, int32_t device) {
  std::vector<DeviceFeature> features;
  for (int32_t i = 0; i < unmask_device_list_feature_count(list, device); ++i) {
    features.push_back({unmask_device_list_feature_name(list, device, i),
                        unmask_device_list_feature_used(list, device, i) != 0,
                        unmask_device_list_feature_reason(list, device, i)});
  }
  return features;
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
  const std::unique_ptr<unmask_device_list, decltype(&unmask_device_list_destroy)> list(
      valid(unmask_device_list_create()), unmask_device_list_destroy);
  const unmask_device_list* const l = list.get();
  std::vector<DeviceInfo> result;
  for (int32_t i = 0; i < unmask_device_list_size(l); ++i) {
    result.push_back({unmask_device_list_name(l, i), unmask_device_list_uuid(l, i),
                      unmask_device_list_type(l, i), unmask_device_list_driver(l, i),
                      unmask_device_list_refusal(l, i), unmask_device_list_memory(l, i), features_of(l, i)});
  }
  return result;
}

std::vector<std::string> weight_types() {
  std::vector<std::string> names;
  for (int32_t i = 0; i < unmask_weight_type_count(); ++i) names.emplace_back(unmask_weight_type_name(i));
  return names;
}

std::vector<std::string> Converter::notes() const {
  const int64_t count = handle_.get(unmask_converter_note_count);
  std::vector<std::string> notes;
  for (int32_t i = 0; i < count; ++i) notes.push_back(handle_.get(unmask_converter_note, i));
  return notes;
}

std::vector<OptionInfo> option_table() {
  std::vector<OptionInfo> table;
  for (int32_t i = 0; i < unmask_option_count(); ++i) {
    table.push_back({unmask_option_name(i), unmask_option_get_kind(i), unmask_option_description(i),
                     split_choices(unmask_option_choices(i)), unmask_option_default_text(i),
                     unmask_option_default(i), unmask_option_minimum(i), unmask_option_maximum(i)});
  }
  return table;
}

std::vector<std::string> strategies() {
  std::vector<std::string> names;
  for (int32_t i = 0; i < unmask_strategy_count(); ++i) names.emplace_back(unmask_strategy_name(i));
  return names;
}

unmask_decoder* Decoder::create(const std::vector<Session*>& sessions, const std::string& strategy) {
  std::vector<std::shared_ptr<unmask_session>> in_use;
  std::vector<unmask_session*> objects;
  for (const Session* session : sessions) {
    if (session == nullptr) throw Failure(UNMASK_INVALID_ARGUMENT, "A session of the list is null.");
    in_use.push_back(session->handle().use());
    objects.push_back(in_use.back().get());
  }
  return unmask_decoder_create(objects.data(), static_cast<int32_t>(objects.size()), c_text(strategy));
}

std::vector<ProfileEntry> Decoder::get_profile() const {
  const int64_t count = handle_.get(unmask_decoder_profile_count);
  std::vector<ProfileEntry> entries;
  for (int32_t i = 0; i < count; ++i) {
    auto entry = initialised(unmask_profile_entry_init);
    std::string label = handle_.get(unmask_decoder_get_profile, i, &entry);
    entries.push_back(
        {std::move(label), static_cast<int32_t>(entry.dispatches), entry.seconds, entry.flops, entry.bytes});
  }
  return entries;
}

}  // namespace unmask
