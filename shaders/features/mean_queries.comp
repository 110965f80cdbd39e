// The mean query of a block's rows, for keys to be scored with (Sparse-dLLM): with the rows r of selection s from its
// first_row on, as many as its gap,
//   mean[s, g d + e] = sum over the query heads h of key head g of the mean over r of q[r, h d + e]
//   q [rows, heads d], mean [selections, kv_heads d]
// grid: (selections, 1, 1), one workgroup per selection
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 64) in;

#include "layouts.glsl"

layout(set = 0, binding = 0) readonly buffer Q { float q[]; };
layout(set = 0, binding = 1) readonly buffer Selections { Selection selections[]; };
layout(set = 0, binding = 2) writeonly buffer Mean { float mean[]; };

layout(push_constant) uniform Push {
  uint selections;
  uint heads;
  uint kv_heads;
  uint head_dim;
} push;

void main() {
  if (gl_WorkGroupID.x >= push.selections) return;
  const Selection s = selections[gl_WorkGroupID.x];
  const uint columns = push.kv_heads * push.head_dim, shared_by = push.heads / push.kv_heads;
  for (uint c = gl_LocalInvocationIndex; c < columns; c += gl_WorkGroupSize.x) {
    const uint first = c / push.head_dim * shared_by * push.head_dim + c % push.head_dim;
    precise float sum = 0.0;
    for (uint r = s.first_row; r < s.first_row + s.gap; ++r)
      for (uint h = 0; h < shared_by; ++h) sum += q[r * push.heads * push.head_dim + first + h * push.head_dim];
    mean[gl_WorkGroupID.x * columns + c] = sum / float(s.gap);
  }
}
