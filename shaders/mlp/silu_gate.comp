// The gate of a SwiGLU block (Shazeer, "GLU variants improve transformer"):
//   y[r, i] = g / (1 + exp(-g)) * gate_up[r, ffn + i] with g = gate_up[r, i]
//   gate_up [rows, 2 ffn], y [rows, ffn]
// grid: (ceil(ffn / 64), rows, 1)
#version 450

layout(local_size_x = 64) in;

layout(set = 0, binding = 0) readonly buffer GateUp { float gate_up[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint ffn;
} push;

void main() {
  const uint i = gl_GlobalInvocationID.x;
  const uint row = gl_WorkGroupID.y;
  if (i >= push.ffn || row >= push.rows) return;
  const float gate = gate_up[row * 2 * push.ffn + i];
  const float up = gate_up[row * 2 * push.ffn + push.ffn + i];
  y[row * push.ffn + i] = gate / (1.0 + exp(-gate)) * up;
}
