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
    for (const auto& s : decoder.sessions) sessions.push_back(std::make_unique<Exclusive>(s->busy));
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
  return out;
}

unmask_progress progress_of(const decode::DecoderProgress& p) {
  unmask_progress out;
  init(&out);
  out.finished = p.finished, out.seconds = p.seconds;
  out.rounds = static_cast<int32_t>(p.rounds);
  out.masks_left = static_cast<int32_t>(p.masks_left), out.masks_total = static_cast<int32_t>(p.masks_total);
  return out;
}

unmask_event event_of(const QueuedEvent& q, int32_t mask_token) {
  unmask_event out;
  init(&out);
  out.kind = q.event.previous == mask_token ? UNMASK_EVENT_COMMITTED : UNMASK_EVENT_REVISED;
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
  return guard([&] {
    set_prompt(session,
               [&](const model::Model& m) { return m.encode_user_message(text_of(message, "message")); });
  });
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

unmask_decoder* unmask_decoder_create(unmask_session* const* sessions, int32_t count, const char* strategy) {
  return guard_value<unmask_decoder*>(nullptr, [&] {
    require(sessions != nullptr && count > 0, Status::invalid_argument,
            "A decoder needs at least one session.");
    auto made = std::make_unique<unmask_decoder>();
    made->device = deref(sessions[0], "first session").device;
    std::vector<std::shared_ptr<decode::Session>> members;
    std::map<SessionState*, std::unique_ptr<Exclusive>>
        locked;  // by session: the decoder reports one listed twice
    for (const unmask_session* s : std::span(sessions, static_cast<size_t>(count))) {
      const std::shared_ptr<SessionState>& state = deref(s, "session").state;
      std::unique_ptr<Exclusive>& lock = locked[state.get()];
      if (lock == nullptr) lock = std::make_unique<Exclusive>(state->busy);
      made->sessions.push_back(state);
      members.push_back(state->session);
    }
    made->decoder = std::make_unique<decode::Decoder>(vulkan::make_backend(made->device), std::move(members),
                                                      strategy ? strategy : "vanilla");
    return made.release();
  });
}

void unmask_decoder_destroy(unmask_decoder* decoder) { delete decoder; }

int32_t unmask_strategy_count(void) { return static_cast<int32_t>(decode::strategies().size()); }

const char* unmask_strategy_name(int32_t index) {
  const auto table = decode::strategies();
  const bool there = index >= 0 && static_cast<size_t>(index) < table.size();
  return there ? table[static_cast<size_t>(index)].name.data() : nullptr;
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
    fill(event, event_of(queue.front(), locked.decoder.sessions[0]->session->mask_token()));
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
