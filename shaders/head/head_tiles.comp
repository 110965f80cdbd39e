// The LM head fused with the reduction of its logits z[r, n] = sum_k x[r, k] * w[n, k], which never leave the
// registers: per row and tile of 1,024 tokens the largest and second largest logit, the arg-max, sum exp(z - max),
// sum exp(z - max) (z - max), and the arg-max of z + temperature * Gumbel. Suppressed tokens count as minus infinity,
// ties go to the lower token.
//   x [rows, inputs] f32, w [outputs, inputs], candidates [rows], partials [rows, tiles]; inputs a multiple of 8
// grid: (ceil(outputs / 1024), ceil(rows / tile_rows), 1)
// variants: f32 f16 bf16
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require

#include "head_interface.glsl"

#include "tile_shared.glsl"

#include "head_main.glsl"
