// Chooses and commits tokens: each sequence ranks its candidates by (confidence descending, position ascending). It
// commits the first commit_count of them, and further ones up to the first that fails its commit rule:
//   threshold: the confidence is at least commit_parameter
//   entropy: the entropies up to it, its own included, sum to less than commit_parameter
//   factor: the n-th confidence is at least 1 - commit_parameter / (n + 1), from the second on; if only the last of all
//   fails, it is committed as well, as in the published code
// With a rank temperature r > 0 candidates rank by confidence / r + Gumbel noise, which draws them without replacement
// from softmax(confidence / r).
//   tokens[slot] = stats.token (and tokens[mirror_slot]), confidence[slot] = the confidence it was ranked by
// Token editing (LLaDA2.1, arXiv 2602.08676): of the edit_count candidates behind these, which are no masks, each is
// replaced whose best token is another than it and more probable than edit_threshold:
//   tokens[slot] = stats.best_token (and tokens[mirror_slot]), confidence[slot] = that token's probability
//   results: per sequence, at word sequence * result_stride, one CommitHeader, its Commits in rank order, as many more
//   candidates in rank order as make `reported`, which stay as they are, then its edits
//   candidates, stats [all candidates]; a sequence has at most 4096 of them, consecutive
// A candidate whose token is postponed ranks with minus infinity, and so does one whose confidence is not a number. No
// edit makes a postponed token.
// grid: (sequences, 1, 1), one workgroup per sequence
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 128) in;

#include "layouts.glsl"
#include "philox.glsl"

layout(set = 0, binding = 0) readonly buffer Sequences { SequenceStep sequences[]; };
layout(set = 0, binding = 1) readonly buffer Candidates { Candidate candidates[]; };
layout(set = 0, binding = 2) readonly buffer Stats { TokenStats stats[]; };
layout(set = 0, binding = 3) writeonly buffer Tokens { uint tokens[]; };
layout(set = 0, binding = 4) writeonly buffer ConfidenceOut { float confidence[]; };
layout(set = 0, binding = 5) buffer Results { uint results[]; };

layout(push_constant) uniform Push {
  uint result_stride;
} push;

const uint rank_noise = 0xFFFFFFFEu;  // in the token's place of the noise counter

const uint max_candidates = 4096;
const uint header_words = 4;
const uint commit_words = 2;
shared float ranked_by[max_candidates];

// Not a number for minus infinity of minus infinity, which some drivers' exp would hide.
float probability(float logit, float log_sum_exp) {
  const float exponent = logit - log_sum_exp;
  return isnan(exponent) ? exponent : exp(exponent);
}

float measure(SequenceStep sequence, Candidate candidate, TokenStats s) {
  switch (sequence.confidence) {
    case confidence_probability: return probability(s.logit, s.log_sum_exp);
    case confidence_random:
      return uniform_from_bits(philox(uvec4(sequence.masks_left, candidate.position, none, candidate.times_remasked),
                                      uvec2(sequence.seed_low, sequence.seed_high)).x);
    case confidence_race:
      return s.noised - s.log_sum_exp -
             gumbel_noise(uvec2(sequence.seed_low, sequence.seed_high), sequence.masks_left, candidate.position,
                          sequence.suppressed0, candidate.times_remasked, sequence.coarse_noise);
    case confidence_margin:
      return probability(s.best_logit, s.log_sum_exp) - probability(s.runner_up, s.log_sum_exp);
    default: return -s.entropy;
  }
}

bool postponed(SequenceStep sequence, uint token) {
  return token == sequence.postponed0 || token == sequence.postponed1;
}

float rank_value(SequenceStep sequence, Candidate candidate, TokenStats s) {
  float value = measure(sequence, candidate, s);
  if (sequence.rank_temperature > 0.0) {
    value = value / sequence.rank_temperature +
            gumbel_noise(uvec2(sequence.seed_low, sequence.seed_high), sequence.masks_left, candidate.position, rank_noise,
                         candidate.times_remasked, 0);
  }
  return postponed(sequence, s.token) || isnan(value) ? uintBitsToFloat(0xFF800000u) : value;
}

// How many candidates of the sequence come before candidate i, and their entropy in all.
struct Standing {
  uint rank;
  float entropy;
};

Standing standing_of(uint i, uint begin, uint count) {
  const float value = ranked_by[i];
  const uint position = candidates[begin + i].position;
  Standing standing = Standing(0, 0.0);
  for (uint j = 0; j < count; ++j) {
    const float other = ranked_by[j];
    if (other > value || (other == value && candidates[begin + j].position < position)) {
      ++standing.rank;
      standing.entropy += stats[begin + j].entropy;
    }
  }
  return standing;
}

bool passes(SequenceStep sequence, Standing standing, float value, float entropy) {
  switch (sequence.commit_rule) {
    case commit_threshold_rule: return value >= sequence.commit_parameter;
    case commit_entropy_rule: return standing.entropy + entropy < sequence.commit_parameter;
    case commit_factor_rule:
      return standing.rank == 0 || value >= 1.0 - sequence.commit_parameter / float(standing.rank + 2);
    default: return false;
  }
}

// Leaves the rank of the first candidate that fails the rule, or `count`, in results[failure]. Every invocation calls.
void find_failure(SequenceStep sequence, uint begin, uint count, uint failure) {
  for (uint i = gl_LocalInvocationIndex; i < count; i += gl_WorkGroupSize.x) {
    const Standing standing = standing_of(i, begin, count);
    if (!passes(sequence, standing, ranked_by[i], stats[begin + i].entropy)) atomicMin(results[failure], standing.rank);
  }
  memoryBarrierBuffer();
  barrier();
}

// How many candidates are committed. Every invocation calls.
uint committed(SequenceStep sequence, uint begin, uint count, uint failure) {
  uint rule_count = 0;
  if (sequence.commit_rule != commit_count_rule) {
    find_failure(sequence, begin, count, failure);
    rule_count = atomicAdd(results[failure], 0);
    if (sequence.commit_rule == commit_factor_rule && rule_count + 1 == count) rule_count = count;
  }
  return min(max(sequence.commit_count, rule_count), count);
}

void report(uint index, Candidate candidate, uint token, uint result) {
  results[result + header_words + commit_words * index] = candidate.slot;
  results[result + header_words + commit_words * index + 1] = token;
}

void write(uint index, Candidate candidate, uint token, float value, uint result) {
  tokens[candidate.slot] = token;
  if (candidate.mirror_slot != none) tokens[candidate.mirror_slot] = token;
  confidence[candidate.slot] = value;
  report(index, candidate, token, result);
}

// The probability of the best token where it replaces the present one, otherwise 0.
float edit_value(SequenceStep sequence, Candidate candidate, TokenStats s) {
  const float value = probability(s.best_logit, s.log_sum_exp);
  const bool edits =
      s.best_token != candidate.token && value > sequence.edit_threshold && !postponed(sequence, s.best_token);
  return edits ? value : 0.0;
}

// How many of the candidates [begin, end) of the sequence are edits.
uint edits_between(uint begin, uint end) {
  uint edits = 0;
  for (uint i = begin; i < end; ++i)
    if (ranked_by[i] > 0.0) ++edits;
  return edits;
}

void main() {
  const uint lane = gl_LocalInvocationIndex;
  const SequenceStep sequence = sequences[gl_WorkGroupID.x];
  const uint begin = sequence.candidate_begin;
  const uint count = min(sequence.candidate_count, max_candidates);
  const uint end = min(count + sequence.edit_count, max_candidates);
  for (uint i = lane; i < count; i += gl_WorkGroupSize.x)
    ranked_by[i] = rank_value(sequence, candidates[begin + i], stats[begin + i]);
  for (uint i = count + lane; i < end; i += gl_WorkGroupSize.x)
    ranked_by[i] = edit_value(sequence, candidates[begin + i], stats[begin + i]);
  const uint result = gl_WorkGroupID.x * push.result_stride;
  const uint failure = result + 1;  // a word of the header that is free until the end
  if (lane == 0) results[failure] = count;
  memoryBarrierBuffer();
  barrier();

  const uint most = (push.result_stride - header_words) / commit_words;
  const uint commits = min(committed(sequence, begin, count, failure), most);
  const uint reported = max(commits, min(min(sequence.reported, count), most));
  for (uint i = lane; i < count; i += gl_WorkGroupSize.x) {
    const uint rank = standing_of(i, begin, count).rank;
    if (rank < commits) {
      write(rank, candidates[begin + i], stats[begin + i].token, ranked_by[i], result);
    } else if (rank < reported) {
      report(rank, candidates[begin + i], stats[begin + i].token, result);
    }
  }
  for (uint i = count + lane; i < end; i += gl_WorkGroupSize.x) {
    const uint index = reported + edits_between(count, i);
    if (ranked_by[i] > 0.0 && index < most)
      write(index, candidates[begin + i], stats[begin + i].best_token, ranked_by[i], result);
  }
  barrier();  // all have read the failure
  if (lane >= header_words) return;
  const uint edits = min(edits_between(count, end), most - reported);
  results[result + lane] = lane == 0 ? commits : lane == 1 ? edits : lane == 2 ? reported : 0;
}
