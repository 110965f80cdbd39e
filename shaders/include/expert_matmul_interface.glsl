// The interface of expert_matmul.comp and expert_matmul_broadcast.comp.
#include "layouts.glsl"

layout(set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(set = 0, binding = 1) readonly buffer W { uvec4 w[]; };
layout(set = 0, binding = 2) readonly buffer Tiles { ExpertTile tiles[]; };
layout(set = 0, binding = 3) writeonly buffer Y { float y[]; };

layout(push_constant) uniform Push {
  uint outputs;       // of one expert
  uint inputs;
  uint first_expert;  // of those whose weights are in w
  uint experts;
  uint y_stride;
  uint y_offset;
} push;
