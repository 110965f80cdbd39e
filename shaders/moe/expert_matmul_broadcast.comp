// The matrix products of expert_matmul.comp with the tile for software drivers. For each tile of an expert e, and each
// p from its begin to its end:
//   y[p, y_offset + n] = sum_k x[p, k] * w[(e - first_expert) * outputs + n, k]
//   x [places, inputs] f32, w [experts * outputs, inputs] of experts first_expert and on, y [places, y_stride];
//   inputs a multiple of 8. Tiles of other experts are another dispatch's.
// grid: (ceil(outputs / tile_columns), tiles, 1)
// variants: f32 f16 bf16 q8_0 q4_0 q4_k q6_k
// requires: subgroup_broadcast
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : require

#include "expert_matmul_interface.glsl"

#include "tile_broadcast.glsl"

#include "expert_matmul_main.glsl"
