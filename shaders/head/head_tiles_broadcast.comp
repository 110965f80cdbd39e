// head_tiles.comp with the tile for software drivers: the LM head fused with the reduction of its logits
// z[r, n] = sum_k x[r, k] * w[n, k]. A partial spans one tile's columns only, because a loop around the product
// would cost this tile a tenth of its speed.
//   x [rows, inputs] f32, w [outputs, inputs], candidates [rows], partials [rows, partial_count]; inputs a multiple of 8
// grid: (ceil(outputs / tile_columns), ceil(rows / tile_rows), 1)
// variants: f32 f16 bf16 q8_0 q4_0 q4_k q6_k
// requires: subgroup_broadcast
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : require

#include "head_interface.glsl"

#include "tile_broadcast.glsl"

#include "head_main.glsl"

void main() {
  const uvec2 origin = gl_WorkGroupID.yx * uvec2(tile_rows, tile_columns);
  begin_rows(origin);
  reduce_columns(origin);
  merge_lanes(origin, push.first_token / tile_columns + gl_WorkGroupID.x);
}
