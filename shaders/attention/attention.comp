// Attention with the keys of each row given as three ranges of cache slots:
//   y[r, h, :] = sum_s softmax_s(scale q[r, h, :] . keys[s, g, :]) values[s, g, :],  g = h / (heads / kv_heads),
//   s over the slots of ranges[r], one range after the other; a row without any gives zeros
//   q, y [rows, heads head_dim]; keys, values [slots, kv_heads head_dim]; ranges [rows]
// A tile of slots passes through shared memory; slots that no row of the workgroup asks for are neither read nor
// counted, so they may hold anything.
// grid: (ceil(rows / 32), heads, 1)
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require

const uint workgroup_size = 128;
layout(local_size_x = 128) in;

// Even, from 16 to 128.
layout(constant_id = 0) const uint head_dim = 64;

const uint parts = 4;  // invocations that share a row, each with head_dim / parts of its elements in registers
const uint vectors = (head_dim + 4 * parts - 1) / (4 * parts);  // of four elements, per invocation
const uint elements = 4 * vectors;
const uint row_tile = workgroup_size / parts;
const uint slot_tile = 8;
const uint step_slots = 4;
const uint max_head_vectors = 128 / 4;

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

shared vec4 key_tile[slot_tile * max_head_vectors];    // [slot][vector]
shared vec4 value_tile[slot_tile * max_head_vectors];
shared float partial_scores[slot_tile * workgroup_size];  // [slot][invocation]
shared uint needed[3];                // bit per slot that some row asks for: of this tile, the one before, the next
shared uint first_slot[3], end_slot[3];  // of each range, over the rows of the workgroup

// Slots that no row asks for may hold anything, so one that is asked for stands in: its weight is zero. Elements beyond
// the head are padded with its last one: the query there is zero and the sum is not stored.
void stage(uint tile_begin, uint needed_mask) {
  const uint kv_head = gl_WorkGroupID.y / (push.heads / push.kv_heads);
  [[dont_unroll]] for (uint i = gl_LocalInvocationIndex; i < slot_tile * vectors * parts; i += workgroup_size) {
    const uint asked_slot = i / (vectors * parts);
    const uint slot = tile_begin + ((needed_mask >> asked_slot & 1) != 0 ? asked_slot : findLSB(needed_mask));
    const uint begin = (slot * push.kv_heads + kv_head) * head_dim;
    const uint first = i % (vectors * parts) * 4;
    [[unroll]] for (uint e = 0; e < 4; ++e) {
      const uint at = begin + min(first + e, head_dim - 1);
      key_tile[i][e] = keys[at];
      value_tile[i][e] = values[at];
    }
  }
}

uint part() { return gl_LocalInvocationIndex / row_tile; }

float partial_score(uint slot) {
  precise float score = 0.0;
  [[unroll]] for (uint v = 0; v < vectors; ++v) {
    const vec4 key = key_tile[(slot * parts + part()) * vectors + v];
    [[unroll]] for (uint e = 0; e < 4; ++e) score = fma(query[4 * v + e], key[e], score);
  }
  return score;
}

// Adds up the partial scores of a row's invocations, in order of their parts.
void exchange(uint first) {
  [[unroll]] for (uint s = 0; s < step_slots; ++s)
    partial_scores[(first + s) * workgroup_size + gl_LocalInvocationIndex] = scores[s];
  barrier();
  [[unroll]] for (uint s = 0; s < step_slots; ++s) {
    precise float score = 0.0;
    [[dont_unroll]] for (uint p = 0; p < parts; ++p)
      score += partial_scores[(first + s) * workgroup_size + p * row_tile + gl_LocalInvocationIndex % row_tile];
    scores[s] = score;
  }
}

void add_value(uint slot, float weight) {
  [[unroll]] for (uint v = 0; v < vectors; ++v) {
    const vec4 value = value_tile[(slot * parts + part()) * vectors + v];
    [[unroll]] for (uint e = 0; e < 4; ++e) sum[4 * v + e] = fma(weight, value[e], sum[4 * v + e]);
  }
}

void attend_tile(uint tile_begin, uint mask, uint needed_mask) {
  stage(tile_begin, needed_mask);
  barrier();
  [[dont_unroll]] for (uint first = 0; first < slot_tile; first += step_slots) {
    [[unroll]] for (uint s = 0; s < step_slots; ++s) scores[s] = partial_score(first + s);
    exchange(first);
    soften(mask >> first, push.scale);
    [[unroll]] for (uint s = 0; s < step_slots; ++s) add_value(first + s, scores[s]);
  }
}

void join_ranges(uvec3 begin, uvec3 end) {
  if (gl_LocalInvocationIndex < 3) {
    first_slot[gl_LocalInvocationIndex] = none;
    end_slot[gl_LocalInvocationIndex] = 0;
  }
  barrier();
  [[dont_unroll]] for (uint i = 0; i < 3; ++i) {
    if (begin[i] >= end[i]) continue;
    atomicMin(first_slot[i], begin[i]);
    atomicMax(end_slot[i], end[i]);
  }
}

void attend(KeyRanges range) {
  [[dont_unroll]] for (uint i = 0; i < 3; ++i) {
    barrier();
    if (gl_LocalInvocationIndex < 3) needed[gl_LocalInvocationIndex] = 0;
    barrier();
    uint turn = 0;
    const uint last = end_slot[i];
    [[dont_unroll]] for (uint t = first_slot[i] / slot_tile * slot_tile; t < last; t += slot_tile) {
      const uint mask = seen_slots(range, i, t, slot_tile);
      atomicOr(needed[turn], mask);
      barrier();  // also: the tile before was read
      const uint needed_mask = needed[turn];
      if (gl_LocalInvocationIndex == 0) needed[(turn + 2) % 3] = 0;  // of the tile before, which all have read
      if (needed_mask != 0) attend_tile(t, mask, needed_mask);
      turn = (turn + 1) % 3;
    }
  }
}

void main() {
  // Invocations beyond the rows repeat the last one and store nothing.
  const uint asked_row = gl_WorkGroupID.x * row_tile + gl_LocalInvocationIndex % row_tile;
  const uint row = min(asked_row, push.rows - 1);
  const uint begin = (row * push.heads + gl_WorkGroupID.y) * head_dim;
  const uint first = part() * elements;
  [[unroll]] for (uint e = 0; e < elements; ++e) {
    sum[e] = 0.0;
    query[e] = first + e < head_dim ? q[begin + min(first + e, head_dim - 1)] : 0.0;
  }
  const KeyRanges range = ranges[row];
  join_ranges(uvec3(range.begin0, range.begin1, range.begin2), uvec3(range.end0, range.end1, range.end2));
  attend(range);
  if (asked_row >= push.rows) return;
  [[unroll]] for (uint e = 0; e < elements; ++e)
    if (first + e < head_dim) y[begin + first + e] = normalised(e);
}
