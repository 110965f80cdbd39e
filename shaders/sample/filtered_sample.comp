// Samples one token per row from the tokens that top-p and then top-k keep, and rewrites the row's statistics:
//   stats.token = arg-max over kept t of z[t] + temperature * Gumbel(t), ties to the lower id; stats.logit = z[token]
// Order tokens by (z descending, id ascending). A token is dropped by top-p if the probability (of softmax(z /
// temperature)) of the tokens before it exceeds top_p, and by top-k if at least top_k tokens come before it. Both
// keep a prefix of that order, found without sorting: see kept_prefix.
//   logits [rows, vocabulary] of the candidates first_row, first_row + 1, ...; candidates, stats [all candidates]
// Where the sequence ranks as it samples, the other statistics become those of the distribution that is sampled:
// softmax(z / temperature) over the kept tokens, with temperature 1 in place of 0 (Dream's confidences).
// Other rows with temperature 0, or with neither filter, stay as they are. Suppressed tokens count as minus infinity.
// grid: (rows, 1, 1), one workgroup per row
#version 450
#extension GL_GOOGLE_include_directive : require

const uint workgroup_size = 128;
layout(local_size_x = 128) in;

#include "arg_max.glsl"
#include "layouts.glsl"
#include "philox.glsl"
#include "reduce.glsl"

layout(set = 0, binding = 0) readonly buffer Logits { float logits[]; };
layout(set = 0, binding = 1) readonly buffer Candidates { Candidate candidates[]; };
layout(set = 0, binding = 2) readonly buffer Sequences { SequenceStep sequences[]; };
layout(set = 0, binding = 3) buffer Stats { TokenStats stats[]; };

layout(push_constant) uniform Push {
  uint first_row;
  uint rows;
  uint vocabulary;
} push;

// Set once per row, the same in every invocation.
SequenceStep sequence;
float scale;  // the temperature, or 1 where that is 0
float best_logit;

float logit(uint token) { return logits[gl_WorkGroupID.x * push.vocabulary + token]; }

// Image of a logit as an unsigned number in the same order; 0 for tokens that cannot be sampled.
uint order_key(uint token) {
  if (token == sequence.suppressed0 || token == sequence.suppressed1) return 0;
  const float z = logit(token);
  if (!(z > uintBitsToFloat(0xFF800000u))) return 0;
  const uint bits = floatBitsToUint(z);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

float key_logit(uint key) { return uintBitsToFloat((key & 0x80000000u) != 0 ? key & 0x7FFFFFFFu : ~key); }

// A token's share of what a filter limits: probability up to a factor for top-p, 1 for top-k.
const uint by_mass = 0;
const uint by_count = 1;
float weight(uint key, uint kind) {
  if (key == 0) return 0.0;
  return kind == by_count ? 1.0 : exp((key_logit(key) - best_logit) / scale);
}

// The tokens with a key above `key`, and the first `ties` tokens of that key.
struct Prefix {
  uint key;
  uint ties;
};

float total_weight(uint kind) {
  float sum = 0.0;
  for (uint t = gl_LocalInvocationIndex; t < push.vocabulary; t += workgroup_size) sum += weight(order_key(t), kind);
  return workgroup_sum(sum);
}

const uint thresholds = 15;
shared float lane_above[thresholds * workgroup_size];  // [threshold][invocation]
shared float above[thresholds];

// above[i] = the weight above the key begin + (i + 1) step.
void weigh_above(uint begin, uint step, uint kind) {
  float lane_sum[thresholds];
  for (uint i = 0; i < thresholds; ++i) lane_sum[i] = 0.0;
  [[dont_unroll]] for (uint t = gl_LocalInvocationIndex; t < push.vocabulary; t += workgroup_size) {
    const uint key = order_key(t);
    const float w = weight(key, kind);
    for (uint i = 0; i < thresholds; ++i) lane_sum[i] += key > begin + (i + 1) * step ? w : 0.0;
  }
  for (uint i = 0; i < thresholds; ++i) lane_above[i * workgroup_size + gl_LocalInvocationIndex] = lane_sum[i];
  barrier();  // also: the results before were read
  if (gl_LocalInvocationIndex < thresholds) {
    float sum = 0.0;
    [[dont_unroll]] for (uint i = 0; i < workgroup_size; ++i)
      sum += lane_above[gl_LocalInvocationIndex * workgroup_size + i];
    above[gl_LocalInvocationIndex] = sum;
  }
  barrier();
}

// The tokens before which a weight of at most a limit lies: top_p of the total, or top_k - 1 tokens. The weight above a
// key falls as the key grows, so the smallest key with at most the limit above it is found four bits at a time; tokens
// of that very key are kept while the weight before them allows.
Prefix kept_prefix(uint kind) {
  float last_above = total_weight(kind);
  const float limit = kind == by_mass ? sequence.top_p * last_above : float(sequence.top_k - 1);
  if (last_above <= limit) return Prefix(0, 0);
  uint key = 0;
  [[dont_unroll]] for (int shift = 28; shift >= 0; shift -= 4) {
    weigh_above(key, 1u << shift, kind);
    // Invariant: more than the limit lies above `key`.
    uint steps = 0;
    [[dont_unroll]] for (uint i = 0; i < thresholds; ++i) steps += above[i] > limit ? 1 : 0;
    key += steps << shift;
    if (steps < thresholds) last_above = above[steps];
  }
  ++key;
  const float remaining = limit - last_above;
  const float w = weight(key, kind);
  return Prefix(key, w > 0.0 ? uint(min(remaining / w, 1e9)) + 1 : none);
}

// Of two prefixes of one order, the shorter.
Prefix shorter(Prefix a, Prefix b) {
  if (a.key != b.key) return a.key > b.key ? a : b;
  return Prefix(a.key, min(a.ties, b.ties));
}

// How many tokens below `end` have this key.
float count_equal(uint key, uint end) {
  float count = 0.0;
  [[dont_unroll]] for (uint t = gl_LocalInvocationIndex; t < end; t += workgroup_size)
    count += order_key(t) == key ? 1.0 : 0.0;
  return workgroup_sum(count);
}

// The end of the shortest range of tokens from 0 that holds `ties` tokens of this key; the vocabulary if there are no
// more than that, as is usual. Key 0 marks the prefix of all tokens.
uint tie_end(uint key, uint ties) {
  uint low = 0, high = push.vocabulary;  // fewer than `ties` below low, at least `ties` below high
  uint middle = key == 0 ? 0 : high;
  while (middle > low) {
    const float count = count_equal(key, middle);
    if (middle == push.vocabulary && count <= float(ties)) break;
    if (count < float(ties))
      low = middle;
    else
      high = middle;
    middle = (low + high) / 2;
  }
  return high;
}

bool is_kept(uint token, Prefix prefix, uint end_of_ties) {
  const uint key = order_key(token);
  return key > prefix.key || (key == prefix.key && key != 0 && token < end_of_ties);
}

uint sample_kept(Prefix prefix, uint end_of_ties, Candidate candidate) {
  Best best = nothing_best();
  for (uint t = gl_LocalInvocationIndex; t < push.vocabulary; t += workgroup_size) {
    if (!is_kept(t, prefix, end_of_ties)) continue;
    const float score = logit(t) + sequence.temperature * gumbel_noise(uvec2(sequence.seed_low, sequence.seed_high),
                                                                       sequence.masks_left, candidate.position, t,
                                                                       candidate.times_remasked, sequence.coarse_noise);
    best = better(best, Best(score, t));
  }
  return workgroup_best(best).token;
}

// The statistics of softmax(z / scale) over the kept tokens, z / scale in the place of z.
TokenStats sampled_statistics(Prefix prefix, uint end_of_ties, uint token) {
  float mass = 0.0, weighted = 0.0;  // sums of e^d and d e^d, d = (z - best) / scale
  Best best = nothing_best();
  float second = best.score;
  for (uint t = gl_LocalInvocationIndex; t < push.vocabulary; t += workgroup_size) {
    if (!is_kept(t, prefix, end_of_ties)) continue;
    const float z = logit(t);
    const float d = (z - best_logit) / scale;
    mass += exp(d);
    weighted += d * exp(d);
    second = max(second, min(z, best.score));
    if (z > best.score) best = Best(z, t);
  }
  const float all_mass = workgroup_sum(mass);
  const float all_weighted = workgroup_sum(weighted);
  const float log_mass = log(all_mass);
  const Best all_best = workgroup_best(best);
  const float runner_up = workgroup_max(best.token == all_best.token ? second : best.score);
  return TokenStats(token, logit(token) / scale, all_best.score / scale + log_mass, log_mass - all_weighted / all_mass,
                    all_best.token, all_best.score / scale, runner_up / scale, 0.0);
}

float largest_logit() {
  uint key = 0;
  for (uint t = gl_LocalInvocationIndex; t < push.vocabulary; t += workgroup_size) key = max(key, order_key(t));
  return workgroup_max(key == 0 ? uintBitsToFloat(0xFF7FFFFFu) : key_logit(key));
}

void main() {
  const uint row = push.first_row + gl_WorkGroupID.x;
  if (gl_WorkGroupID.x >= push.rows) return;
  const Candidate candidate = candidates[row];
  if (candidate.slot == none) return;
  sequence = sequences[candidate.sequence];
  const bool by_p = sequence.top_p < 1.0;
  const bool by_k = sequence.top_k > 0;
  const bool ranked_as_sampled = sequence.ranked_as_sampled != 0;
  if (!ranked_as_sampled && (sequence.temperature == 0.0 || !(by_p || by_k))) return;

  scale = sequence.temperature == 0.0 ? 1.0 : sequence.temperature;
  best_logit = largest_logit();
  Prefix prefix = Prefix(0, 0);
  [[dont_unroll]] for (uint kind = by_p ? by_mass : by_count; kind <= (by_k ? by_count : by_mass); ++kind)
    prefix = shorter(prefix, kept_prefix(kind));
  const uint end_of_ties = tie_end(prefix.key, prefix.ties);
  const uint token = sample_kept(prefix, end_of_ties, candidate);
  if (token == none) return;
  if (ranked_as_sampled) {
    const TokenStats sampled = sampled_statistics(prefix, end_of_ties, token);
    if (gl_LocalInvocationIndex == 0) stats[row] = sampled;
  } else if (gl_LocalInvocationIndex == 0) {
    stats[row].token = token;
    stats[row].logit = logit(token);
  }
}
