/** All looks at a picture: at its own size and, where it is large, at its copies'. */

import type { Card } from "./card";
import { picturesSource, planesSource, restoreRows, type Picture } from "./pixels";
import { copied, enlarged, reduce, reductions, sure } from "./scales";
import { fallsSideways, turned, turnedBack } from "./sideways";
import { runs, type Rows } from "./tiles";
import { pixelsOfTiles, walk, type Network, type Step } from "./walk";

/** Finished rows of a picture from row `top` on, as RGBA. */
export interface Band extends Rows {
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

const ROWS = 256; // of a picture, changed at a time

/** Pixels that the network computes for each tile of all looks, in their order. */
export function costs(height: number, width: number, card: Card, budget: number): number[] {
  return [1, ...reductions(height, width)].flatMap((factor) =>
    pixelsOfTiles(copied(height, factor), copied(width, factor), card, budget),
  );
}

/**
 * The picture without its rain, from top to bottom; a large one comes a second time, without the
 * rain that only its copies show. One whose rain falls sideways is looked at on its side, and comes
 * once, when all is done.
 */
export async function* restore(
  picture: Picture,
  network: Network,
  card: Card,
  budget: number,
  progress: (step: Step) => void = () => undefined,
): AsyncGenerator<Band> {
  if (!(await fallsSideways(picture, network, card, budget))) {
    yield* looks(picture, network, card, budget, progress);
    return;
  }
  const side = turned(picture);
  const clean = new Uint8ClampedArray(side.pixels.length);
  for await (const band of looks(side, network, card, budget, progress)) {
    clean.set(band.pixels, band.top * side.width * 4);
  }
  yield { top: 0, rows: picture.height, pixels: turnedBack({ ...side, pixels: clean }) };
}

async function* looks(
  picture: Picture,
  network: Network,
  card: Card,
  budget: number,
  progress: (step: Step) => void,
): AsyncGenerator<Band> {
  const { width, height } = picture;
  const factors = reductions(height, width);
  const clean = factors.length > 0 ? new Uint8ClampedArray(picture.pixels.length) : undefined;
  const first = walk(picturesSource(picture), network, card, budget, progress);
  for await (const { top, rows, change } of first) {
    const pixels = restoreRows(picture, top, rows, change);
    clean?.set(pixels, top * width * 4);
    yield { top, rows, pixels };
  }
  if (!clean) return;
  const so = { ...picture, pixels: clean };
  for (const factor of factors) {
    const rain = await found(so, factor, network, card, budget, progress);
    for (const { top, rows } of runs(height, ROWS)) {
      const change = enlarged(rain, copied(width, factor), factor, top, rows, width, -1);
      const pixels = restoreRows(so, top, rows, change);
      clean.set(pixels, top * width * 4);
      if (factor === factors.at(-1)) yield { top, rows, pixels };
    }
  }
}

/** The rain that a reduced copy shows, of the copy's size. */
async function found(
  picture: Picture,
  factor: number,
  network: Network,
  card: Card,
  budget: number,
  progress: (step: Step) => void,
): Promise<Float32Array> {
  const [height, width] = [copied(picture.height, factor), copied(picture.width, factor)];
  const rain = new Float32Array(3 * height * width);
  const source = planesSource(reduce(picture, factor), width, height);
  for await (const { top, rows, change } of walk(source, network, card, budget, progress)) {
    for (let plane = 0; plane < 3; plane++) {
      const from = (plane * change.length) / 3;
      const to = (plane * height + top) * width;
      for (let i = 0; i < rows * width; i++) rain[to + i] = -change[from + i];
    }
  }
  return sure(rain, width);
}
