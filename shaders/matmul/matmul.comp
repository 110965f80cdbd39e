// Matrix product:
//   y[r, y_offset + n] = (accumulate ? y[r, y_offset + n] : 0) + sum_k x[r, k] * w[n, k]
//   x [rows, x_stride] f32, w [outputs, inputs], y [rows, y_stride] f32; inputs and x_stride multiples of 8
// grid: (ceil(outputs / tile_columns), ceil(rows / tile_rows), 1)
// variants: f32 f16 bf16 q8_0 q4_0 q4_k q6_k
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require

#include "matmul_interface.glsl"

#include "tile_shared.glsl"

#include "matmul_main.glsl"
