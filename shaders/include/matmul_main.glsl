// What matmul.comp and matmul_broadcast.comp share: all but how a tile is accumulated.
layout(constant_id = tile_constants) const uint accumulate = 0;

void main() {
  const uvec2 origin = gl_WorkGroupID.yx * uvec2(tile_rows, tile_columns);
  precise float acc[held_rows][held_columns];
  LOOP_OVER_SUMS for (uint i = 0; i < held_rows; ++i)
    LOOP_OVER_SUMS for (uint j = 0; j < held_columns; ++j) {
      const uint row = min(origin.x + held_row(i), push.rows - 1);
      const uint column = min(origin.y + held_column(j), push.outputs - 1);
      acc[i][j] = accumulate != 0 ? y[row * push.y_stride + push.y_offset + column] : 0.0;
    }
  accumulate_tile(acc, origin, push.rows, push.x_stride, push.outputs, push.inputs);
  LOOP_OVER_SUMS for (uint i = 0; i < held_rows; ++i)
    LOOP_OVER_SUMS for (uint j = 0; j < held_columns; ++j) {
      const uint row = origin.x + held_row(i);
      const uint column = origin.y + held_column(j);
      if (row < push.rows && column < push.outputs) y[row * push.y_stride + push.y_offset + column] = acc[i][j];
    }
}
