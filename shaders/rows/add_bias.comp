// The bias of a linear layer: y[r, i] += bias[i]
//   y [rows, dim], bias [dim]
// grid: (ceil(dim / 64), rows, 1)
#version 450

layout(local_size_x = 64) in;

layout(set = 0, binding = 0) readonly buffer Bias { float bias[]; };
layout(set = 0, binding = 1) buffer Y { float y[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint dim;
} push;

void main() {
  const uint i = gl_GlobalInvocationID.x;
  const uint row = gl_WorkGroupID.y;
  if (i >= push.dim || row >= push.rows) return;
  y[row * push.dim + i] += bias[i];
}
