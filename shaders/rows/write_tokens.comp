// Puts tokens into the canvas: tokens[writes[i].slot] = writes[i].token, where the slot is not `none`; the slots of one
// launch differ
//   writes [count], tokens [slots]
// grid: (ceil(count / 64), 1, 1)
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 64) in;

#include "layouts.glsl"

layout(set = 0, binding = 0) readonly buffer Writes { TokenWrite writes[]; };
layout(set = 0, binding = 1) writeonly buffer Tokens { uint tokens[]; };

layout(push_constant) uniform Push {
  uint count;
} push;

void main() {
  const uint i = gl_GlobalInvocationID.x;
  if (i >= push.count || writes[i].slot == none) return;
  tokens[writes[i].slot] = writes[i].token;
}
