// head_tiles.comp with the tile for software drivers: the LM head fused with the reduction of its logits
// z[r, n] = sum_k x[r, k] * w[n, k] over tiles of 1,024 tokens.
//   x [rows, inputs] f32, w [outputs, inputs], candidates [rows], partials [rows, tiles]; inputs a multiple of 8
// grid: (ceil(outputs / 1024), ceil(rows / tile_rows), 1)
// variants: f32 f16 bf16
// requires: subgroup_broadcast
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : require

#include "head_interface.glsl"

#include "tile_broadcast.glsl"

#include "head_main.glsl"
