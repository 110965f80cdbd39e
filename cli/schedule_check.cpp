#include "schedule_check.h"

#include <algorithm>
#include <span>

#include "decoding.h"
#include "eval_matchers.h"

namespace cli {

namespace {

constexpr int likelihood_draws = 32;

double flops_of(const Session& session) { return static_cast<double>(statistics_of(session.get()).flops); }

// A session with the text's prompt, followed by as many masks as it has tokens.
Session blank(unmask_model* model, const unmask_options* options, const AnalyzedText& text) {
  Session session(check(unmask_session_create(model, options)));
  std::vector<int32_t> canvas = text.canvas;
  std::fill(canvas.begin() + static_cast<ptrdiff_t>(text.prompt_length), canvas.end(),
            info_of(model).mask_token);
  check(unmask_session_set_canvas(session.get(), canvas.data(), static_cast<int64_t>(canvas.size()),
                                  static_cast<int64_t>(text.prompt_length)));
  return session;
}

void decode(const std::vector<Session>& heavies, const std::vector<Session>& lights,
            const std::string& strategy) {
  const Decoder decoder = make_decoder(heavies, lights, strategy);
  auto progress = initialised(unmask_progress_init);
  while (progress.finished == 0) step(decoder.get(), &progress);
}

double score(const CheckSettings& settings, unmask_session* session, const AnalyzedText& text) {
  if (!text.matcher.empty())
    return is_right(find_matcher(text.matcher), check(unmask_session_text(session)), text.answer) ? 1 : 0;
  return Masking(0).log_likelihood(settings.heavy, canvas_of(session), text.prompt_length, likelihood_draws);
}

void check_batch(const CheckSettings& settings, std::span<const AnalyzedText> texts, int64_t seed,
                 CheckedTexts& checked) {
  std::vector<Session> heavies, lights;
  for (const AnalyzedText& text : texts) {
    check(unmask_options_set_integer(settings.options, "seed", seed++));
    heavies.push_back(blank(settings.heavy, settings.options, text));
    lights.push_back(blank(settings.light, settings.options, text));
  }
  decode(heavies, lights, settings.strategy);
  for (size_t i = 0; i < texts.size(); ++i) {
    checked.scores.push_back(score(settings, heavies[i].get(), texts[i]));
    checked.flops.push_back(flops_of(heavies[i]) + flops_of(lights[i]));
  }
}

}  // namespace

bool has_matchers(const std::vector<AnalyzedText>& texts) {
  return std::all_of(texts.begin(), texts.end(), [](const AnalyzedText& t) { return !t.matcher.empty(); });
}

CheckedTexts check_schedule(const CheckSettings& settings, const std::vector<AnalyzedText>& texts,
                            const std::string& schedule) {
  check(unmask_options_set_text(settings.options, "schedule", schedule.c_str()));
  CheckedTexts checked;
  for (size_t begin = 0; begin < texts.size(); begin += settings.batch) {
    const size_t count = std::min(settings.batch, texts.size() - begin);
    check_batch(settings, std::span(texts).subspan(begin, count), settings.seed + static_cast<int64_t>(begin),
                checked);
  }
  return checked;
}

}  // namespace cli
