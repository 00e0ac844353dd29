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

/** Something that a network looks at, tile by tile. */
export interface Source {
  readonly width: number;
  readonly height: number;
  /**
   * A box of it as (3, height, width) in [0, 1], reflected at the bottom and the right up to that
   * size; any box from 1x1 up.
   */
  read(box: Box, height: number, width: number): Planes;
}

export function picturesSource({ pixels, width, height }: Picture): Source {
  return source(width, height, (at, plane) => pixels[4 * at + plane] / 255);
}

/** @param planes - (3, height, width) in [0, 1]. */
export function planesSource(planes: Planes, width: number, height: number): Source {
  return source(width, height, (at, plane) => planes[plane * width * height + at]);
}

/** @param value - Of a plane at this index of it, row by row. */
function source(
  width: number,
  height: number,
  value: (at: number, plane: number) => number,
): Source {
  const read = (box: Box, rows: number, columns: number): Planes => {
    const planes = new Float32Array(3 * rows * columns);
    const across = reflected(widthOf(box), columns).map((column) => box.left + column);
    const down = reflected(heightOf(box), rows).map((row) => (box.top + row) * width);
    let to = 0;
    for (let plane = 0; plane < 3; plane++) {
      for (const line of down) {
        for (const column of across) planes[to++] = value(line + column, plane);
      }
    }
    return planes;
  };
  return { width, height, read };
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
