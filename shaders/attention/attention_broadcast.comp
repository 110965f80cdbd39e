// The same as attention.comp, for software drivers: an invocation holds a whole row, and a subgroup loads a stretch of a
// key or value once, one element per invocation, and hands it round. No shared memory, no barriers.
//   y[r, h, :] = sum_s softmax_s(scale q[r, h, :] . keys[s, g, :]) values[s, g, :],  g = h / (heads / kv_heads),
//   s over the slots of ranges[r], one range after the other; a row without any gives zeros
//   q, y [rows, heads head_dim]; keys, values [slots, kv_heads head_dim]; ranges [rows]
// grid: (ceil(rows / 32), heads, 1)
// requires: subgroup_broadcast
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : require

const uint workgroup_size = 32;
layout(local_size_x = 32) in;

// Even, from 16 to 128.
layout(constant_id = 0) const uint head_dim = 64;
// 4, 8 or 16.
layout(constant_id = 1) const uint subgroup_size = 8;

const uint stretches = (head_dim + subgroup_size - 1) / subgroup_size;
const uint elements = stretches * subgroup_size;
const uint step_slots = 2;

#include "layouts.glsl"
#include "online_softmax.glsl"

layout(set = 0, binding = 0) readonly buffer Q { float q[]; };
layout(set = 0, binding = 1) readonly buffer Keys { float keys[]; };
layout(set = 0, binding = 2) readonly buffer Values { float values[]; };
layout(set = 0, binding = 3) readonly buffer Ranges { KeyRanges ranges[]; };
layout(set = 0, binding = 4) writeonly buffer Y { float y[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint heads;
  uint kv_heads;
  float scale;
} push;

// Vulkan 1.1 broadcasts only from constant invocations, which rules out a loop: DO(i) for each of the subgroup.
#define EACH_FOUR(DO, i) DO(i) DO(i + 1) DO(i + 2) DO(i + 3)
#define EACH_INVOCATION(DO)                                \
  {                                                        \
    EACH_FOUR(DO, 0)                                       \
    if (subgroup_size > 4) { EACH_FOUR(DO, 4) }            \
    if (subgroup_size > 8) { EACH_FOUR(DO, 8) EACH_FOUR(DO, 12) } \
  }

uint subgroup_or(uint value) {
  uint all = 0;
#define JOIN(i) all |= subgroupBroadcast(value, i);
  EACH_INVOCATION(JOIN)
#undef JOIN
  return all;
}

uint subgroup_min(uint value) {
  uint all = value;
#define JOIN(i) all = min(all, subgroupBroadcast(value, i));
  EACH_INVOCATION(JOIN)
#undef JOIN
  return all;
}

// Where slot s of a step is read. A slot that no row asks for may hold anything, so one that is asked for stands in:
// its weight is zero.
uint slot_begin(uint begin, uint width, uint s, uint needed_mask) {
  return begin + ((needed_mask >> s & 1) != 0 ? s : findLSB(needed_mask)) * width;
}

// This invocation's element of a stretch; beyond the head any element will do, since the query there is zero and the
// sum is not stored.
uint element(uint stretch) { return min(stretch * subgroup_size + gl_SubgroupInvocationID, head_dim - 1); }

void score_step(uint begin, uint width, uint needed_mask) {
  [[unroll]] for (uint s = 0; s < step_slots; ++s) {
    const uint slot = slot_begin(begin, width, s, needed_mask);
    precise float score = 0.0;
    [[unroll]] for (uint stretch = 0; stretch < stretches; ++stretch) {
      const float key = keys[slot + element(stretch)];
#define MULTIPLY(i) score = fma(query[stretch * subgroup_size + i], subgroupBroadcast(key, i), score);
      EACH_INVOCATION(MULTIPLY)
#undef MULTIPLY
    }
    scores[s] = score;
  }
}

void add_step(uint begin, uint width, uint needed_mask) {
  [[unroll]] for (uint stretch = 0; stretch < stretches; ++stretch) {
    float part[16];  // subgroup_size of them
    [[unroll]] for (uint i = 0; i < subgroup_size; ++i) part[i] = sum[stretch * subgroup_size + i];
    [[unroll]] for (uint s = 0; s < step_slots; ++s) {
      const float value = values[slot_begin(begin, width, s, needed_mask) + element(stretch)];
#define ADD(i) part[i] = fma(scores[s], subgroupBroadcast(value, i), part[i]);
      EACH_INVOCATION(ADD)
#undef ADD
    }
    [[unroll]] for (uint i = 0; i < subgroup_size; ++i) sum[stretch * subgroup_size + i] = part[i];
  }
}

void attend(KeyRanges range) {
  const uvec3 begin = uvec3(range.begin0, range.begin1, range.begin2);
  const uvec3 end = uvec3(range.end0, range.end1, range.end2);
  const uint width = push.kv_heads * head_dim;
  const uint head_begin = gl_WorkGroupID.y / (push.heads / push.kv_heads) * head_dim;
  [[dont_unroll]] for (uint i = 0; i < 3; ++i) {
    const bool empty = begin[i] >= end[i];
    const uint first = subgroup_min(empty ? none : begin[i]);
    const uint last = ~subgroup_min(~(empty ? 0 : end[i]));
    [[dont_unroll]] for (uint t = first / step_slots * step_slots; t < last; t += step_slots) {
      const uint mask = seen_slots(range, i, t, step_slots);
      const uint needed_mask = subgroup_or(mask);
      if (needed_mask == 0) continue;
      score_step(head_begin + t * width, width, needed_mask);
      soften(mask, push.scale);
      add_step(head_begin + t * width, width, needed_mask);
    }
  }
}

void main() {
  // Loops over a whole head stay loops here: unrolled loads and stores would take the compiler seconds.
  // Invocations beyond the rows repeat the last one and store nothing: cheaper than masking every load.
  const uint asked_row = gl_GlobalInvocationID.x;
  const uint row = min(asked_row, push.rows - 1);
  const uint begin = (row * push.heads + gl_WorkGroupID.y) * head_dim;
  [[dont_unroll]] for (uint e = 0; e < elements; ++e) {
    sum[e] = 0.0;
    query[e] = e < head_dim ? q[begin + e] : 0.0;
  }
  attend(ranges[row]);
  if (asked_row >= push.rows) return;
  [[dont_unroll]] for (uint e = 0; e < elements; ++e)
    if (e < head_dim) y[begin + e] = normalised(e);
}
