// What expert_matmul.comp and expert_matmul_broadcast.comp share: all but how a tile is accumulated.
void main() {
  const ExpertTile tile = tiles[gl_WorkGroupID.y];
  const uint expert = tile.expert - push.first_expert;  // huge for `none` and for lower experts
  if (expert >= push.experts) return;
  const uint first_output = expert * push.outputs;
  const uvec2 origin = uvec2(tile.begin, first_output + gl_WorkGroupID.x * tile_columns);
  const uint end_output = first_output + push.outputs;
  precise float acc[held_rows][held_columns];
  LOOP_OVER_SUMS for (uint i = 0; i < held_rows; ++i)
    LOOP_OVER_SUMS for (uint j = 0; j < held_columns; ++j) acc[i][j] = 0.0;
  accumulate_tile(acc, origin, tile.end, push.inputs, end_output, push.inputs);
  LOOP_OVER_SUMS for (uint i = 0; i < held_rows; ++i)
    LOOP_OVER_SUMS for (uint j = 0; j < held_columns; ++j) {
      const uint row = origin.x + held_row(i);
      const uint column = origin.y + held_column(j);
      if (row < tile.end && column < end_output)
        y[row * push.y_stride + push.y_offset + column - first_output] = acc[i][j];
    }
}
