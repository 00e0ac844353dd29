/** From pixels to what the network takes, and back. */

import { heightOf, widthOf, type Box } from "./tiles";

/** (3, height, width), one plane after the other. */
export type Planes = Float32Array<ArrayBuffer>;

/** RGBA pixels; `grey` where the file has one channel, which stays grey. */
export interface Picture {
  readonly pixels: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly grey: boolean;
}

/**
 * A box of a picture as (3, height, width) in [0, 1], reflected at the bottom and the right up to
 * that size; any box from 1x1 up.
 */
export function readPlanes(picture: Picture, box: Box, height: number, width: number): Planes {
  const planes = new Float32Array(3 * height * width);
  const size = height * width;
  const columns = reflected(widthOf(box), width).map((column) => box.left + column);
  reflected(heightOf(box), height).forEach((row, y) => {
    const line = (box.top + row) * picture.width;
    columns.forEach((column, x) => {
      const from = (line + column) * 4;
      const to = y * width + x;
      planes[to] = picture.pixels[from] / 255;
      planes[to + size] = picture.pixels[from + 1] / 255;
      planes[to + 2 * size] = picture.pixels[from + 2] / 255;
    });
  });
  return planes;
}

/** Indices 0, 1, ... size - 1, size - 2, ... : as NumPy pads with mode "reflect". */
function reflected(size: number, length: number): number[] {
  const period = Math.max(1, 2 * (size - 1));
  return Array.from({ length }, (_, i) => {
    const at = i % period;
    return at < size ? at : period - at;
  });
}

/**
 * Rows of O - R + D, clipped and rounded; alpha as it was.
 *
 * @param change - D - R of the rows from `top` on, three planes as long as a third of it.
 */
export function restoreRows(
  picture: Picture,
  top: number,
  rows: number,
  change: Float32Array,
): Uint8ClampedArray<ArrayBuffer> {
  const { pixels, width, grey } = picture;
  const start = top * width * 4;
  // Writing to a clamped array rounds to the nearest, halves to even, as NumPy's rint does.
  const clean = new Uint8ClampedArray(pixels.subarray(start, start + rows * width * 4));
  const size = change.length / 3;
  for (let i = 0; i < rows * width; i++) {
    let red = change[i];
    let green = change[i + size];
    let blue = change[i + 2 * size];
    if (grey) red = green = blue = (red + green + blue) / 3;
    clean[4 * i] += red * 255;
    clean[4 * i + 1] += green * 255;
    clean[4 * i + 2] += blue * 255;
  }
  return clean;
}
