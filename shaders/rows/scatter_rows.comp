// y[index[i], :] = x[i, :] where index[i] is not `none`; the indices of one launch differ
//   x [rows, dim], index [rows], y [any, dim]
// grid: (rows, 1, 1), one workgroup per row
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 64) in;

#include "layouts.glsl"

layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Index { uint index[]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint dim;
} push;

void main() {
  const uint row = gl_WorkGroupID.x;
  if (row >= push.rows) return;
  const uint to = index[row];
  if (to == none) return;
  for (uint i = gl_LocalInvocationIndex; i < push.dim; i += gl_WorkGroupSize.x)
    y[to * push.dim + i] = x[row * push.dim + i];
}
