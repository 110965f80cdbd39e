#include "eval_run.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "decoding.h"
#include "eval_likelihood.h"
#include "eval_matchers.h"

namespace cli {

namespace {

std::string cut(std::string text, const std::vector<std::string>& until) {
  for (const std::string& stop : until) {
    if (!stop.empty()) text.erase(std::min(text.find(stop), text.size()));
  }
  return text;
}

OptionValues with_seed(OptionValues options, int64_t more) {
  if (more != 0) options["seed"] = fmt::format("{}", seed_of(options) + more);
  return options;
}

// Items whose texts are written together.
class Batch {
 public:
  Batch(const EvalRun& run, std::span<const EvalItem> items)
      : run_(run), items_(items), decided_(items.size()) {
    for (const EvalItem& item : items) {
      sessions_.push_back(session(run.model, run.options, item));
      if (run.drafter != nullptr) drafters_.push_back(session(run.drafter, run.drafter_options, item));
    }
    decoder_ = make_decoder(sessions_, drafters_, run.strategy);
  }

  bool finished() const { return progress_.finished != 0; }

  // Share of the masks that are filled.
  double filled() const {
    return progress_.masks_total == 0
               ? 0
               : 1 - static_cast<double>(progress_.masks_left) / static_cast<double>(progress_.masks_total);
  }

  void step() {
    cli::step(decoder_.get(), &progress_);
    auto event = initialised(unmask_event_init);
    while (check_count(unmask_decoder_next_event(decoder_.get(), &event)) == 1) {
      decided_[static_cast<size_t>(event.session)].insert(event.position);
    }
  }

  ItemResult result(size_t index) const {
    const EvalItem& item = items_[index];
    unmask_session* const session = sessions_[index].get();
    const unmask_statistics cost = statistics_of(session);
    ItemResult r;
    r.id = item.id;
    r.text = cut(check(unmask_session_text(session)), item.until);
    r.right = is_right(find_matcher(item.matcher), r.text, item.answer);
    r.prompt_tokens = check_count(unmask_session_prompt_length(session));
    r.tokens = static_cast<int64_t>(decided_[index].size());
    r.passes = cost.forward_passes;
    r.rows = cost.rows;
    r.flops = cost.flops;
    r.drafted = cost.drafted;
    r.accepted = cost.accepted;
    if (!drafters_.empty()) {
      const unmask_statistics drafting = statistics_of(drafters_[index].get());
      r.drafter_passes = drafting.forward_passes;
      r.flops += drafting.flops;
    }
    r.seconds = progress_.seconds / static_cast<double>(items_.size());
    if (run_.keep_ids) {
      r.ids = canvas_of(session);
      r.ids.erase(r.ids.begin(), r.ids.begin() + r.prompt_tokens);
    }
    return r;
  }

 private:
  Session session(unmask_model* model, const OptionValues& values, const EvalItem& item) const {
    const Options options = options_of(with_seed(values, item.seed));
    Session made(check(unmask_session_create(model, options.get())));
    set_prompt(made.get(), prompt_of(item, run_.chat));
    return made;
  }

  const EvalRun& run_;
  std::span<const EvalItem> items_;
  std::vector<Session> sessions_, drafters_;
  Decoder decoder_;
  std::vector<std::set<int32_t>> decided_;  // positions, of each session
  unmask_progress progress_ = initialised(unmask_progress_init);
};

void write_texts(const EvalRun& run, std::span<const EvalItem> items, ResultsFile& file,
                 EvalProgress& progress) {
  Batch batch(run, items);
  while (!batch.finished()) {
    batch.step();
    progress.show(batch.filled() * static_cast<double>(items.size()));
  }
  for (size_t i = 0; i < items.size(); ++i) {
    file.add(batch.result(i));
    progress.finish(file.results().items.back().right);
  }
}

void choose(const EvalRun& run, const EvalItem& item, ResultsFile& file, EvalProgress& progress) {
  progress.show();
  file.add(likeliest_choice(run, item));
  progress.finish(file.results().items.back().right);
}

}  // namespace

Prompt prompt_of(const EvalItem& item, bool chat) {
  Prompt prompt;
  for (const WorkedExample& e : item.examples) {
    if (chat) {
      prompt.messages.push_back({"user", e.prompt});
      prompt.messages.push_back({"assistant", e.answer});
    } else {
      prompt.text += e.prompt + "\n" + e.answer + "\n\n";
    }
  }
  if (chat) {
    prompt.messages.push_back({"user", item.prompt});
  } else {
    prompt.text += item.prompt;
  }
  return prompt;
}

int64_t seed_of(const OptionValues& options) {
  const auto given = options.find("seed");
  return given == options.end() ? 0 : std::stoll(given->second);
}

void run_items(const EvalRun& run, std::span<const EvalItem> items, ResultsFile& file,
               EvalProgress& progress) {
  std::vector<EvalItem> left;
  for (const EvalItem& item : items) {
    if (file.has(item.id)) {
      progress.skip(file.at(item.id).right);
    } else {
      left.push_back(item);
    }
  }
  const size_t batch = run.likelihood ? 1 : static_cast<size_t>(run.batch);
  for (size_t begin = 0; begin < left.size(); begin += batch) {
    const auto part = std::span(left).subspan(begin, std::min(batch, left.size() - begin));
    if (run.likelihood) {
      choose(run, part.front(), file, progress);
    } else {
      write_texts(run, part, file, progress);
    }
  }
}

}  // namespace cli
