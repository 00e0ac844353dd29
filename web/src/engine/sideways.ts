/** Rain that falls sideways, and pictures turned by a quarter; told as `restore/sideways.py` does. */

import type { Card } from "./card";
import { planesSource, type Picture } from "./pixels";
import { copied, reduce, reductions } from "./scales";
import { walk, type Network } from "./walk";

const SIDE = 192; // of the middle that is looked at
const SQUARE = 32;
const QUANTILE = 0.4; // of squares, by what is changed in each
const LEAST = 4 * SQUARE; // side of that middle
const RAIN = 1.5 / 255; // of full range, in mean change of a square

/** What makes it rain, either will do: slant in degrees, at most; coherence, at least; times. */
const ENOUGH = [
  { slant: 36, coherence: 0.6, times: 2 },
  { slant: 46, coherence: 0.85, times: 1.3 },
];

/** One value a pixel, row by row. */
interface Layer {
  readonly values: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** Whether there is rain that the network sees only in the picture turned by a quarter. */
export async function fallsSideways(
  picture: Picture,
  network: Network,
  card: Card,
  budget: number,
): Promise<boolean> {
  const factor = reductions(picture.height, picture.width).at(-1) ?? 1;
  const middle = middleOf(picture, SIDE * factor);
  const [width, height] = [copied(middle.width, factor), copied(middle.height, factor)];
  if (Math.min(width, height) < LEAST) return false;
  const change = (of: Picture): Promise<Layer> => changeOf(of, factor, network, card, budget);
  const sideways = await change(turned(middle));
  const found = amount(sideways);
  const { slant, coherence } = lines(sideways);
  const likely = ENOUGH.filter((signs) => slant <= signs.slant && coherence >= signs.coherence);
  if (found <= RAIN || likely.length === 0) return false;
  const times = Math.min(...likely.map((signs) => signs.times));
  return found > times * amount(await change(middle));
}

/** Turned by a quarter, anticlockwise. */
export function turned(picture: Picture): Picture {
  const { pixels, width, height } = picture;
  const to = new Uint8ClampedArray(pixels.length);
  copy(pixels, width, height, to, (x, y) => (width - 1 - x) * height + y);
  return { ...picture, pixels: to, width: height, height: width };
}

/** Turned by a quarter, clockwise: what {@link turned} did, undone. */
export function turnedBack(picture: Picture): Uint8ClampedArray<ArrayBuffer> {
  const { pixels, width, height } = picture;
  const to = new Uint8ClampedArray(pixels.length);
  copy(pixels, width, height, to, (x, y) => x * height + height - 1 - y);
  return to;
}

function copy(
  from: Uint8ClampedArray,
  width: number,
  height: number,
  to: Uint8ClampedArray,
  place: (x: number, y: number) => number,
): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [at, into] = [4 * (y * width + x), 4 * place(x, y)];
      for (let i = 0; i < 4; i++) to[into + i] = from[at + i];
    }
  }
}

function middleOf(picture: Picture, side: number): Picture {
  const [width, height] = [Math.min(picture.width, side), Math.min(picture.height, side)];
  const left = Math.floor((picture.width - width) / 2);
  const top = Math.floor((picture.height - height) / 2);
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    const start = 4 * ((top + y) * picture.width + left);
    pixels.set(picture.pixels.subarray(start, start + 4 * width), 4 * y * width);
  }
  return { ...picture, pixels, width, height };
}

/** What the network changes, the mean of its colours. */
async function changeOf(
  picture: Picture,
  factor: number,
  network: Network,
  card: Card,
  budget: number,
): Promise<Layer> {
  const [width, height] = [copied(picture.width, factor), copied(picture.height, factor)];
  const values = new Float32Array(width * height);
  const source = planesSource(reduce(picture, factor), width, height);
  for await (const { top, rows, change } of walk(source, network, card, budget, () => undefined)) {
    const size = change.length / 3;
    for (let i = 0; i < rows * width; i++) {
      values[top * width + i] = (change[i] + change[i + size] + change[i + 2 * size]) / 3;
    }
  }
  return { values, width, height };
}

/** The mean change of a square than which two fifths are changed less. */
function amount({ values, width, height }: Layer): number {
  const columns = Math.floor(width / SQUARE);
  const sums = new Float64Array(columns * Math.floor(height / SQUARE));
  for (let y = 0; y < Math.floor(height / SQUARE) * SQUARE; y++) {
    for (let x = 0; x < columns * SQUARE; x++) {
      const square = Math.floor(y / SQUARE) * columns + Math.floor(x / SQUARE);
      sums[square] += Math.abs(values[y * width + x]);
    }
  }
  return quantile(sums, QUANTILE) / (SQUARE * SQUARE);
}

/** By how many degrees, 0 to 90, lines are away from upright; from 0 to 1, how much they agree. */
function lines({ values, width, height }: Layer): { slant: number; coherence: number } {
  let [downs, acrosses, both] = [0, 0, 0];
  for (let at = width; at < (height - 1) * width; at++) {
    if (at % width === 0 || at % width === width - 1) continue;
    const down = values[at + width] - values[at - width];
    const across = values[at + 1] - values[at - 1];
    downs += down * down;
    acrosses += across * across;
    both += 2 * down * across;
  }
  const apart = acrosses - downs;
  return {
    slant: (Math.abs(Math.atan2(both, apart)) * 90) / Math.PI,
    coherence: Math.hypot(apart, both) / (acrosses + downs || 1),
  };
}

/** As NumPy's: between the two nearest values. */
function quantile(values: Float64Array, share: number): number {
  const sorted = values.slice().sort();
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
