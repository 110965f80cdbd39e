// What head_tiles.comp and head_tiles_broadcast.comp share: all but how a tile of logits is accumulated.
layout(constant_id = tile_constants) const uint noise = 0;  // 1: some row's temperature may be above 0

HeadPartial held[held_rows];
uvec2 suppressed[held_rows];

void begin_rows(uvec2 origin) {
  LOOP_OVER_SUMS for (uint i = 0; i < held_rows; ++i) {
    const uint sequence = candidates[min(origin.x + held_row(i), push.rows - 1)].sequence;
    suppressed[i] = uvec2(sequences[sequence].suppressed0, sequences[sequence].suppressed1);
    held[i] = empty_partial(push.first_token + origin.y + held_column(0));
  }
}

float with_noise(float z, uint row, uint token) {
  const Candidate c = candidates[min(row, push.rows - 1)];
  const SequenceStep s = sequences[c.sequence];
  if (s.temperature <= 0.0) return z;
  const uvec2 seed = uvec2(s.seed_low, s.seed_high);
  return z + s.temperature * gumbel_noise(seed, s.masks_left, c.position, token, c.times_remasked, s.coarse_noise);
}

// The logits that do not count are minus infinity already. Not unrolled: the generator is a long piece of code.
void absorb_noised(inout HeadPartial p, float logits[held_columns], uvec2 place) {
  [[dont_unroll]] for (uint j = 0; j < held_columns; ++j) {
    const uint token = push.first_token + place.y + held_column(j);
    const float noised = with_noise(logits[j], place.x, token);
    p.noised_token = noised > p.noised ? token : p.noised_token;
    p.noised_logit = noised > p.noised ? logits[j] : p.noised_logit;
    p.noised = max(noised, p.noised);
  }
}

// Two passes over the logits in registers, the largest first, cost one exp per logit.
void absorb(inout HeadPartial p, float logits[held_columns], uvec2 place, uvec2 unwanted) {
  const float old_best = p.best;
  [[unroll]] for (uint j = 0; j < held_columns; ++j) {
    const uint column = place.y + held_column(j);
    const uint token = push.first_token + column;
    const bool counts = column < push.outputs && token != unwanted.x && token != unwanted.y;
    const float z = counts ? logits[j] : minus_infinity;
    logits[j] = z;
    p.runner_up = max(p.runner_up, min(z, p.best));
    p.token = z > p.best ? token : p.token;
    p.best = max(z, p.best);
  }
  if (noise != 0) absorb_noised(p, logits, place);
  const float shift = exponent_below(old_best, p.best), scale = exp(shift);
  p.weighted = (p.weighted + p.sum * shift) * scale;
  p.sum *= scale;
  [[unroll]] for (uint j = 0; j < held_columns; ++j) {
    const float exponent = exponent_below(logits[j], p.best);
    const float e = exp(exponent);
    p.sum += e;
    p.weighted = fma(e, exponent, p.weighted);
  }
}

// Rows per invocation whose lanes are merged at a time: where one lane column holds whole rows, several, so that
// every lane has one to merge.
const uint merge_rows = row_lanes > 1 ? 1 : column_lanes;
shared HeadPartial lane_partials[merge_rows * row_lanes * column_lanes];

void write_merged(uvec2 origin, uint first_held, uint partial) {
  const uint mine = gl_LocalInvocationIndex;
  const uint i = first_held + mine / row_lanes;
  const uint row = origin.x + i * row_lanes + mine % row_lanes;
  if (mine >= merge_rows * row_lanes || i >= held_rows || row >= push.rows) return;
  HeadPartial all = lane_partials[mine * column_lanes];
  for (uint lane = 1; lane < column_lanes; ++lane) all = merge(all, lane_partials[mine * column_lanes + lane]);
  if (noise == 0) all.noised = all.best, all.noised_token = all.token, all.noised_logit = all.best;
  partials[row * push.partial_count + partial] = all;
}

void merge_lanes(uvec2 origin, uint partial) {
  LOOP_OVER_SUMS for (uint first = 0; first < held_rows; first += merge_rows) {
    barrier();  // the previous rows may still be read
    LOOP_OVER_SUMS for (uint i = 0; i < merge_rows; ++i)
      if (first + i < held_rows)
        lane_partials[(i * row_lanes + gl_LocalInvocationID.y) * column_lanes + gl_LocalInvocationID.x] =
            held[first + i];
    barrier();
    write_merged(origin, first, partial);
  }
}

// One tile's columns of every held row.
void reduce_columns(uvec2 origin) {
  precise float acc[held_rows][held_columns];
  [[unroll]] for (uint i = 0; i < held_rows; ++i)
    [[unroll]] for (uint j = 0; j < held_columns; ++j) acc[i][j] = 0.0;
  accumulate_tile(acc, origin, push.rows, push.inputs, push.outputs, push.inputs);
  LOOP_OVER_SUMS for (uint i = 0; i < held_rows; ++i)
    absorb(held[i], acc[i], uvec2(origin.x + held_row(i), origin.y), suppressed[i]);
}
