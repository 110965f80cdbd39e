// The LM head fused with the reduction of its logits z[r, n] = sum_k x[r, k] * w[n, k], which never leave the
// registers: per row and tile of 1,024 tokens the largest and second largest logit, the arg-max, sum exp(z - max),
// sum exp(z - max) (z - max), and the arg-max of z + temperature * Gumbel. Suppressed tokens count as minus infinity,
// ties go to the lower token.
//   x [rows, inputs] f32, w [outputs, inputs], candidates [rows], partials [rows, partial_count]; inputs a multiple of 8
// grid: (ceil(outputs / 1024), ceil(rows / tile_rows), 1)
// variants: f32 f16 bf16 q8_0 q4_0 q4_k q6_k
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require

#include "head_interface.glsl"

#include "tile_shared.glsl"

#include "head_main.glsl"

const uint partial_tokens = 1024;

void main() {
  uvec2 origin = uvec2(gl_WorkGroupID.y * tile_rows, gl_WorkGroupID.x * partial_tokens);
  begin_rows(origin);
  const uint end = min(origin.y + partial_tokens, push.outputs);
  for (; origin.y < end; origin.y += tile_columns) reduce_columns(origin);
  merge_lanes(origin, push.first_token / partial_tokens + gl_WorkGroupID.x);
}
