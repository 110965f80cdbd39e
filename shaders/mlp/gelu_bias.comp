// The activation of a plain feed-forward block, with its first layer's bias: y[r, i] = gelu(y[r, i] + bias[i]) in the
// tanh form of Hendrycks and Gimpel ("Gaussian error linear units", 2016):
//   gelu(v) = v / 2 (1 + tanh(u)), u = sqrt(2 / pi) (v + 0.044715 v^3)
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

// (1 + tanh(u)) / 2 is 1 / (1 + exp(-2 u)), which has no difference of nearly equal numbers where u is far below zero.
void main() {
  const uint i = gl_GlobalInvocationID.x;
  const uint row = gl_WorkGroupID.y;
  if (i >= push.dim || row >= push.rows) return;
  const float v = y[row * push.dim + i] + bias[i];
  const float u = 0.7978845608028654 * fma(0.044715 * v * v, v, v);
  y[row * push.dim + i] = v / (1.0 + exp(-2.0 * u));
}
