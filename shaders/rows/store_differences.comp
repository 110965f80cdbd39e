// y[index[i], :] = a[i, :] - b[i, :] where index[i] is not `none`; the indices of one launch differ
//   a, b [rows, dim], index [rows], y [any, dim]
// grid: (rows, 1, 1), one workgroup per row
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 64) in;

#include "layouts.glsl"

layout(set = 0, binding = 0) readonly buffer A { float a[]; };
layout(set = 0, binding = 1) readonly buffer B { float b[]; };
layout(set = 0, binding = 2) readonly buffer Index { uint index[]; };
layout(set = 0, binding = 3) writeonly buffer Y { float y[]; };

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
    y[to * push.dim + i] = a[row * push.dim + i] - b[row * push.dim + i];
}
