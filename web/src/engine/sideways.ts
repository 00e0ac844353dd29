/** Rain that falls sideways, and pictures turned by a quarter; told as `restore/sideways.py` does. */

import type { Card } from "./card";
import { planesSource, type Picture } from "./pixels";
import { copied, reduce, reductions } from "./scales";
import { walk, type Network } from "./walk";

const SIDE = 192; // of the middle that is looked at
const SQUARE = 32;
const QUANTILE = 0.4; // of squares, by what is changed in each
const RAIN = 1 / 255; // of full range, in mean change of a square
const MORE = 3; // times what is found in the picture as it lies

/** Whether there is rain that the network sees only in the picture turned by a quarter. */
export async function fallsSideways(
  picture: Picture,
  network: Network,
  card: Card,
  budget: number,
): Promise<boolean> {
  const factor = reductions(picture.height, picture.width).at(-1) ?? 1;
  const middle = middleOf(picture, SIDE * factor);
  const found = (of: Picture): Promise<number> => changeOf(of, factor, network, card, budget);
  if (Math.min(middle.width, middle.height) < SQUARE * factor) return false;
  const sideways = await found(turned(middle));
  return sideways > RAIN && sideways > MORE * (await found(middle));
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

/** What the network changes, in a square than which two fifths are changed less. */
async function changeOf(
  picture: Picture,
  factor: number,
  network: Network,
  card: Card,
  budget: number,
): Promise<number> {
  const [width, height] = [copied(picture.width, factor), copied(picture.height, factor)];
  const across = Math.floor(width / SQUARE);
  const sums = new Float64Array(across * Math.floor(height / SQUARE));
  const source = planesSource(reduce(picture, factor), width, height);
  for await (const { top, rows, change } of walk(source, network, card, budget, () => undefined)) {
    const size = change.length / 3;
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < across * SQUARE; x++) {
        const square = Math.floor((top + y) / SQUARE) * across + Math.floor(x / SQUARE);
        const at = y * width + x;
        if (square < sums.length) {
          sums[square] += Math.abs(change[at] + change[at + size] + change[at + 2 * size]);
        }
      }
    }
  }
  return quantile(sums, QUANTILE) / (3 * SQUARE * SQUARE);
}

/** As NumPy's: between the two nearest values. */
function quantile(values: Float64Array, share: number): number {
  const sorted = values.slice().sort();
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
