// Sessions and decoders of the C ABI.
#include "capi/objects.h"
#include "decode/logits.h"

using namespace unmask;
using namespace unmask::capi;

namespace {

// The session behind a handle, for this thread alone.
struct LockedSession {
  explicit LockedSession(const unmask_session* handle)
      : state(*deref(handle, "session").state), here(state.busy), session(*state.session) {}
  SessionState& state;
  Exclusive here;
  decode::Session& session;
};

// A decoder and its sessions, for this thread alone.
struct LockedDecoder {
  explicit LockedDecoder(unmask_decoder* handle) : decoder(deref(handle, "decoder")), here(decoder.busy) {
    for (const auto* group : {&decoder.sessions, &decoder.drafters})
      for (const auto& s : *group) sessions.push_back(std::make_unique<Exclusive>(s->busy));
  }
  unmask_decoder& decoder;
  Exclusive here;
  std::vector<std::unique_ptr<Exclusive>> sessions;
};

decode::SessionOptions typed_options(const unmask_options* options) {
  if (options == nullptr) return decode::SessionOptions(decode::Options{});
  const Exclusive here(options->busy);
  return decode::SessionOptions(options->options);
}

unmask_statistics statistics_of(const decode::Statistics& s) {
  unmask_statistics out;
  init(&out);
  const auto number = [](uint64_t value) { return static_cast<int64_t>(value); };
  out.forward_passes = number(s.forward_passes), out.rows = number(s.rows),
  out.head_rows = number(s.head_rows);
  out.flops = number(s.flops), out.bytes_read_back = number(s.bytes_read_back);
  out.largest_read_back = number(s.largest_read_back), out.revisions = number(s.revisions);
  out.drafted = number(s.drafted), out.accepted = number(s.accepted);
  return out;
}

unmask_progress progress_of(const decode::DecoderProgress& p) {
  unmask_progress out;
  init(&out);
  out.finished = p.finished, out.seconds = p.seconds;
  out.rounds = static_cast<int32_t>(p.rounds);
  out.masks_left = static_cast<int32_t>(p.masks_left), out.masks_total = static_cast<int32_t>(p.masks_total);
  const auto number = [](uint64_t value) { return static_cast<int64_t>(value); };
  out.rows = number(p.rows), out.head_rows = number(p.head_rows), out.flops = number(p.flops);
  out.bytes_read_back = number(p.bytes_read_back), out.bytes_moved = number(p.bytes_moved);
  return out;
}

unmask_event event_of(const QueuedEvent& q) {
  unmask_event out;
  init(&out);
  out.kind = static_cast<int32_t>(q.event.kind), out.reason = static_cast<int32_t>(q.event.reason);
  out.probability = q.event.probability;
  out.session = q.session;
  out.position = static_cast<int32_t>(q.event.position);
  out.token = q.event.token, out.previous = q.event.previous;
  out.round = static_cast<int32_t>(q.event.step);
  return out;
}

void collect_events(unmask_decoder& d) {
  for (size_t i = 0; i < d.sessions.size(); ++i) {
    for (const decode::Event& e : d.sessions[i]->session->take_events()) {
      d.events.push_back({static_cast<int32_t>(i), e});
    }
  }
  for (const auto& drafter : d.drafters) drafter->session->take_events();  // nobody asks for these
}

std::span<const int32_t> ids(const int32_t* values, int64_t count) {
  require(count >= 0 && (values != nullptr || count == 0), Status::invalid_argument,
          "The tokens or positions are NULL, or their count negative.");
  return {values, static_cast<size_t>(count)};
}

// Positions of a canvas.
decode::Window window(const decode::Session& session, int64_t position, int64_t count) {
  const int64_t length = session.length();
  require(position >= 0 && count >= 0 && position <= length && count <= length - position,
          Status::invalid_argument, "There are no {} positions from {} on; the canvas has {}.", count,
          position, length);
  return {static_cast<uint32_t>(position), static_cast<uint32_t>(position + count)};
}

void set_prompt(const unmask_session* handle,
                const std::function<std::vector<int32_t>(const model::Model&)>& prompt) {
  LockedSession locked(handle);
  locked.session.set_prompt(prompt(locked.session.model()));
}

}  // namespace

unmask_session* unmask_session_create(unmask_model* model, const unmask_options* options) {
  return guard_value<unmask_session*>(nullptr, [&] {
    const unmask_model& m = deref(model, "model");
    auto made = std::make_unique<unmask_session>(unmask_session{m.device, std::make_shared<SessionState>()});
    made->state->session = std::make_shared<decode::Session>(m.model, typed_options(options));
    return made.release();
  });
}

void unmask_session_destroy(unmask_session* session) { delete session; }

unmask_status unmask_session_set_prompt(unmask_session* session, const char* text) {
  return guard([&] {
    set_prompt(session,
               [&](const model::Model& m) { return m.require_tokenizer().encode(text_of(text, "prompt")); });
  });
}

unmask_status unmask_session_set_chat(unmask_session* session, const char* message) {
  return guard([&] { set_prompt(session, [&](const model::Model& m) { return encode_chat(m, message); }); });
}

unmask_status unmask_session_set_messages(unmask_session* session, const unmask_messages* messages) {
  return guard(
      [&] { set_prompt(session, [&](const model::Model& m) { return encode_messages(m, messages); }); });
}

unmask_status unmask_session_set_tokens(unmask_session* session, const int32_t* tokens, int64_t count) {
  return guard([&] { LockedSession(session).session.set_prompt(ids(tokens, count)); });
}

unmask_status unmask_session_set_canvas(unmask_session* session, const int32_t* tokens, int64_t count,
                                        int64_t prompt_length) {
  return guard([&] {
    require(prompt_length >= 0 && prompt_length <= count, Status::invalid_argument,
            "The prompt is {} tokens of a canvas of {}.", prompt_length, count);
    LockedSession(session).session.set_canvas(ids(tokens, count), static_cast<uint32_t>(prompt_length));
  });
}

unmask_status unmask_session_write(unmask_session* session, int64_t position, const int32_t* tokens,
                                   int64_t count) {
  return guard([&] {
    LockedSession locked(session);
    locked.session.write(window(locked.session, position, count), ids(tokens, count));
  });
}

unmask_status unmask_session_mask(unmask_session* session, int64_t position, int64_t count) {
  return guard([&] {
    LockedSession locked(session);
    locked.session.mask(window(locked.session, position, count));
  });
}

unmask_status unmask_session_pin(unmask_session* session, int64_t position, int64_t count, int32_t on) {
  return guard([&] {
    LockedSession locked(session);
    locked.session.pin(window(locked.session, position, count), on != 0);
  });
}

int32_t unmask_session_pinned(const unmask_session* session, int64_t position) {
  return guard_value<int32_t>(-1, [&] {
    LockedSession locked(session);
    return int32_t{locked.session.pinned(window(locked.session, position, 1).begin)};
  });
}

unmask_status unmask_session_predict(const unmask_session* session, const int32_t* positions, int64_t count,
                                     int32_t top, int32_t* tokens, float* probabilities) {
  return guard([&] {
    LockedSession locked(session);
    const std::span<const int32_t> asked = ids(positions, count);
    require(top > 0 && (count == 0 || (tokens != nullptr && probabilities != nullptr)),
            Status::invalid_argument, "There is no room for the tokens and probabilities asked for.");
    const auto backend = vulkan::make_backend(session->device);
    std::vector<uint32_t> where;
    for (const int32_t position : asked) where.push_back(window(locked.session, position, 1).begin);
    const auto candidates = decode::predict(*backend, locked.session, where, static_cast<uint32_t>(top));
    for (size_t i = 0; i < candidates.size(); ++i) {
      tokens[i] = candidates[i].token;
      probabilities[i] = candidates[i].probability;
    }
  });
}

int64_t unmask_session_get_tokens(const unmask_session* session, int32_t* tokens, int64_t capacity) {
  return guard_value<int64_t>(
      -1, [&] { return copy_tokens(LockedSession(session).session.tokens(), tokens, capacity); });
}

int64_t unmask_session_prompt_length(const unmask_session* session) {
  return guard_value<int64_t>(-1, [&] { return int64_t{LockedSession(session).session.prompt_length()}; });
}

int64_t unmask_session_masks_left(const unmask_session* session) {
  return guard_value<int64_t>(-1, [&] { return int64_t{LockedSession(session).session.masks_left()}; });
}

const char* unmask_session_text(unmask_session* session) {
  return guard_value<const char*>(nullptr, [&] {
    LockedSession locked(session);
    locked.state.text = locked.session.model().require_tokenizer().decode(locked.session.answer(), true);
    return locked.state.text.c_str();
  });
}

void unmask_statistics_init(unmask_statistics* statistics) { init(statistics); }

unmask_status unmask_session_get_statistics(const unmask_session* session, unmask_statistics* statistics) {
  return guard([&] { fill(statistics, statistics_of(LockedSession(session).session.statistics())); });
}

namespace {

// Locks sessions while a decoder is made of them, each once: the decoder reports one that is listed twice.
class Members {
 public:
  explicit Members(unmask_decoder& decoder) : decoder_(decoder) {}

  std::vector<std::shared_ptr<decode::Session>> take(std::span<unmask_session* const> handles,
                                                     std::vector<std::shared_ptr<SessionState>>& states) {
    std::vector<std::shared_ptr<decode::Session>> members;
    for (const unmask_session* handle : handles) {
      const unmask_session& s = deref(handle, "session");
      if (decoder_.device == nullptr) decoder_.device = s.device;
      require(s.device == decoder_.device, Status::invalid_argument,
              "The sessions of a decoder must be of one and the same open device.");
      std::unique_ptr<Exclusive>& lock = locked_[s.state.get()];
      if (lock == nullptr) lock = std::make_unique<Exclusive>(s.state->busy);
      states.push_back(s.state);
      members.push_back(s.state->session);
    }
    return members;
  }

 private:
  unmask_decoder& decoder_;
  std::map<SessionState*, std::unique_ptr<Exclusive>> locked_;
};

unmask_decoder* make_decoder(std::span<unmask_session* const> sessions,
                             std::span<unmask_session* const> drafters, const char* strategy) {
  auto made = std::make_unique<unmask_decoder>();
  Members members(*made);
  auto writing = members.take(sessions, made->sessions), drafting = members.take(drafters, made->drafters);
  made->decoder = std::make_unique<decode::Decoder>(vulkan::make_backend(made->device), std::move(writing),
                                                    strategy ? strategy : "vanilla", std::move(drafting));
  return made.release();
}

}  // namespace

unmask_decoder* unmask_decoder_create(unmask_session* const* sessions, int32_t count, const char* strategy) {
  return guard_value<unmask_decoder*>(nullptr, [&] {
    require(sessions != nullptr && count > 0, Status::invalid_argument,
            "A decoder needs at least one session.");
    return make_decoder({sessions, static_cast<size_t>(count)}, {}, strategy);
  });
}

unmask_decoder* unmask_decoder_create_with_drafters(unmask_session* const* sessions,
                                                    unmask_session* const* drafters, int32_t count,
                                                    const char* strategy) {
  return guard_value<unmask_decoder*>(nullptr, [&] {
    require(sessions != nullptr && drafters != nullptr && count > 0, Status::invalid_argument,
            "A decoder with drafters needs at least one session, and a drafter for each.");
    const auto size = static_cast<size_t>(count);
    return make_decoder({sessions, size}, {drafters, size}, strategy);
  });
}

const char* unmask_decoder_explanation(unmask_decoder* decoder) {
  return guard_value<const char*>(nullptr, [&] {
    LockedDecoder locked(decoder);
    return (locked.decoder.explanation = locked.decoder.decoder->explanation()).c_str();
  });
}

void unmask_decoder_destroy(unmask_decoder* decoder) { delete decoder; }

int32_t unmask_strategy_count(void) { return static_cast<int32_t>(decode::strategies().size()); }

const char* unmask_strategy_name(int32_t index) {
  const auto table = decode::strategies();
  const bool there = index >= 0 && static_cast<size_t>(index) < table.size();
  return there ? table[static_cast<size_t>(index)].name.data() : nullptr;
}

int32_t unmask_strategy_drafter_use(int32_t index) {
  const auto table = decode::strategies();
  const bool there = index >= 0 && static_cast<size_t>(index) < table.size();
  return there ? static_cast<int32_t>(table[static_cast<size_t>(index)].drafters) : -1;
}

void unmask_progress_init(unmask_progress* progress) { init(progress); }

unmask_status unmask_decoder_step(unmask_decoder* decoder, unmask_progress* progress) {
  return guard([&] {
    LockedDecoder locked(decoder);
    const decode::DecoderProgress p = locked.decoder.decoder->step();
    collect_events(locked.decoder);
    if (progress != nullptr) fill(progress, progress_of(p));
  });
}

unmask_status unmask_decoder_cancel(unmask_decoder* decoder) {
  return guard([&] { deref(decoder, "decoder").decoder->cancel(); });
}

void unmask_event_init(unmask_event* event) { init(event); }

int32_t unmask_decoder_next_event(unmask_decoder* decoder, unmask_event* event) {
  return guard_value<int32_t>(-1, [&] {
    LockedDecoder locked(decoder);
    std::deque<QueuedEvent>& queue = locked.decoder.events;
    deref(event, "event");
    if (queue.empty()) return 0;
    fill(event, event_of(queue.front()));
    queue.pop_front();
    return 1;
  });
}

int64_t unmask_decoder_memory(unmask_decoder* decoder) {
  return guard_value<int64_t>(
      -1, [&] { return static_cast<int64_t>(LockedDecoder(decoder).decoder.decoder->memory_bytes()); });
}

unmask_status unmask_decoder_set_profiling(unmask_decoder* decoder, int32_t on) {
  return guard([&] { LockedDecoder(decoder).decoder.decoder->set_profiling(on != 0); });
}

void unmask_profile_entry_init(unmask_profile_entry* entry) { init(entry); }

int32_t unmask_decoder_profile_count(unmask_decoder* decoder) {
  return guard_value<int32_t>(-1, [&] {
    LockedDecoder locked(decoder);
    auto& snapshot = locked.decoder.profile;
    snapshot.clear();
    for (const decode::LabelProfile& p : locked.decoder.decoder->profile()) {
      unmask_profile_entry e;
      init(&e);
      e.dispatches = p.dispatches, e.seconds = p.seconds;
      e.flops = static_cast<double>(p.work.flops_executed), e.bytes = static_cast<double>(p.work.bytes);
      snapshot.emplace_back(p.label, e);
    }
    return static_cast<int32_t>(snapshot.size());
  });
}

const char* unmask_decoder_get_profile(unmask_decoder* decoder, int32_t index, unmask_profile_entry* entry) {
  return guard_value<const char*>(nullptr, [&] {
    LockedDecoder locked(decoder);
    const auto& snapshot = locked.decoder.profile;
    require(index >= 0 && static_cast<size_t>(index) < snapshot.size(), Status::invalid_argument,
            "There is no profile entry {}; take a snapshot with unmask_decoder_profile_count first.", index);
    const auto& [label, values] = snapshot[static_cast<size_t>(index)];
    fill(entry, values);
    return label.c_str();
  });
}
