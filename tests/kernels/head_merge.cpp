#include "kernels/head_merge.h"

#include <algorithm>

#include "kernels/twins.h"
#include "tensor/head.h"
#include "tensor/layouts.h"

namespace unmask::twins {
namespace {

tensor::TokenStats merge(std::span<const tensor::HeadPartial> partials) {
  // Tokens rise with the partials, so the first of the largest has the lowest token.
  const auto best = std::ranges::max_element(partials, {}, &tensor::HeadPartial::best);
  const auto noised = std::ranges::max_element(partials, {}, &tensor::HeadPartial::noised);
  double runner_up = best->runner_up, sum = 0, weighted = 0;
  for (auto t = partials.begin(); t != partials.end(); ++t) {
    if (t != best) runner_up = std::max<double>(runner_up, t->best);
    if (std::isinf(t->best)) continue;
    const double shift = double{t->best} - best->best;
    sum += t->sum * std::exp(shift);
    weighted += (t->weighted + t->sum * shift) * std::exp(shift);
  }
  const auto f = [](double v) { return static_cast<float>(v); };
  return {noised->noised_token,
          noised->noised_logit,
          f(best->best + std::log(sum)),
          f(std::log(sum) - weighted / sum),
          best->token,
          best->best,
          f(runner_up),
          noised->noised};
}

}  // namespace

void head_merge(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::head_merge::Push>();
  const auto partials = view<const tensor::HeadPartial>(d, "partials");
  const auto stats = view<tensor::TokenStats>(d, "stats");
  for (size_t r = 0; r < push.rows; ++r)
    stats[r] = merge(partials.subspan(r * push.partial_count, push.partial_count));
}

}  // namespace unmask::twins
