// RMSNorm: y[r, i] = x[r, i] * w[i] / sqrt(mean_i(x[r, i]^2) + eps)
//   x, y [rows, dim] f32, w [dim] f32
// grid: (rows, 1, 1), one workgroup per row
#version 450
#extension GL_GOOGLE_include_directive : require

const uint workgroup_size = 64;
layout(local_size_x = 64) in;

layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer W { float w[]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint dim;
  float eps;
} push;

#include "reduce.glsl"

void main() {
  if (gl_WorkGroupID.x >= push.rows) return;
  const uint begin = gl_WorkGroupID.x * push.dim;
  precise float squares = 0.0;
  for (uint i = gl_LocalInvocationIndex; i < push.dim; i += workgroup_size) {
    const float value = x[begin + i];
    squares = fma(value, value, squares);
  }
  const float scale = 1.0 / sqrt(workgroup_sum(squares) / float(push.dim) + push.eps);
  for (uint i = gl_LocalInvocationIndex; i < push.dim; i += workgroup_size)
    y[begin + i] = x[begin + i] * scale * w[i];
}
