// RMSNorm of each query and key head before their rotation (Qwen3's QK-norm), in place:
//   x[i] = x[i] * w[i] / sqrt(mean_i(x[i]^2) + eps) for each head x of head_dim values; w is q_weight or k_weight
//   qkv [rows, (heads + 2 kv_heads) head_dim]; q_weight, k_weight [head_dim]; values are left as they are
// grid: (heads + kv_heads, rows, 1), one workgroup per head
#version 450
#extension GL_GOOGLE_include_directive : require

const uint workgroup_size = 32;
layout(local_size_x = 32) in;

layout(set = 0, binding = 0) readonly buffer QWeight { float q_weight[]; };
layout(set = 0, binding = 1) readonly buffer KWeight { float k_weight[]; };
layout(set = 0, binding = 2) buffer Qkv { float qkv[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint heads;
  uint kv_heads;
  uint head_dim;
  float eps;
} push;

#include "reduce.glsl"

void main() {
  const uint head = gl_WorkGroupID.x;
  const uint row = gl_WorkGroupID.y;
  if (head >= push.heads + push.kv_heads || row >= push.rows) return;
  const uint begin = (row * (push.heads + 2 * push.kv_heads) + head) * push.head_dim;
  precise float squares = 0.0;
  for (uint i = gl_LocalInvocationIndex; i < push.head_dim; i += workgroup_size) {
    const float value = qkv[begin + i];
    squares = fma(value, value, squares);
  }
  const float scale = 1.0 / sqrt(workgroup_sum(squares) / float(push.head_dim) + push.eps);
  for (uint i = gl_LocalInvocationIndex; i < push.head_dim; i += workgroup_size)
    qkv[begin + i] = qkv[begin + i] * scale * (head < push.heads ? q_weight[i] : k_weight[i]);
}
