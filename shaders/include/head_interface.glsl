// The interface of head_tiles.comp and head_tiles_broadcast.comp.
#include "head_partial.glsl"
#include "layouts.glsl"
#include "philox.glsl"

layout(set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(set = 0, binding = 1) readonly buffer W { uvec4 w[]; };
layout(set = 0, binding = 2) readonly buffer Candidates { Candidate candidates[]; };
layout(set = 0, binding = 3) readonly buffer Sequences { SequenceStep sequences[]; };
layout(set = 0, binding = 4) writeonly buffer Partials { HeadPartial partials[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint outputs;  // tokens of this piece of the head
  uint inputs;
  uint first_token;  // of the piece; a multiple of 1,024
  uint partial_count;  // per row, of the whole vocabulary
} push;
