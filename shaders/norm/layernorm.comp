// LayerNorm (Ba, Kiros, Hinton 2016): y[r, i] = (x[r, i] - m) * w[i] / sqrt(mean_i((x[r, i] - m)^2) + eps) + b[i]
//   with m = mean_i(x[r, i]); x, y [rows, dim] f32, w, b [dim] f32
// grid: (rows, 1, 1), one workgroup per row
#version 450
#extension GL_GOOGLE_include_directive : require

const uint workgroup_size = 64;
layout(local_size_x = 64) in;

layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer W { float w[]; };
layout(set = 0, binding = 2) readonly buffer B { float b[]; };
layout(set = 0, binding = 3) writeonly buffer Y { float y[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint dim;
  float eps;
} push;

#include "reduce.glsl"

// The mean goes first: mean(x^2) - mean(x)^2 would lose every digit of a row far from zero.
void main() {
  if (gl_WorkGroupID.x >= push.rows) return;
  const uint begin = gl_WorkGroupID.x * push.dim;
  precise float sum = 0.0;
  for (uint i = gl_LocalInvocationIndex; i < push.dim; i += workgroup_size) sum += x[begin + i];
  const float mean = workgroup_sum(sum) / float(push.dim);
  precise float squares = 0.0;
  for (uint i = gl_LocalInvocationIndex; i < push.dim; i += workgroup_size) {
    const float value = x[begin + i] - mean;
    squares = fma(value, value, squares);
  }
  const float scale = 1.0 / sqrt(workgroup_sum(squares) / float(push.dim) + push.eps);
  for (uint i = gl_LocalInvocationIndex; i < push.dim; i += workgroup_size)
    y[begin + i] = fma((x[begin + i] - mean) * scale, w[i], b[i]);
}
