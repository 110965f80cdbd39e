// Judges drafted tokens by modified rejection sampling (Leviathan et al. 2023, arXiv 2211.17192; Chen et al. 2023, arXiv
// 2302.01318). With p and q the softmax(z / temperature) of the draft's and the target's logits, per judged token x:
//   accepted = u < min(1, q[x] / p[x]), u uniform
//   replacement = a sample of max(0, q - p) / sum, or of q where that is zero everywhere, where p[x] is zero (x was then
//     not drawn from p), or where nothing is known of p; it is the arg-max of the logarithm + Gumbel(t)
//   divergence = sum p ln(p / q), entropy = -sum q ln q, best_token = arg-max of q; ties to the lower token
// A token drawn from p and replaced where it is not accepted is distributed as q.
//   target [rows, vocabulary], logits of the judged first_judged, first_judged + 1, ...; draft [kept rows, vocabulary];
//   judged, verdicts [all judged]
// Without a draft row p counts as zero everywhere, and the token as accepted. Suppressed tokens count as minus infinity.
// Where no token of the target has a larger logit, best_token and replacement are `none`. Entries whose row is `none`
// are padding: their verdicts stay as they are.
// grid: (rows, 1, 1), one workgroup per judged token
#version 450
#extension GL_GOOGLE_include_directive : require

const uint workgroup_size = 128;
layout(local_size_x = 128) in;

#include "arg_max.glsl"
#include "layouts.glsl"
#include "philox.glsl"
#include "reduce.glsl"

layout(set = 0, binding = 0) readonly buffer Target { float target[]; };
layout(set = 0, binding = 1) readonly buffer Draft { float draft[]; };
layout(set = 0, binding = 2) readonly buffer AllJudged { Judged judged[]; };
layout(set = 0, binding = 3) readonly buffer Sequences { SequenceStep sequences[]; };
layout(set = 0, binding = 4) writeonly buffer Verdicts { Verdict verdicts[]; };

layout(push_constant) uniform Push {
  uint first_judged;
  uint rows;
  uint vocabulary;
} push;

#define minus_infinity uintBitsToFloat(0xFF800000u)
const float lowest = -3.4028234e38;

// Set once per row, the same in every invocation.
Judged asked;
SequenceStep sequence;

// Noise of a judgement; `token` is `none` for the uniform number. The last word of the counter is how often the position
// was masked again for the noise that drafted the token, and counts from 0; here it counts down from the largest number.
uint judging_word() { return ~asked.draw; }

float uniform_noise() {
  const uvec4 counter = uvec4(sequence.masks_left, asked.position, none, judging_word());
  return uniform_from_bits(philox(counter, uvec2(sequence.seed_low, sequence.seed_high)).x);
}

float token_noise(uint token) {
  return gumbel_noise(uvec2(sequence.seed_low, sequence.seed_high), sequence.masks_left, asked.position, token,
                      judging_word(), 0);
}

// Minus infinity for what cannot be sampled.
float sampled_logit(uint token, float z) {
  const bool suppressed = token == sequence.suppressed0 || token == sequence.suppressed1;
  return !suppressed && z > minus_infinity ? z : minus_infinity;
}

const uint of_draft = 0;
const uint of_target = 1;
float logit(uint token, uint model) {
  if (model == of_target) return sampled_logit(token, target[gl_WorkGroupID.x * push.vocabulary + token]);
  if (asked.draft_row == none) return minus_infinity;
  return sampled_logit(token, draft[asked.draft_row * push.vocabulary + token]);
}

struct Distribution {
  uint model;
  Best best;       // by its logit
  float log_mass;  // ln of the sum of e^((z - best) / temperature)
  float entropy;
};

// Finite, so that a probability of zero is not multiplied with minus infinity.
float exponent(float z, float best) { return max((z - best) / asked.temperature, lowest); }

// ln of a token's probability. `precise`: where both models have the same logits, both have the same probabilities.
float log_probability(Distribution d, uint token) {
  const float z = logit(token, d.model);
  if (z == minus_infinity) return minus_infinity;
  precise float log_p = exponent(z, d.best.score) - d.log_mass;
  return log_p;
}

Best best_logit(uint model) {
  Best best = nothing_best();
  for (uint t = gl_LocalInvocationIndex; t < push.vocabulary; t += workgroup_size) {
    const float z = logit(t, model);
    if (z > best.score) best = Best(z, t);
  }
  return workgroup_best(best);
}

// The best token adds 1 to the mass; a row without one has the mass 1 as well.
Distribution distribution(uint model) {
  const Best best = best_logit(model);
  float mass = 0.0, weighted = 0.0;  // sums of e^d and d e^d
  for (uint t = gl_LocalInvocationIndex; t < push.vocabulary; t += workgroup_size) {
    const float z = logit(t, model);
    if (z == minus_infinity) continue;
    const float d = exponent(z, best.score);
    mass += exp(d);
    weighted += d * exp(d);
  }
  const float all_mass = max(workgroup_sum(mass), 1.0);
  const float log_mass = accurate_log(all_mass);
  return Distribution(model, best, log_mass, log_mass - workgroup_sum(weighted) / all_mass);
}

float divergence(Distribution p, Distribution q) {
  float sum = 0.0;
  for (uint t = gl_LocalInvocationIndex; t < push.vocabulary; t += workgroup_size) {
    const float log_p = log_probability(p, t);
    if (log_p == minus_infinity) continue;
    const float log_q = log_probability(q, t);
    sum += log_q == minus_infinity ? -minus_infinity : exp(log_p) * (log_p - log_q);
  }
  return max(workgroup_sum(sum), 0.0);  // rounding may leave it below
}

// ln max(0, q - p).
float log_residual(float log_p, float log_q) {
  if (log_p == minus_infinity) return log_q;
  const float share = 1.0 - exp(log_p - log_q);
  return log_q > log_p && share > 0.0 ? log_q + accurate_log(share) : minus_infinity;
}

// A sample of max(0, q - p) / sum, or of q; `none` where that is zero everywhere.
uint sample_residual(Distribution p, Distribution q, bool subtracts) {
  Best best = nothing_best();
  for (uint t = gl_LocalInvocationIndex; t < push.vocabulary; t += workgroup_size) {
    const float log_q = log_probability(q, t);
    const float log_r = subtracts ? log_residual(log_probability(p, t), log_q) : log_q;
    if (log_r == minus_infinity) continue;
    best = better(best, Best(log_r + token_noise(t), t));
  }
  return workgroup_best(best).token;
}

bool accepted(float log_p, float log_q) {
  if (asked.draft_row == none) return true;
  return log_p > minus_infinity && (log_q >= log_p || accurate_log(uniform_noise()) < log_q - log_p);
}

void main() {
  const uint index = push.first_judged + gl_WorkGroupID.x;
  if (gl_WorkGroupID.x >= push.rows) return;
  asked = judged[index];
  if (asked.row == none) return;
  sequence = sequences[asked.sequence];
  const Distribution p = distribution(of_draft);
  const Distribution q = distribution(of_target);
  const float log_p = log_probability(p, asked.token);
  const float log_q = log_probability(q, asked.token);
  const float difference = divergence(p, q);
  uint replacement = none;
  bool subtracts = log_p > minus_infinity;
  [[dont_unroll]] for (uint tries = 0; tries < 2 && replacement == none; ++tries) {
    replacement = sample_residual(p, q, subtracts);
    subtracts = false;
  }
  if (gl_LocalInvocationIndex != 0) return;
  const float log_best = q.best.token == none ? minus_infinity : log_probability(q, q.best.token);
  verdicts[index] = Verdict(asked.draft_row == none ? 0.0 : log_p, log_q, q.best.token, log_best, difference,
                            accepted(log_p, log_q) ? 1 : 0, replacement, q.entropy);
}
