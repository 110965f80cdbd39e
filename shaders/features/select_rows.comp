// Chooses the `kept` largest of each selection's scores, ties to the first:
//   index[list_begin ...] = what they stand for, ascending: value_begin + i, and `gap` more from i = gap_begin on
// Entries of the list beyond `kept` stay as they are. The score of i counts as the largest among those at most `pool`
// places away within the selection. A score that is not a number ranks last.
//   scores [any], index [any]
// grid: (selections, 1, 1), one workgroup per selection
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 128) in;

#include "layouts.glsl"

layout(set = 0, binding = 0) readonly buffer Scores { float scores[]; };
layout(set = 0, binding = 1) readonly buffer Selections { Selection selections[]; };
layout(set = 0, binding = 2) writeonly buffer Index { uint index[]; };

layout(push_constant) uniform Push {
  uint selections;
} push;

const uint lanes = 128;
const uint bins = 256;
shared uint histogram[bins];
shared uint above[lanes], equal[lanes];  // in each lane's stretch of the scores
shared uint threshold, ties_kept;

// Keys are ordered as the scores are.
uint key_of(float score) {
  if (isnan(score)) return 0;
  const uint bits = floatBitsToUint(score == 0.0 ? 0.0 : score);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

uint key_at(Selection s, uint i) {
  const uint begin = i - min(i, s.pool), end = min(i + s.pool + 1, s.count);
  uint key = 0;
  for (uint j = begin; j < end; ++j) key = max(key, key_of(scores[s.scores_begin + j]));
  return key;
}

// Fixes one byte of the threshold, the smallest key that is kept, from the highest byte on. `ties_kept` is how many
// keys with the bytes fixed so far are kept. Every invocation calls.
void fix_byte(Selection s, uint shift) {
  const uint lane = gl_LocalInvocationIndex;
  for (uint b = lane; b < bins; b += lanes) histogram[b] = 0;
  barrier();
  const uint fixed_bits = shift == 24 ? 0 : 0xFFFFFFFFu << (shift + 8);
  for (uint i = lane; i < s.count; i += lanes) {
    const uint key = key_at(s, i);
    if ((key & fixed_bits) == threshold) atomicAdd(histogram[key >> shift & 0xFFu], 1);
  }
  barrier();
  if (lane == 0) {
    uint bin = bins - 1;
    while (bin > 0 && histogram[bin] < ties_kept) ties_kept -= histogram[bin--];
    threshold |= bin << shift;
  }
  barrier();
}

void main() {
  const uint lane = gl_LocalInvocationIndex;
  if (gl_WorkGroupID.x >= push.selections) return;
  const Selection s = selections[gl_WorkGroupID.x];
  const uint kept = min(s.kept, s.count);
  if (kept == 0) return;
  if (lane == 0) {
    threshold = 0;
    ties_kept = kept;
  }
  barrier();
  for (uint byte = 4; byte > 0; --byte) fix_byte(s, (byte - 1) * 8);

  const uint stretch = (s.count + lanes - 1) / lanes;
  const uint begin = min(lane * stretch, s.count), end = min(begin + stretch, s.count);
  uint greater = 0, same = 0;
  for (uint i = begin; i < end; ++i) {
    const uint key = key_at(s, i);
    greater += key > threshold ? 1 : 0;
    same += key == threshold ? 1 : 0;
  }
  above[lane] = greater;
  equal[lane] = same;
  barrier();
  uint greater_before = 0, same_before = 0;
  for (uint l = 0; l < lane; ++l) {
    greater_before += above[l];
    same_before += equal[l];
  }
  for (uint i = begin; i < end; ++i) {
    const uint key = key_at(s, i);
    if (key < threshold || (key == threshold && same_before >= ties_kept)) {
      same_before += key == threshold ? 1 : 0;
      continue;
    }
    index[s.list_begin + greater_before + min(same_before, ties_kept)] = s.value_begin + i + (i >= s.gap_begin ? s.gap : 0);
    if (key > threshold) ++greater_before;
    else ++same_before;
  }
}
