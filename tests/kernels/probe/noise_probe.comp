// Makes the noise of philox.glsl visible to a test: for each x of bits, E and G, and the Philox words of counter
// (i, i + 1, i + 2, i + 3) under key (7 i, 9 i).
// grid: (ceil(count / 32), 1, 1)
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 32) in;

#include "philox.glsl"

layout(set = 0, binding = 0) readonly buffer Bits { uint bits[]; };
layout(set = 0, binding = 1) writeonly buffer Exponential { float exponential[]; };
layout(set = 0, binding = 2) writeonly buffer Gumbel { float gumbel[]; };
layout(set = 0, binding = 3) writeonly buffer Words { uvec4 words[]; };

layout(push_constant) uniform Push {
  uint count;
} push;

void main() {
  const uint i = gl_GlobalInvocationID.x;
  if (i >= push.count) return;
  exponential[i] = exponential_from_bits(bits[i]);
  gumbel[i] = gumbel_from_bits(bits[i]);
  words[i] = philox(uvec4(i, i + 1, i + 2, i + 3), uvec2(7 * i, 9 * i));
}
