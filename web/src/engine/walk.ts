/** The walk over a picture: tiles through a network, blended, band after band, as `engine.py`. */

import type { Card } from "./card";
import type { Planes, Source } from "./pixels";
import {
  aligned,
  cuts,
  FEATHER,
  fittingWindow,
  grown,
  heightOf,
  ramp,
  up,
  widthOf,
  type Box,
  type Rows,
} from "./tiles";

/** What the network changes, D - R: (3, height, width) of the same size as `rainy`. */
export type Network = (rainy: Planes, height: number, width: number) => Promise<Float32Array>;

/** Finished rows from row `top` on. */
export interface Change extends Rows {
  /** D - R: three planes whose first values are these rows'; lent until the next ones come. */
  readonly change: Float32Array;
}

/** A tile was done: how many pixels the network computed for it, and how long that took. */
export interface Step {
  readonly pixels: number;
  readonly seconds: number;
}

interface Tile {
  /** What the tile contributes to: its core and the feather around it. */
  readonly box: Box;
  /** What the network sees. */
  readonly around: Box;
  /** Weights of the rows and columns of `box`. */
  readonly down: Float32Array;
  readonly across: Float32Array;
}

interface Row {
  /** Rows that the tiles contribute to. */
  readonly extent: Box;
  /** Up to here nothing more is added by the next row of tiles. */
  readonly finished: number;
  readonly tiles: readonly Tile[];
}

/** The rows of tiles of a picture of this size, within `budget` bytes for a run. */
function plan(height: number, width: number, card: Card, budget: number): Row[] {
  const { halo, sizeMultiple: multiple } = card;
  const feather = Math.min(FEATHER, Math.floor(multiple / 2));
  const pixels = Math.floor(budget / card.bytesPerPixel);
  const window = fittingWindow(height, width, pixels, halo, multiple);
  const picture: Box = { top: 0, bottom: height, left: 0, right: width };
  const columns = pairs(cuts(width, window[1], halo, multiple));
  return pairs(cuts(height, window[0], halo, multiple)).map(([top, bottom]) => ({
    extent: grown({ top, bottom, left: 0, right: width }, feather, picture),
    finished: bottom === height ? height : bottom - feather,
    tiles: columns.map(([left, right]) => {
      const box = grown({ top, bottom, left, right }, feather, picture);
      return {
        box,
        around: aligned(grown(box, halo - feather, picture), multiple),
        down: ramp(top, bottom, height, feather),
        across: ramp(left, right, width, feather),
      };
    }),
  }));
}

/** Pixels that the network computes for each tile of a walk, halos and padding included. */
export function pixelsOfTiles(height: number, width: number, card: Card, budget: number): number[] {
  const tiles = plan(height, width, card, budget).flatMap((row) => row.tiles);
  return tiles.map((tile) => paddedPixels(tile.around, card));
}

function paddedPixels(box: Box, card: Card): number {
  return up(heightOf(box), card.sizeMultiple) * up(widthOf(box), card.sizeMultiple);
}

/**
 * What the network changes of all of it, from top to bottom.
 *
 * Memory beside the source's: one row of tiles in float32, and what the network takes.
 */
export async function* walk(
  source: Source,
  network: Network,
  card: Card,
  budget: number,
  progress: (step: Step) => void,
): AsyncGenerator<Change> {
  const { height, width } = source;
  const rows = plan(height, width, card, budget);
  const tallest = Math.max(...rows.map((row) => heightOf(row.extent)));
  const change = new Float32Array(3 * tallest * width);
  let carried: Float32Array = new Float32Array(0); // what this row of tiles already gave to the next
  for (const { extent, finished, tiles } of rows) {
    change.fill(0);
    scatter(carried, change, tallest * width);
    for (const tile of tiles) {
      const tileHeight = up(heightOf(tile.around), card.sizeMultiple);
      const tileWidth = up(widthOf(tile.around), card.sizeMultiple);
      const planes = source.read(tile.around, tileHeight, tileWidth);
      const began = performance.now();
      const layer = await network(planes, tileHeight, tileWidth);
      const seconds = (performance.now() - began) / 1000;
      blend(layer, tileHeight, tileWidth, tile, change, extent.top, tallest, width);
      progress({ pixels: tileHeight * tileWidth, seconds });
    }
    const ready = finished - extent.top;
    yield { top: extent.top, rows: ready, change };
    carried = gather(change, ready * width, heightOf(extent) * width, tallest * width);
  }
}

/** Adds a tile's layer, weighed, to the band that begins at row `top`. */
function blend(
  layer: Float32Array,
  layerHeight: number,
  layerWidth: number,
  tile: Tile,
  band: Float32Array,
  top: number,
  bandHeight: number,
  bandWidth: number,
): void {
  const { box, around, down, across } = tile;
  for (let plane = 0; plane < 3; plane++) {
    for (let row = box.top; row < box.bottom; row++) {
      const from = (plane * layerHeight + row - around.top) * layerWidth + box.left - around.left;
      const to = (plane * bandHeight + row - top) * bandWidth + box.left;
      const weight = down[row - box.top];
      for (let i = 0; i < across.length; i++) band[to + i] += layer[from + i] * weight * across[i];
    }
  }
}

/** The values [start, end) of each of the three planes of `size` values. */
function gather(planes: Float32Array, start: number, end: number, size: number): Float32Array {
  const parts = new Float32Array(3 * (end - start));
  for (let plane = 0; plane < 3; plane++) {
    const part = planes.subarray(plane * size + start, plane * size + end);
    parts.set(part, plane * (end - start));
  }
  return parts;
}

/** The opposite: puts three parts at the beginnings of three planes of `size` values. */
function scatter(parts: Float32Array, planes: Float32Array, size: number): void {
  const length = parts.length / 3;
  for (let plane = 0; plane < 3; plane++) {
    planes.set(parts.subarray(plane * length, (plane + 1) * length), plane * size);
  }
}

function pairs(borders: readonly number[]): [number, number][] {
  return borders.slice(1).map((border, index) => [borders[index], border]);
}
