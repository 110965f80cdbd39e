// The router of a mixture of experts: for each row, the `chosen` best experts and their weights. With z a row of
// logits, over the experts:
//   score = softmax(z) or sigmoid(z);   choice = score + bias, where there is a bias
//   only groups of consecutive experts are open whose two best choices sum to the kept_groups largest (DeepSeek-V3,
//   arXiv 2412.19437, section 2.1.2), where there are several groups
//   experts[r, 0 ...] = the experts of the largest choices, best first; ties go to the lower number
//   weights[r, j] = scale * score[experts[r, j]], divided by (sum_j of these scores + 1e-20) where normalised
//   logits [rows, expert_count], bias [expert_count], experts and weights [rows, chosen]
// Rows without a slot choose `none`. At most 1024 experts, of which 64 are chosen.
// grid: (rows, 1, 1), one workgroup per row
#version 450
#extension GL_GOOGLE_include_directive : require

const uint workgroup_size = 64;
layout(local_size_x = 64) in;

layout(constant_id = 0) const uint sigmoid = 0;  // the score: 0 softmax, 1 sigmoid
layout(constant_id = 1) const uint biased = 0;   // 0: `bias` is not read
layout(constant_id = 2) const uint normalised = 0;

#include "layouts.glsl"
#include "reduce.glsl"

layout(set = 0, binding = 0) readonly buffer Logits { float logits[]; };
layout(set = 0, binding = 1) readonly buffer Bias { float bias[]; };
layout(set = 0, binding = 2) readonly buffer Rows { Row rows[]; };
layout(set = 0, binding = 3) writeonly buffer Experts { uint experts[]; };
layout(set = 0, binding = 4) writeonly buffer Weights { float weights[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint expert_count;
  uint chosen;
  uint groups;
  uint kept_groups;
  float scale;
} push;

const uint max_experts = 1024;
const uint max_chosen = 64;
const float lowest = -3.402823466e+38;

shared float scores[max_experts];
shared float choices[max_experts];
shared float group_choices[max_experts];
shared float best_scores[max_chosen];  // of the chosen experts

void score_experts(uint begin, uint lane) {
  float largest = lowest;
  for (uint e = lane; e < push.expert_count; e += workgroup_size) {
    scores[e] = logits[begin + e];
    largest = max(largest, scores[e]);
  }
  if (sigmoid != 0) {
    for (uint e = lane; e < push.expert_count; e += workgroup_size) scores[e] = 1.0 / (1.0 + exp(-scores[e]));
  } else {
    largest = workgroup_max(largest);
    float sum = 0.0;
    for (uint e = lane; e < push.expert_count; e += workgroup_size) {
      scores[e] = exp(scores[e] - largest);
      sum += scores[e];
    }
    sum = workgroup_sum(sum);
    for (uint e = lane; e < push.expert_count; e += workgroup_size) scores[e] /= sum;
  }
  for (uint e = lane; e < push.expert_count; e += workgroup_size)
    choices[e] = biased != 0 ? scores[e] + bias[e] : scores[e];
}

// Closes the experts of all groups but the best.
void keep_groups(uint lane) {
  const uint size = push.expert_count / push.groups;
  for (uint g = lane; g < push.groups; g += workgroup_size) {
    float best = lowest, second = lowest;
    for (uint e = g * size; e < (g + 1) * size; ++e) {
      second = max(second, min(best, choices[e]));
      best = max(best, choices[e]);
    }
    group_choices[g] = best + second;
  }
  barrier();
  for (uint g = lane; g < push.groups; g += workgroup_size) {
    uint better = 0;
    for (uint other = 0; other < push.groups; ++other)
      if (group_choices[other] > group_choices[g] || (group_choices[other] == group_choices[g] && other < g)) ++better;
    if (better < push.kept_groups) continue;
    for (uint e = g * size; e < (g + 1) * size; ++e) choices[e] = lowest;
  }
}

void choose(uint begin, uint lane) {
  for (uint e = lane; e < push.expert_count; e += workgroup_size) {
    const float choice = choices[e];
    uint better = 0;
    for (uint other = 0; other < push.expert_count; ++other)
      if (choices[other] > choice || (choices[other] == choice && other < e)) ++better;
    if (better >= push.chosen) continue;
    experts[begin + better] = e;
    best_scores[better] = scores[e];
  }
}

void main() {
  const uint row = gl_WorkGroupID.x;
  const uint lane = gl_LocalInvocationIndex;
  if (row >= push.rows) return;
  const uint begin = row * push.chosen;
  if (rows[row].slot == none) {
    if (lane < push.chosen) {
      experts[begin + lane] = none;
      weights[begin + lane] = 0.0;
    }
    return;
  }
  score_experts(row * push.expert_count, lane);
  barrier();
  if (push.groups > 1) {
    keep_groups(lane);
    barrier();
  }
  choose(begin, lane);
  barrier();
  if (lane >= push.chosen) return;
  float divisor = 1.0;
  if (normalised != 0) {
    divisor = 1e-20;
    for (uint j = 0; j < push.chosen; ++j) divisor += best_scores[j];
  }
  weights[begin + lane] = push.scale * best_scores[lane] / divisor;
}
