#include "decode/model_turns.h"

#include <utility>

#include "base/error.h"
#include "decode/drafter.h"
#include "decode/judged_draft.h"

namespace unmask::decode {

ModelTurns::ModelTurns(std::span<Session* const> heavies, std::span<Session* const> lights)
    : turns_(heavies.size(), Turn::none) {
  for (size_t i = 0; i < heavies.size(); ++i) {
    require_same_text(*lights[i], *heavies[i]);
    const uint32_t own = lights[i]->model().config.positions, other = heavies[i]->model().config.positions;
    require(own >= other || own >= heavies[i]->length(), Status::invalid_argument,
            "The drafter sees {} positions at once, and the model {}; in turns they must see the same.", own,
            other);
  }
}

void ModelTurns::step(Run& run, std::vector<Request> requests) {
  std::vector<Request> of_heavy, of_light;
  for (Request& r : requests) {
    const bool light = take_turn(run, r);
    (light ? of_light : of_heavy).push_back(std::move(r));
  }
  if (!of_heavy.empty()) run.denoiser.step(of_heavy);
  if (of_light.empty()) return;
  run.drafter_denoiser->step(of_light);
  for (const Request& r : of_light) {
    for (const Event& e : run.drafters[r.session]->take_events()) {
      run.sessions[r.session]->commit(e.position, e.token);
      run.denoiser.refresh(r.session, e.position);
    }
  }
}

// Whether the light model takes the request's step. It is then as far as the heavy one is.
bool ModelTurns::take_turn(Run& run, Request& request) {
  const Session& s = *run.sessions[request.session];
  const Turn now = s.options().schedule.is_light(request.stage) ? Turn::light : Turn::heavy;
  const Turn last = std::exchange(turns_[request.session], now);
  if (last == now) return now == Turn::light;
  request.refresh = true;
  if (now == Turn::light) {
    Session& light = *run.drafters[request.session];
    change_canvas(light, request.session, *run.drafter_denoiser, [&] { light.copy_canvas(s); });
  }
  return now == Turn::light;
}

void require_schedules(std::span<Session* const> sessions, const StrategyInfo& strategy, bool has_drafters) {
  const bool scheduled = strategy.drafters == Drafters::scheduled;
  for (const Session* s : sessions) {
    const ModelSchedule& schedule = s->options().schedule;
    require(!schedule.given() || scheduled, Status::invalid_argument,
            "Strategy '{}' does not follow a schedule of models; leave option 'schedule' out, or use a "
            "strategy that does not verify, such as 'vanilla'.",
            strategy.name);
    require(!schedule.uses_light() || has_drafters, Status::invalid_argument,
            "Option 'schedule' gives steps to a light model, but there is none; give it as the drafter, or "
            "leave the option out.");
    require(schedule.given() || !scheduled || !has_drafters, Status::invalid_argument,
            "With a drafter, strategy '{}' needs option 'schedule', which says which steps that model takes, "
            "such as \"sandwich:0.25\". To let it draft and the other verify, use strategy 'exact'.",
            strategy.name);
  }
}

}  // namespace unmask::decode
