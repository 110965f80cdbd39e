// Bidirectional attention with the keys of each row given as two ranges of cache slots:
//   y[r, h, :] = sum_s softmax_s(scale q[r, h, :] . keys[s, g, :]) values[s, g, :],  g = h / (heads / kv_heads),
//   s in [begin0, end0) then [begin1, end1) of ranges[r]; an empty range gives zeros
//   q, y [rows, heads head_dim]; keys, values [slots, kv_heads head_dim]; ranges [rows]
// The softmax is computed online (Milakov and Gimelshein, 2018; Dao et al., "FlashAttention"), in slot order, by
// tiles of 16 slots at absolute multiples of 16, so that a row's bits do not depend on the rows beside it.
// Keys, then values, of a tile pass through shared memory; slots that no row of the workgroup asks for are neither
// read nor counted, so they may hold anything.
// grid: (ceil(rows / (128 / parts)), heads, 1)
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require

const uint workgroup_size = 128;
layout(local_size_x = 128) in;

// Even, from 16 to 128.
layout(constant_id = 0) const uint head_dim = 64;
// Invocations that share a row, each with head_dim / parts of its elements in registers: 1, 2, 4 or 8.
layout(constant_id = 1) const uint parts = 4;

#include "layouts.glsl"

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

const uint row_tile = workgroup_size / parts;
const uint part_vectors = (head_dim + 4 * parts - 1) / (4 * parts);  // of four elements, the last ones padded
const uint slot_tile = 16;
const uint half_tile = slot_tile / 2;
const uint max_vectors = 128 / 4;

shared vec4 tile[slot_tile * max_vectors];             // [slot][vector]
shared float exchange[half_tile * workgroup_size];     // [slot][invocation]
shared uint needed[3];                                 // bit per slot, of this tile, the next and the one before
shared uint first_slot[2], end_slot[2];                // over the rows of the workgroup, per range

const float minus_infinity = -1.0 / 0.0;

uint tile_mask(uint begin, uint end, uint tile_begin) {
  const uint low = clamp(begin, tile_begin, tile_begin + slot_tile) - tile_begin;
  const uint high = clamp(end, tile_begin, tile_begin + slot_tile) - tile_begin;
  return high > low ? (1u << high) - (1u << low) : 0;
}

vec4 load_vector(bool from_values, uint begin, uint d) {
  vec4 v = vec4(0);
  for (uint i = 0; i < 4; ++i)
    if (d + i < head_dim) v[i] = from_values ? values[begin + d + i] : keys[begin + d + i];
  return v;
}

void stage(bool from_values, uint tile_begin, uint mask) {
  const uint kv_head = gl_WorkGroupID.y / (push.heads / push.kv_heads);
  const uint vectors = part_vectors * parts;
  for (uint i = gl_LocalInvocationIndex; i < slot_tile * vectors; i += workgroup_size) {
    const uint slot = i / vectors;
    const uint begin = ((tile_begin + slot) * push.kv_heads + kv_head) * head_dim;
    tile[i] = (mask >> slot & 1) != 0 ? load_vector(from_values, begin, i % vectors * 4) : vec4(0);
  }
}

// What one invocation keeps of its row.
vec4 query[part_vectors];
vec4 sum[part_vectors];
float largest = minus_infinity;
float normaliser = 0.0;
float scores[slot_tile];

void partial_scores(uint part) {
  [[unroll]] for (uint s = 0; s < slot_tile; ++s) {
    precise float score = 0.0;
    [[unroll]] for (uint v = 0; v < part_vectors; ++v) {
      const vec4 key = tile[s * part_vectors * parts + part * part_vectors + v];
      score = fma(query[v].x, key.x, score);
      score = fma(query[v].y, key.y, score);
      score = fma(query[v].z, key.z, score);
      score = fma(query[v].w, key.w, score);
    }
    scores[s] = score;
  }
}

// Adds up the partial scores of a row's invocations, half a tile at a time for want of shared memory.
void exchange_scores() {
  [[unroll]] for (uint half_begin = 0; half_begin < slot_tile; half_begin += half_tile) {
    [[unroll]] for (uint s = 0; s < half_tile; ++s)
      exchange[s * workgroup_size + gl_LocalInvocationIndex] = scores[half_begin + s];
    barrier();
    [[unroll]] for (uint s = 0; s < half_tile; ++s) {
      precise float score = 0.0;
      for (uint p = 0; p < parts; ++p)
        score += exchange[s * workgroup_size + p * row_tile + gl_LocalInvocationIndex % row_tile];
      scores[half_begin + s] = score;
    }
    barrier();
  }
}

// From scores to weights relative to the new maximum; rescales what was summed before.
void soften(uint mask) {
  float next = largest;
  [[unroll]] for (uint s = 0; s < slot_tile; ++s) {
    scores[s] = (mask >> s & 1) != 0 ? scores[s] * push.scale : minus_infinity;
    next = max(next, scores[s]);
  }
  const float rescale = largest == next ? 1.0 : exp(largest - next);
  largest = next;
  precise float added = normaliser * rescale;
  [[unroll]] for (uint s = 0; s < slot_tile; ++s) {
    scores[s] = (mask >> s & 1) != 0 ? exp(scores[s] - next) : 0.0;
    added += scores[s];
  }
  normaliser = added;
  [[unroll]] for (uint v = 0; v < part_vectors; ++v) sum[v] *= rescale;
}

void add_values(uint part) {
  [[unroll]] for (uint s = 0; s < slot_tile; ++s)
    [[unroll]] for (uint v = 0; v < part_vectors; ++v)
      sum[v] = fma(vec4(scores[s]), tile[s * part_vectors * parts + part * part_vectors + v], sum[v]);
}

void attend_tile(uint tile_begin, uint mask, uint needed_mask, uint part) {
  stage(false, tile_begin, needed_mask);
  barrier();
  partial_scores(part);
  if (parts > 1) exchange_scores();
  soften(mask);
  barrier();  // keys were read
  stage(true, tile_begin, needed_mask);
  barrier();
  add_values(part);
}

void attend_range(uint which, uint begin, uint end, uint part) {
  const uint last = end_slot[which];
  for (uint t = first_slot[which] / slot_tile * slot_tile; t < last; t += slot_tile) {
    const uint turn = t / slot_tile % 3;
    const uint mask = tile_mask(begin, end, t);
    atomicOr(needed[turn], mask);
    barrier();  // also: the values of the tile before were read
    const uint needed_mask = needed[turn];
    if (gl_LocalInvocationIndex == 0) needed[(turn + 2) % 3] = 0;  // every invocation has read it
    if (needed_mask != 0) attend_tile(t, mask, needed_mask, part);
  }
}

void join_ranges(KeyRanges range) {
  if (gl_LocalInvocationIndex < 2) first_slot[gl_LocalInvocationIndex] = none, end_slot[gl_LocalInvocationIndex] = 0;
  if (gl_LocalInvocationIndex < 3) needed[gl_LocalInvocationIndex] = 0;
  barrier();
  if (range.begin0 < range.end0) atomicMin(first_slot[0], range.begin0), atomicMax(end_slot[0], range.end0);
  if (range.begin1 < range.end1) atomicMin(first_slot[1], range.begin1), atomicMax(end_slot[1], range.end1);
  barrier();
}

void main() {
  const uint row = gl_WorkGroupID.x * row_tile + gl_LocalInvocationIndex % row_tile;
  const uint part = gl_LocalInvocationIndex / row_tile;
  const bool present = row < push.rows;
  const uint begin = (row * push.heads + gl_WorkGroupID.y) * head_dim + part * part_vectors * 4;
  const uint elements = clamp(head_dim, part * part_vectors * 4, (part + 1) * part_vectors * 4) - part * part_vectors * 4;
  [[unroll]] for (uint v = 0; v < part_vectors; ++v) {
    sum[v] = vec4(0);
    [[unroll]] for (uint i = 0; i < 4; ++i) query[v][i] = present && v * 4 + i < elements ? q[begin + v * 4 + i] : 0.0;
  }

  KeyRanges range = KeyRanges(0, 0, 0, 0);
  if (present) range = ranges[row];
  join_ranges(range);
  attend_range(0, range.begin0, range.end0, part);
  barrier();  // `needed` of range 0 was read
  if (gl_LocalInvocationIndex < 3) needed[gl_LocalInvocationIndex] = 0;
  barrier();
  attend_range(1, range.begin1, range.end1, part);

  if (!present) return;
  const float inverse = normaliser > 0.0 ? 1.0 / normaliser : 0.0;
  [[unroll]] for (uint v = 0; v < part_vectors; ++v)
    [[unroll]] for (uint i = 0; i < 4; ++i)
      if (v * 4 + i < elements) y[begin + v * 4 + i] = sum[v][i] * inverse;
}
