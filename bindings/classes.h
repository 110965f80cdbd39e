// The C interface as classes: what unmask.i hands to Python, Java and C#, and a C++ program may use as well.
// Names follow one rule: unmask_<type>_<verb>(object, ...) is <Type>::<verb>(...). Comments that begin with
// three slashes become the documentation of the other languages.
#pragma once

#include <algorithm>
#include <vector>

#include "handle.h"

namespace unmask {

using Tokens = std::vector<int32_t>;

// Row by row.
template <typename T>
struct Table {
  int64_t rows = 0, columns = 0;
  std::vector<T> values = std::vector<T>(static_cast<size_t>(rows * columns));
};
using Matrix = Table<float>;
using TokenMatrix = Table<int32_t>;

/// What a model would put at some positions: the most probable tokens of each, best first, and their
/// probabilities before any temperature; both [positions, top].
struct Predictions {
  TokenMatrix tokens;
  Matrix probabilities;
};

// All that `copy(buffer, capacity)` has to say, which is about `guess` elements; a text needs one more, for
// its NUL.
template <typename T, typename Copy>
T read_all(size_t guess, Copy copy) {
  T result(guess + 1, {});
  auto count = static_cast<size_t>(valid(copy(result.data(), static_cast<int64_t>(result.size()))));
  if (count > guess) {
    result.resize(count + 1);
    count = static_cast<size_t>(valid(copy(result.data(), static_cast<int64_t>(result.size()))));
  }
  result.resize(count);
  return result;
}

inline int64_t size_of(const Tokens& tokens) { return static_cast<int64_t>(tokens.size()); }

// ---- Version, log -----------------------------------------------------------------------------------------

/// Version of the native library: major * 10000 + minor * 100 + patch.
inline int32_t version() { return unmask_version(); }

/// The name of a status: "ok", "invalid_argument", ...; "unknown" for other numbers.
inline std::string status_name(int32_t status) { return unmask_status_name(status); }

/// One message of the library.
struct LogMessage {
  int32_t level;
  std::string text;
};

/// From now on messages wait in a queue for next_log_message(), the last 1000 of them. Until then, warnings
/// and errors go to stderr.
void capture_log();

/// From now on messages are dropped.
void silence_log();

/// Takes the oldest message of the queue; nothing if there is none.
LogMessage* next_log_message();

// ---- Devices ----------------------------------------------------------------------------------------------

/// What Unmask would use of a device or not, and why.
struct DeviceFeature {
  std::string name;
  bool used;
  std::string reason;
};

/// A Vulkan device of this machine. Memory is in bytes of device-local memory; the UUID has 32 hex digits;
/// the type is "discrete", "integrated", "virtual", "cpu" or "other"; an empty refusal means the device can
/// be used.
struct DeviceInfo {
  std::string name, uuid, type, driver, refusal;
  int64_t memory;
  std::vector<DeviceFeature> features;
};

/// Every Vulkan device of this machine, usable or not. May wait for the driver.
std::vector<DeviceInfo> devices();

/// Speeds of a matrix product in GFLOP/s: Unmask's kernel and a textbook one.
struct MatmulSpeed {
  double gflops, textbook_gflops;
};

/// A Vulkan device, shared by all threads. Opening it compiles kernels.
class Device {
 public:
  /// `which`: an index ("0"), a part of a name ("radeon") or a UUID; empty: the environment variable
  /// UNMASK_DEVICE, else the fastest kind there is.
  explicit Device(const std::string& which = "")
      : handle_("device", unmask_device_open(c_text(which)), unmask_device_destroy) {}

  std::string name() const { return handle_.get(unmask_device_name); }

  /// Name and version of the driver.
  std::string driver() const { return handle_.get(unmask_device_driver); }

  /// Times y [rows, outputs] = x [rows, inputs] w^T, the best of `repeats` runs; `dtype` of the weights is
  /// "f32", "f16" or "bf16".
  MatmulSpeed measure_matmul(int32_t rows, int32_t outputs, int32_t inputs, const std::string& dtype = "f32",
                             int32_t repeats = 3) const {
    MatmulSpeed speed{};
    handle_.run(unmask_device_measure_matmul, rows, outputs, inputs, c_text(dtype), repeats, &speed.gflops,
                &speed.textbook_gflops);
    return speed;
  }

  /// Gives the device back, once calls under way have returned. Models made from it keep working.
  void close() { handle_.close(); }
  bool closed() const { return handle_.closed(); }

  const Handle<unmask_device>& handle() const { return handle_; }

 private:
  Handle<unmask_device> handle_;
};

// ---- Models -----------------------------------------------------------------------------------------------

/// The messages of a conversation, oldest first. One thread at a time.
class Messages {
 public:
  Messages() : handle_("list of messages", unmask_messages_create(), unmask_messages_destroy) {}

  /// `role` is "system", "user" or "assistant".
  void add(const std::string& role, const std::string& content) {
    handle_.run(unmask_messages_add, c_text(role), c_text(content));
  }

  void close() { handle_.close(); }
  bool closed() const { return handle_.closed(); }

  const Handle<unmask_messages>& handle() const { return handle_; }

 private:
  Handle<unmask_messages> handle_;
};

/// Weights on a device, and a tokenizer. Immutable: any number of sessions, on any threads, share it.
class Model {
 public:
  /// Loads a Hugging Face folder (config.json, *.safetensors and, for text, tokenizer.json) or a GGUF file.
  Model(const Device& device, const std::string& path)
      : Model(unmask_model_open(device.handle().use().get(), c_text(path))) {}

  explicit Model(unmask_model* model) : handle_("model", model, unmask_model_destroy) {}

  /// Random weights of a given shape, for benchmarks. No tokenizer.
  static Model* create_random(const Device& device, const std::string& architecture,
                              const unmask_shape& shape) {
    return new Model(unmask_model_create_random(device.handle().use().get(), c_text(architecture), &shape));
  }

  /// Sizes, special token ids, and what the model can do.
  unmask_model_info get_info() const {
    auto info = initialised(unmask_model_info_init);
    handle_.run(unmask_model_get_info, &info);
    return info;
  }

  std::string architecture() const { return handle_.get(unmask_model_architecture); }

  /// Name of the chat layout; empty when unknown.
  std::string chat_format() const { return handle_.get(unmask_model_chat_format); }

  /// Token ids of a text. Special tokens written in it become their ids.
  Tokens tokenize(const std::string& text) const {
    return read_all<Tokens>(text.size() + 8, [&](int32_t* tokens, int64_t capacity) {
      return handle_.get(unmask_model_tokenize, c_text(text), tokens, capacity);
    });
  }

  /// Token ids of one user message in the model's chat layout, ready to be answered. Special tokens written
  /// in the message are plain text.
  Tokens tokenize_chat(const std::string& message) const {
    return read_all<Tokens>(message.size() + 32, [&](int32_t* tokens, int64_t capacity) {
      return handle_.get(unmask_model_tokenize_chat, c_text(message), tokens, capacity);
    });
  }

  /// Token ids of a conversation, ready to be answered: worked examples, say, and then the question.
  Tokens tokenize_messages(const Messages& messages) const {
    const auto held = messages.handle().use();
    return read_all<Tokens>(512, [&](int32_t* tokens, int64_t capacity) {
      return handle_.get(unmask_model_tokenize_messages, held.get(), tokens, capacity);
    });
  }

  /// Text of token ids. Special tokens are left out unless `keep_special`.
  std::string detokenize(const Tokens& tokens, bool keep_special = false) const {
    return read_all<std::string>(tokens.size() * 8 + 16, [&](char* text, int64_t capacity) {
      return handle_.get(unmask_model_detokenize, tokens.data(), size_of(tokens), keep_special ? 1 : 0, text,
                         capacity);
    });
  }

  /// Logits [tokens, vocabulary] of one pass over the tokens. Waits for the device.
  Matrix logits(const Tokens& tokens) const {
    Matrix result{size_of(tokens), get_info().vocabulary};
    handle_.run(unmask_model_logits, tokens.data(), size_of(tokens), result.values.data(),
                static_cast<int64_t>(result.values.size()));
    return result;
  }

  /// Gives the weights back, once calls under way have returned. Sessions made from it keep working.
  void close() { handle_.close(); }
  bool closed() const { return handle_.closed(); }

  const Handle<unmask_model>& handle() const { return handle_; }

 private:
  Handle<unmask_model> handle_;
};

/// Loads a model in steps, for a progress display: step() until it is true, then take_model().
class Loader {
 public:
  Loader(const Device& device, const std::string& path)
      : handle_("loader", unmask_loader_create(device.handle().use().get(), c_text(path)),
                unmask_loader_destroy) {}

  /// Loads a little more; true once all is there. Waits for the disk and the device.
  bool step() {
    int32_t finished = 0;
    handle_.run(unmask_loader_step, &finished);
    return finished != 0;
  }

  int64_t bytes_done() const { return handle_.get(unmask_loader_bytes_done); }
  int64_t bytes_total() const { return handle_.get(unmask_loader_bytes_total); }

  Model* take_model() { return new Model(handle_.get(unmask_loader_take_model)); }

  /// Abandons the model unless it has been taken.
  void close() { handle_.close(); }
  bool closed() const { return handle_.closed(); }

 private:
  Handle<unmask_loader> handle_;
};

/// The types that weights come in: "f32", "f16", ...
std::vector<std::string> weight_types();

/// Converts a Hugging Face folder to a GGUF file whose matrices have the given type: step() until it is true.
/// The file appears under its name only then. Needs no device.
class Converter {
 public:
  Converter(const std::string& source, const std::string& destination, const std::string& type)
      : handle_("converter", unmask_converter_create(c_text(source), c_text(destination), c_text(type)),
                unmask_converter_destroy) {}

  /// Converts a little more; true once all is done. Waits for the disk.
  bool step() {
    int32_t finished = 0;
    handle_.run(unmask_converter_step, &finished);
    return finished != 0;
  }

  /// Of the source.
  int64_t bytes_done() const { return handle_.get(unmask_converter_bytes_done); }
  int64_t bytes_total() const { return handle_.get(unmask_converter_bytes_total); }

  /// What is not as asked for, in sentences: matrices that do not fit the type's blocks get a substitute.
  std::vector<std::string> notes() const;

  /// Abandons the file unless it is finished.
  void close() { handle_.close(); }
  bool closed() const { return handle_.closed(); }

 private:
  Handle<unmask_converter> handle_;
};

// ---- Options ----------------------------------------------------------------------------------------------

/// An option there is: its kind, default and range. `choices` and `default_text` are of kind TEXT.
struct OptionInfo {
  std::string name;
  int32_t kind;
  std::string description;
  std::vector<std::string> choices;
  std::string default_text;
  double default_number, minimum, maximum;
};

/// The options there are.
std::vector<OptionInfo> option_table();

/// Settings of sessions by name, all at their defaults at first. A bad name or value is refused when it is
/// set.
class Options {
 public:
  Options() : handle_("options object", unmask_options_create(), unmask_options_destroy) {}

  void set(const std::string& name, double value) {
    handle_.run(unmask_options_set_number, c_text(name), value);
  }
  void set(const std::string& name, int64_t value) {
    handle_.run(unmask_options_set_integer, c_text(name), value);
  }
  void set(const std::string& name, const std::string& value) {
    handle_.run(unmask_options_set_text, c_text(name), c_text(value));
  }

  void close() { handle_.close(); }
  bool closed() const { return handle_.closed(); }

  const Handle<unmask_options>& handle() const { return handle_; }

 private:
  Handle<unmask_options> handle_;
};

// ---- Sessions ---------------------------------------------------------------------------------------------

/// One text to be written: a canvas of tokens. One thread at a time.
class Session {
 public:
  explicit Session(const Model& model)
      : handle_("session", unmask_session_create(model.handle().use().get(), nullptr),
                unmask_session_destroy) {}

  /// `options` are copied.
  Session(const Model& model, const Options& options)
      : handle_("session", unmask_session_create(model.handle().use().get(), options.handle().use().get()),
                unmask_session_destroy) {}

  /// The canvas becomes the text's tokens and option `length` masks. Refused while a decoder has the session.
  void set_prompt(const std::string& text) { handle_.run(unmask_session_set_prompt, c_text(text)); }

  /// The same with one user message in the model's chat layout.
  void set_chat(const std::string& message) { handle_.run(unmask_session_set_chat, c_text(message)); }

  /// The same with a conversation, whose last message is to be answered.
  void set_messages(const Messages& messages) {
    const auto held = messages.handle().use();
    handle_.run(unmask_session_set_messages, held.get());
  }

  /// The same with token ids.
  void set_tokens(const Tokens& tokens) {
    handle_.run(unmask_session_set_tokens, tokens.data(), size_of(tokens));
  }

  /// The canvas becomes these ids, the first `prompt_length` of them the prompt; the model's mask token
  /// stands where a token is to be written. Option `length` is not used. For filling gaps in a text.
  void set_canvas(const Tokens& tokens, int64_t prompt_length = 0) {
    handle_.run(unmask_session_set_canvas, tokens.data(), size_of(tokens), prompt_length);
  }

  /// Puts token ids at `position` and after it. A decoder keeps them, unless its strategy revises.
  void write(int64_t position, const Tokens& tokens) {
    handle_.run(unmask_session_write, position, tokens.data(), size_of(tokens));
  }

  /// `count` positions from `position` on become masks, to be written anew.
  void mask(int64_t position, int64_t count) { handle_.run(unmask_session_mask, position, count); }

  /// Pins the tokens of `count` positions, or lets them go: no strategy revises a pinned token, and write and
  /// mask refuse it. Masks cannot be pinned.
  void pin(int64_t position, int64_t count = 1, bool on = true) {
    handle_.run(unmask_session_pin, position, count, on ? 1 : 0);
  }
  bool pinned(int64_t position) const { return handle_.get(unmask_session_pinned, position) != 0; }

  /// The `top` most probable tokens of each position [n] and their probabilities [n, top], without committing
  /// anything. One forward pass over the canvas as it is; waits for the device. Also between the steps of a
  /// decoder.
  Predictions predict(const Tokens& positions, int32_t top = 1) const {
    const int64_t rows = size_of(positions), columns = std::max(top, 0);
    Predictions result{{rows, columns}, {rows, columns}};
    handle_.run(unmask_session_predict, positions.data(), rows, top, result.tokens.values.data(),
                result.probabilities.values.data());
    return result;
  }

  /// The canvas: prompt, then generated tokens, with the model's mask token where nothing is decided yet.
  Tokens get_tokens() const {
    return read_all<Tokens>(512, [&](int32_t* tokens, int64_t capacity) {
      return handle_.get(unmask_session_get_tokens, tokens, capacity);
    });
  }

  /// In tokens.
  int64_t prompt_length() const { return handle_.get(unmask_session_prompt_length); }
  int64_t masks_left() const { return handle_.get(unmask_session_masks_left); }

  /// The generated text up to the first end token, masks left out.
  std::string text() const { return handle_.get(unmask_session_text); }

  /// What the session has cost since its prompt was set.
  unmask_statistics get_statistics() const {
    auto statistics = initialised(unmask_statistics_init);
    handle_.run(unmask_session_get_statistics, &statistics);
    return statistics;
  }

  /// Gives the session's memory back. A decoder that has it keeps working.
  void close() { handle_.close(); }
  bool closed() const { return handle_.closed(); }

  const Handle<unmask_session>& handle() const { return handle_; }

 private:
  Handle<unmask_session> handle_;
};

// ---- Decoders ---------------------------------------------------------------------------------------------

/// The decode strategies there are.
std::vector<std::string> strategies();

/// Whether a strategy takes drafters.
unmask_drafter_use strategy_drafter_use(const std::string& strategy);

/// What one kernel label cost: dispatches of one step; device seconds, FLOPs and bytes since profiling began.
struct ProfileEntry {
  std::string label;
  int32_t dispatches;
  double seconds, flops, bytes;
};

/// Advances sessions of one model together; each gets the tokens it would get alone. Has the sessions, and
/// their drafters, until it is closed. One thread at a time, but for cancel().
class Decoder {
 public:
  explicit Decoder(Session& session, const std::string& strategy = "vanilla")
      : Decoder(std::vector<Session*>{&session}, strategy) {}

  /// With a drafter for a strategy that drafts and verifies, such as "exact".
  Decoder(Session& session, const std::string& strategy, Session& drafter)
      : Decoder(std::vector<Session*>{&session}, strategy, std::vector<Session*>{&drafter}) {}

  /// `drafters`, one per session or none, are sessions of a cheaper model with the same prompts and lengths.
  explicit Decoder(const std::vector<Session*>& sessions, const std::string& strategy = "vanilla",
                   const std::vector<Session*>& drafters = {})
      : handle_("decoder", create(sessions, strategy, drafters), unmask_decoder_destroy) {}

  /// One round: a denoising step, or a draft with its verification, for every unfinished session. Waits for
  /// the device.
  unmask_progress step() {
    auto progress = initialised(unmask_progress_init);
    handle_.run(unmask_decoder_step, &progress);
    return progress;
  }

  /// From any thread: the round under way ends, and further ones fail with CANCELLED.
  void cancel() { handle_.run(unmask_decoder_cancel); }

  /// Takes the oldest event not yet taken; nothing if there is none.
  unmask_event* next_event() {
    auto event = initialised(unmask_event_init);
    return handle_.get(unmask_decoder_next_event, &event) != 0 ? new unmask_event(event) : nullptr;
  }

  /// Why the last round went as it did; empty where the strategy decides nothing.
  std::string explanation() const { return handle_.get(unmask_decoder_explanation); }

  /// Bytes of device memory that decoding takes beside the model's weights. Known before the first step takes
  /// it.
  int64_t memory() const { return handle_.get(unmask_decoder_memory); }

  /// Whether steps take the device's time per kernel. They do the same work.
  void set_profiling(bool on) { handle_.run(unmask_decoder_set_profiling, on ? 1 : 0); }

  /// The costliest kernels first.
  std::vector<ProfileEntry> get_profile() const;

  /// Lets go of the sessions, once a step under way has returned.
  void close() { handle_.close(); }
  bool closed() const { return handle_.closed(); }

 private:
  static unmask_decoder* create(const std::vector<Session*>& sessions, const std::string& strategy,
                                const std::vector<Session*>& drafters);

  Handle<unmask_decoder> handle_;
};

}  // namespace unmask
