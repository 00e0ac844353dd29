/** How to cut a picture into tiles; the same arithmetic as `derain/restore/tiles.py`. */

export const FEATHER = 16;

/** Rows [top, bottom) and columns [left, right). */
export interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export const heightOf = (box: Box): number => box.bottom - box.top;
export const widthOf = (box: Box): number => box.right - box.left;

/** A run of rows. */
export interface Rows {
  readonly top: number;
  readonly rows: number;
}

/** All rows of a picture, at most `step` at a time. */
export function* runs(height: number, step: number): Generator<Rows> {
  for (let top = 0; top < height; top += step) yield { top, rows: Math.min(step, height - top) };
}

/** Larger by `by` pixels on every side, but inside `within`. */
export function grown(box: Box, by: number, within: Box): Box {
  return {
    top: Math.max(within.top, box.top - by),
    bottom: Math.min(within.bottom, box.bottom + by),
    left: Math.max(within.left, box.left - by),
    right: Math.min(within.right, box.right + by),
  };
}

/** With its origin moved up and left to multiples of `multiple`. */
export function aligned(box: Box, multiple: number): Box {
  return { ...box, top: down(box.top, multiple), left: down(box.left, multiple) };
}

/** The largest multiple that is not above `value`, and the smallest that is not below. */
const down = (value: number, multiple: number) => Math.floor(value / multiple) * multiple;
export const up = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

/**
 * Borders of the fewest tiles along an axis, each a multiple of `multiple`.
 *
 * A tile and its `halo` on both sides, as far as the axis goes, are at most `window` long (or one
 * multiple and two halos, where that is more), and all but the last are equally long.
 */
export function cuts(size: number, window: number, halo: number, multiple: number): number[] {
  if (size <= window) return [0, size];
  let count = 2;
  while (reach(count, window, halo, multiple) < size && window > multiple + 2 * halo) count += 1;
  let shorter = window;
  while (reach(count, shorter - multiple, halo, multiple) >= size) shorter -= multiple;
  const inner = Math.max(multiple, down(shorter - 2 * halo, multiple));
  const outer = Math.max(multiple, down(shorter - halo, multiple));
  const borders = [0];
  const end = Math.max(size - outer, 0) + inner;
  for (let at = outer; at < end; at += inner) borders.push(at);
  return [...borders, size];
}

/** How far `count` windows go, two of them at the ends of the axis. */
function reach(count: number, window: number, halo: number, multiple: number): number {
  const inner = down(window - 2 * halo, multiple);
  const outer = down(window - halo, multiple);
  return inner > 0 ? 2 * outer + (count - 2) * inner : 0;
}

/**
 * Weights of the tile [low, high) over its feathered extent [low - feather, high + feather) inside
 * [0, size); they rise over `2 * feather` pixels around each border, and all tiles' add up to 1.
 */
export function ramp(low: number, high: number, size: number, feather: number): Float32Array {
  const start = Math.max(0, low - feather);
  const weights = new Float32Array(Math.min(size, high + feather) - start).fill(1);
  for (let i = 0; i < weights.length; i++) {
    const at = start + i + 0.5;
    if (low > 0) weights[i] = Math.min(weights[i], (at - (low - feather)) / (2 * feather));
    if (high < size) weights[i] = Math.min(weights[i], 1 - (at - (high - feather)) / (2 * feather));
    weights[i] = Math.max(weights[i], 0);
  }
  return weights;
}

/**
 * Height and width of the windows that cost least among those of at most `pixels`; where none
 * fits, the smallest there is. Windows overlap by two halos, so every cut costs.
 */
export function fittingWindow(
  height: number,
  width: number,
  pixels: number,
  halo: number,
  multiple: number,
): [number, number] {
  const least = multiple + 2 * halo;
  let best: [number, number] = [least, least];
  let cheapest = Infinity;
  for (let columns = 1; columns <= Math.ceil(width / multiple); columns++) {
    const across = up((width + 2 * halo * (columns - 1)) / columns, multiple);
    const tall = down(Math.floor(pixels / across), multiple);
    if (tall < Math.min(least, height) || across < Math.min(least, width)) continue;
    const rows = cuts(height, tall, halo, multiple).length - 1;
    const cost = (height + 2 * halo * (rows - 1)) * (width + 2 * halo * (columns - 1));
    if (cost < cheapest) {
      best = [tall, across];
      cheapest = cost;
    }
  }
  return best;
}
