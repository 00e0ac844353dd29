/** Rain too wide for the network, in reduced copies; the same arithmetic as `restore/scales.py`. */

import type { Picture, Planes } from "./pixels";

const SHORTEST = 320; // side of a reduced copy
const FACTORS = [2, 4];
const SURE = 4 / 255; // of full range
const STEPS = 127; // of the share of what is taken
const AROUND = 2; // pixels to each side

/** By how much a picture of this size is reduced for each further look; none for a small one. */
export function reductions(height: number, width: number): number[] {
  return FACTORS.filter((factor) => Math.floor(Math.min(height, width) / factor) >= SHORTEST);
}

/** How long a side of a copy is. */
export const copied = (side: number, factor: number): number => Math.ceil(side / factor);

/** (3, h, w) means over squares of `factor` pixels; those cut off by an edge go on as it ends. */
export function reduce({ pixels, width, height }: Picture, factor: number): Planes {
  const [rows, columns] = [copied(height, factor), copied(width, factor)];
  const small = new Float32Array(3 * rows * columns);
  const size = rows * columns;
  const top = 255 * factor * factor;
  for (let y = 0; y < rows * factor; y++) {
    const line = Math.min(y, height - 1) * width;
    const to = Math.floor(y / factor) * columns;
    for (let x = 0; x < columns * factor; x++) {
      const from = 4 * (line + Math.min(x, width - 1));
      const at = to + Math.floor(x / factor);
      small[at] += pixels[from];
      small[at + size] += pixels[from + 1];
      small[at + 2 * size] += pixels[from + 2];
    }
  }
  for (let i = 0; i < small.length; i++) small[i] /= top;
  return small;
}

/**
 * What of a reduced copy's change is taken for rain: light, and enough of it near by. Nothing below
 * 4 levels of 255, all from 8 on.
 *
 * @param rain - (3, h, width) R - D in units of the full range; overwritten.
 */
export function sure(rain: Float32Array, width: number): Float32Array {
  const size = rain.length / 3;
  const steps = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const [red, green, blue] = [rain[i], rain[i + size], rain[i + 2 * size]];
    const loudest = Math.max(Math.abs(red), Math.abs(green), Math.abs(blue)) / SURE;
    steps[i] = Math.min(Math.max(loudest, 1), 2) * STEPS;
  }
  const around = largestDown(largestAcross(steps, width), width);
  for (let i = 0; i < rain.length; i++) {
    rain[i] = Math.max(rain[i], 0) * (around[i % size] / STEPS - 1);
  }
  return rain;
}

function largestAcross(values: Uint8Array, width: number): Uint8Array {
  const largest = values.slice();
  for (let start = 0; start < values.length; start += width) {
    for (let x = 0; x < width; x++) {
      const end = Math.min(width - 1, x + AROUND);
      for (let near = Math.max(0, x - AROUND); near <= end; near++) {
        largest[start + x] = Math.max(largest[start + x], values[start + near]);
      }
    }
  }
  return largest;
}

function largestDown(values: Uint8Array, width: number): Uint8Array {
  const largest = values.slice();
  for (let by = -AROUND; by <= AROUND; by++) {
    const offset = by * width;
    const [first, end] = [Math.max(0, -offset), Math.min(values.length, values.length - offset)];
    for (let i = first; i < end; i++) largest[i] = Math.max(largest[i], values[i + offset]);
  }
  return largest;
}

/**
 * Rows of a layer as large as the picture, bilinear: `rows` from `top` on, times `weight`.
 *
 * @param layer - (3, h, columns) of the reduced copy.
 */
export function enlarged(
  layer: Float32Array,
  columns: number,
  factor: number,
  top: number,
  rows: number,
  width: number,
  weight: number,
): Float32Array {
  const size = layer.length / 3;
  const down = samples(top, rows, factor, size / columns);
  const across = samples(0, width, factor, columns);
  const large = new Float32Array(3 * rows * width);
  let to = 0;
  for (let plane = 0; plane < 3; plane++) {
    for (const [above, below, lower] of down) {
      const [a, b] = [plane * size + above * columns, plane * size + below * columns];
      for (const [left, right, share] of across) {
        const upper = layer[a + left] + share * (layer[a + right] - layer[a + left]);
        const under = layer[b + left] + share * (layer[b + right] - layer[b + left]);
        large[to++] = weight * (upper + lower * (under - upper));
      }
    }
  }
  return large;
}

/** Between which two values of a copy each one lies, and the share of the second. */
function samples(
  start: number,
  count: number,
  factor: number,
  length: number,
): [number, number, number][] {
  return Array.from({ length: count }, (_, i) => {
    const at = (start + i + 0.5) / factor - 0.5;
    const before = Math.floor(at);
    const inside = (index: number): number => Math.min(Math.max(index, 0), length - 1);
    return [inside(before), inside(before + 1), at - before];
  });
}
